"""Opt-ins to advice: who is taken, and what becomes of it. Several in one transaction; each whole, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlmodel import Session

from service.domain import screening
from service.domain.lead import Kind, Suppression, may_receive
from service.errors import InvalidInputError, NurtureError
from service.flows import clients, opt_in_caps, opt_in_check, proof_of_work, signup_rows
from service.flows.arrivals import Arrival
from service.flows.opt_in_caps import ALL, NETWORK, Caps
from service.flows.opt_in_check import OptInRequest
from service.flows.services import Services
from service.store import leads, suppressions
from service.store.db import take_locks


def register(session: Session, services: Services, request: OptInRequest, now: datetime) -> None:
    """As `register_all`, of one; raises why it is refused."""
    (error,) = register_all(session, services, [request], now)
    if error is not None:
        raise error


def register_all(
    session: Session, services: Services, requests: Sequence[OptInRequest], now: datetime
) -> list[NurtureError | None]:
    """Write lead, opt-in, consents, enrolment and the advice (due at once) of each, in the caller's transaction.

    Returns for each why it is refused, or None: InvalidInputError with every field that cannot be taken, TooManyError
    where the client's network is at its cap. Nothing is written of those. Says nothing of what it found: new, known,
    suppressed and capped addresses all look the same from outside. Whatever is raised is no fault of any one of
    them, and the caller rolls back. Locks, in this order: proofs of work, addresses, leads and suppressions, the caps,
    alerts.
    """
    refused: dict[int, NurtureError] = {}
    waiting: dict[int, Arrival] = {}
    live_ids = services.published.live_ids(session)
    for place, request in enumerate(requests):
        try:
            checked = opt_in_check.check(session, services, request, live_ids)
        except InvalidInputError as error:
            refused[place] = error
        else:
            waiting[place] = Arrival(checked=checked, hmac=services.hmac(checked.address))
    _spend_proofs(session, waiting.values())
    while waiting:
        firsts: dict[str, int] = {}  # of an address that asks twice the second one knows what became of the first
        for place, each in waiting.items():
            firsts.setdefault(each.hmac, place)
        now_in = {place: waiting.pop(place) for place in firsts.values()}
        _take(session, services, list(now_in.values()), now)
        refused |= {place: each.error for place, each in now_in.items() if each.error}
    return [refused.get(place) for place in range(len(requests))]


def _spend_proofs(session: Session, arrivals: Iterable[Arrival]) -> None:
    """In everybody's order, and before any lock: it waits for whoever is spending the same one."""
    proofs = [(each.request.proof, each) for each in arrivals if each.request.proof]
    for proof, each in sorted(proofs, key=lambda pair: pair[0].challenge):
        each.is_spent = not proof_of_work.spend(session, proof)


def _take(session: Session, services: Services, arrivals: Sequence[Arrival], now: datetime) -> None:
    """Judge these, of different addresses, and write those that are taken."""
    # Opt-ins of one address come one after the other. This lock is theirs alone and taken before all others.
    take_locks(session, [f"opt-in:{each.hmac}" for each in arrivals])
    ids = leads.ids_by_address(session, [each.address for each in arrivals])
    held = leads.lock(session, ids.values(), [each.hmac for each in arrivals])
    for each in arrivals:
        each.known = held.get(ids.get(each.address, 0))  # one may have been erased while we waited
        if each.is_spent and not _came_before(session, each) and not _is_given_back(session, each):
            each.error = opt_in_check.refused([opt_in_check.PROOF_REFUSED])
    new = [each for each in arrivals if each.error is None and not _came_before(session, each)]
    if not new:
        return
    opt_in_caps.take_turn(session)
    caps = Caps(session, services, [(each.address, each.network) for each in new], now)
    rules = suppressions.of(session, [each.hmac for each in new])
    for each in new:
        _judge(session, services, each, caps, rules.get(each.hmac, []), now)
    taken = [each for each in new if each.error is None]
    clients.note(session, [each.request.client for each in taken if each.request.client], now)
    signup_rows.write(session, services, taken, now)
    caps.write()


def _is_given_back(session: Session, arrival: Arrival) -> bool:
    """Was its proof of work spent on one of this very group that was refused?"""
    return arrival.request.proof is not None and proof_of_work.spend(session, arrival.request.proof)


def _came_before(session: Session, arrival: Arrival) -> bool:
    """Is it one that we took before, and that is sent again?"""
    key = arrival.request.idempotency_key
    return bool(arrival.known and key and leads.opt_in_with_key(session, arrival.known.id, key))


def _judge(
    session: Session,
    services: Services,
    arrival: Arrival,
    caps: Caps,
    rules: Sequence[Suppression],
    now: datetime,
) -> None:
    """Say whether it is taken, what becomes of it then, and what it counts for."""
    network, proof = arrival.network, arrival.request.proof
    full = caps.full(arrival.address, network)
    if network is not None and full[NETWORK]:
        arrival.error = caps.refused(network, full[NETWORK])
        if proof is not None:
            proof_of_work.give_back(session, proof)
        return
    hits = [] if network is None else [(NETWORK, network)]
    arrival.is_blocked = any(rule.blocks(Kind.FOLLOW_UP, now=now) for rule in rules)
    if opt_in_caps.is_full(session, full, now):
        arrival.disposition = "capped"
    elif may_receive(Kind.ADVICE, suppressions=rules, has_follow_up_consent=False, now=now):
        arrival.disposition = "suppressed"
    else:
        request = arrival.request
        arrival.held = screening.held(
            trapped=request.trapped,
            age=arrival.checked.age,
            proof_wanted=services.proof_of_work,
            proven=proof is not None,
            signed=request.signed,
            crowded=bool(full[ALL]),
        )
        arrival.disposition = "held" if arrival.held else "accepted"
        hits += opt_in_caps.of_advice(services, arrival.address, held=arrival.held is not None)
    caps.take(hits)
