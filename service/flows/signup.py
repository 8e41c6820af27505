"""Opt-in to advice: one transaction that writes everything or nothing."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from service.domain import screening
from service.domain.forms import ConsentText
from service.domain.lead import Kind, may_receive
from service.domain.screening import Held, is_throw_away
from service.domain.timing import NeverOpensError, add_wait
from service.flows import alerts, clients, opt_in_caps, opt_in_check, planning, privacy, proof_of_work
from service.flows.messages import add_advice
from service.flows.opt_in_check import Checked, OptInRequest
from service.flows.services import Services
from service.mail.links import new_public_id
from service.store import consents, enrolments, leads, new_rows, suppressions
from service.store.db import notify_sender, take_locks
from service.store.tables import Consent, Enrolment, Lead, OptIn


def register(session: Session, services: Services, request: OptInRequest, now: datetime) -> None:
    """Write lead, opt-in, consent, enrolment and the advice (due at once) in the caller's transaction.

    Says nothing of what it found: new, known, suppressed and capped addresses all look the same from outside.
    Raises InvalidInputError with every field that cannot be taken, and TooManyError where the client's network is at
    its cap. Locks, in this order: the proof of work, the address, leads and suppressions, the caps, alerts.
    """
    checked = opt_in_check.check(session, services, request)
    hmac = services.hmac(checked.address)
    spent_before = request.proof is not None and not proof_of_work.spend(session, request.proof)
    # Opt-ins of one address come one after the other. This lock is theirs alone and taken before all others.
    take_locks(session, [f"opt-in:{hmac}"])
    known_id = leads.id_of(session, checked.address)
    held = leads.lock(session, [known_id] if known_id else [], [hmac])
    known = held.get(known_id) if known_id else None  # it may have been erased while we waited
    if known and request.idempotency_key and leads.opt_in_with_key(session, known.id, request.idempotency_key):
        return
    if spent_before:
        raise opt_in_check.refused([opt_in_check.PROOF_REFUSED])
    opt_in_caps.take_turn(session)
    network = request.client.network if request.client else None
    full = opt_in_caps.full(session, services, checked.address, network, now)
    if request.client is not None:
        opt_in_caps.check_network(session, request.client.network, full[opt_in_caps.NETWORK], now)
        clients.note(session, request.client, now)
    lead = known or _new_lead(session, services, checked, now)
    rules = suppressions.of(session, [hmac]).get(hmac, [])
    refused = may_receive(Kind.ADVICE, suppressions=rules, has_follow_up_consent=False, now=now)
    agreed = False
    hits = [] if network is None else [(opt_in_caps.NETWORK, network)]
    if opt_in_caps.is_full(session, full, now):
        _add_opt_in(session, lead, checked, "capped", now)
    elif refused:
        _add_opt_in(session, lead, checked, "suppressed", now)
    else:
        why = _held(services, checked, crowded=bool(full[opt_in_caps.ALL]))
        hits += opt_in_caps.of_advice(services, checked.address, held=why is not None)
        agreed = _welcome(
            session, services, lead, checked, is_new=known is None, held=why, blocked=bool(rules), now=now
        )
    opt_in_caps.count(session, hits, now)
    if known or agreed:
        privacy.reckon_erasing(session, services, lead, now)


def _welcome(
    session: Session,
    services: Services,
    lead: Lead,
    checked: Checked,
    *,
    is_new: bool,
    held: Held | None,
    blocked: bool,
    now: datetime,
) -> bool:
    """Write all that an accepted opt-in leads to. Returns whether the follow-ups may come without a button."""
    sequence = checked.live.sequence
    enrolment = None if is_new else _run_of(session, services, lead, checked, now)
    if enrolment is None:
        enrolment = _enrol(session, lead, checked, now)
    opt_in = _add_opt_in(session, lead, checked, "held" if held else "accepted", now, enrolment)
    # An address that once said no says yes again by the button alone, also where a ticked box would do.
    enough = sequence.confirmation == "single" and checked.request.consent_follow_up and not blocked and not held
    consent = _add_consents(session, checked, opt_in, follow_up_effective=enough, now=now)
    add_advice(
        session,
        services,
        lead=lead,
        opt_in=opt_in,
        enrolment=enrolment,
        consent=consent,
        template=sequence.advice.template_for(enrolment.split_id),
        revision_id=checked.live.revision_id,
        now=now,
        held=held.value if held else None,
        live=checked.live_ids,
    )
    leads.note(session, lead.id, "opt_in", now, topic=sequence.topic, follow_up=checked.request.consent_follow_up)
    if enough and enrolment.state == "awaiting_confirmation":
        planning.activate(session, services, enrolment, now)
    if is_throw_away(lead.address):
        leads.note(session, lead.id, "throw_away_address", now)
    if held:
        alerts.tell_opt_in_held(session, held, now)
    notify_sender(session)
    return enough


def _held(services: Services, checked: Checked, *, crowded: bool) -> Held | None:
    request = checked.request
    return screening.held(
        trapped=request.trapped,
        age=checked.age,
        proof_wanted=services.proof_of_work,
        proven=request.proof is not None,
        signed=request.signed,
        crowded=crowded,
    )


def _new_lead(session: Session, services: Services, checked: Checked, now: datetime) -> Lead:
    """Nobody we know: as long as she agreed to no follow-ups, when she is erased can be said at once."""
    return new_rows.add(
        session,
        Lead,
        public_id=new_public_id(),
        address=checked.address,
        first_name=checked.first_name,
        answers=checked.answers,
        created_at=now,
        erase_at=privacy.erased_at_latest(services, now),
    )


def _add_opt_in(
    session: Session,
    lead: Lead,
    checked: Checked,
    disposition: str,
    now: datetime,
    enrolment: Enrolment | None = None,
) -> OptIn:
    request = checked.request
    return new_rows.add(
        session,
        OptIn,
        public_id=new_public_id(),
        lead_id=lead.id,
        enrolment_id=enrolment.id if enrolment else None,
        topic=checked.live.sequence.topic,
        form=checked.form.name if checked.form else None,
        first_name=checked.first_name,
        answers=checked.answers,
        follow_up_ticked=request.consent_follow_up,
        consent_version=request.consent_version,
        source_url=request.source_url,
        disposition=disposition,
        idempotency_key=request.idempotency_key,
        created_at=now,
    )


def _add_consents(
    session: Session, checked: Checked, opt_in: OptIn, *, follow_up_effective: bool, now: datetime
) -> Consent:
    """The consents that were ticked. Returns the one the advice rests on."""
    texts = checked.wording.consent if checked.wording else None

    def give(purpose: str, text: ConsentText | None, effective: bool) -> Consent:
        return consents.give(
            session,
            opt_in,
            purpose=purpose,
            source="form",
            effective=effective,
            version=text.version if text else None,
            wording=text.text if text else None,
            forms_revision_id=checked.forms_revision_id,
            source_url=checked.request.source_url,
            given_at=now,
        )

    advice = give("advice", texts.advice if texts else None, True)
    if checked.request.consent_follow_up:
        give("follow_up", texts.follow_up if texts else None, follow_up_effective)
    return advice


def _run_of(session: Session, services: Services, lead: Lead, checked: Checked, now: datetime) -> Enrolment | None:
    """The run that the advice belongs to, of a lead we know; None where a new one begins."""
    return enrolments.open_for(session, lead.id, checked.live.sequence.topic) or _had_lately(
        session, services, lead, checked, now
    )


def _had_lately(session: Session, services: Services, lead: Lead, checked: Checked, now: datetime) -> Enrolment | None:
    """The run that gave this lead all these mails so short ago that they would only bore; the advice goes all the same.

    Not one that was stopped or ended in a booking: whoever comes back from there starts anew.
    """
    sequence = checked.live.sequence
    last = next(
        (row for row in reversed(enrolments.of_lead(session, lead.id)) if row.topic == sequence.topic),
        None,
    )
    if last is None or last.ended_at is None or last.end_reason != planning.ALL_STEPS_DONE:
        return None
    try:
        again = add_wait(last.ended_at, sequence.again_after, services.published.calendar(session))
    except NeverOpensError:  # not enough working days to come: that is staff's to mend, and keeps no advice back
        return last
    return last if now < again else None


def _enrol(session: Session, lead: Lead, checked: Checked, now: datetime) -> Enrolment:
    follow_ups = checked.live.sequence.follow_ups
    return new_rows.add(
        session,
        Enrolment,
        lead_id=lead.id,
        topic=checked.live.sequence.topic,
        sequence=checked.live.sequence.name,
        sequence_revision_id=checked.live.revision_id,
        state="awaiting_confirmation",
        split_id=lead.public_id,
        answers=checked.answers,
        anchor=now,
        next_step=follow_ups[0].key if follow_ups else None,
        created_at=now,
    )
