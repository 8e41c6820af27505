"""What became of an attempt, written by its token: an answer, or the finding that there will be none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlmodel import Session

from service.domain import delivery
from service.domain.enrolment import LOOK_AGAIN, ON_ITS_WAY
from service.domain.lead import Suppression, SuppressionReason
from service.domain.retries import backoff
from service.flows import alerts, privacy, rates, refusals
from service.flows.services import Services
from service.mail.transport import Outcome, SendResult
from service.store import attempts, consents, enrolments, leads, outbox, suppressions
from service.store.db import locks_rows
from service.store.tables import Attempt, Lead, Message

_ABOUT_ONE_MAIL = frozenset({"mail", "rcpt", "data", "body", "dot", "request", "answer", "sender", "sign"})
_FAULTS_OF_ONE = 2  # times that a mail may meet a fault of ours and still be tried at once
MOST_REPEATS = 2  # of an advice whose fate is unknown; with the first, three in all
_CANCELLED = {
    SuppressionReason.HARD_BOUNCE: "het adres bestaat niet",
    SuppressionReason.COMPLAINT: "klacht over mail van ons",
}
log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the transport said to one hand-over, whose attempt has this token."""

    token: str
    result: SendResult


def settle(
    session: Session, services: Services, token: str, result: SendResult, now: datetime, real_now: datetime
) -> bool:
    """As `settle_all`, of one."""
    return settle_all(session, services, [Answer(token=token, result=result)], now, real_now)[0]


def settle_all(
    session: Session, services: Services, answers: Sequence[Answer], now: datetime, real_now: datetime
) -> list[bool]:
    """Record what the transport said. Late answers count: they turn their own attempt's `unknown` into the truth.

    What an event told before the answer came stays: it knows more, and the answer adds the provider's id to it.
    Returns for each whether a fault of ours is behind it, so that no other mail would fare better.
    """
    if locks_rows(session):
        tokens = [each.token for each in answers]
        whose = attempts.leads_of(session, tokens)
        # The leads before the messages, all of these before what is known of domains, and that before any alert's lock:
        # the order everybody locks in.
        leads.lock(session, whose.keys(), [services.hmac(address) for address in whose.values()])
        attempts.hold_messages(session, tokens)
    yes = [each for each in answers if each.result.outcome is Outcome.ACCEPTED]
    taken = _take(session, services, yes, now, real_now)
    others = [each for each in answers if each.token not in taken]
    ours = _settle_others(session, services, others, now, real_now) if others else {}
    return [ours.get(each.token, False) for each in answers]


def _take(
    session: Session, services: Services, answers: Sequence[Answer], now: datetime, real_now: datetime
) -> frozenset[str]:
    """What nearly all come to, for all at once: taken, and nothing else was known of them. Returns their tokens."""
    results = {each.token: each.result for each in answers}
    found = attempts.in_flight(session, list(results))
    if not found:
        return frozenset()
    # Before any alert's lock, as everybody else takes them.
    refusals.taken(session, services, [(each.recipient, each.channel) for each in found], now)
    attempts.accept(
        session,
        [{"its_id": each.id, "closed_at": real_now, **_told_by(results[each.token])} for each in found],
        [each.message_id for each in found],
        now,
    )
    enrolments.look_again(session, [each.enrolment_id for each in found if each.enrolment_id], now, LOOK_AGAIN)
    for each in found:
        _log(each.message_id, each.number, each.channel, results[each.token])
    return frozenset(each.token for each in found)


def _settle_others(
    session: Session, services: Services, answers: Sequence[Answer], now: datetime, real_now: datetime
) -> dict[str, bool]:
    found = attempts.by_tokens(session, [each.token for each in answers])
    open_ones = [each for each in answers if each.token in found and _is_open(found[each.token][0])]
    taken = [found[each.token] for each in open_ones if each.result.outcome is Outcome.ACCEPTED]
    refusals.taken(
        session, services, [(message.recipient, attempts.channel_of(attempt)) for attempt, message in taken], now
    )
    arrived = attempts.accepted_among(session, [found[each.token][1].id for each in open_ones])
    ours = {each.token: is_our_fault(each.result) for each in answers}  # also of who was erased, or settled before
    for each in open_ones:
        attempt, message = found[each.token]
        ours[each.token] = _settle_one(session, services, attempt, message, each.result, arrived, now, real_now)
        if attempt.outcome == "accepted":
            arrived.add(message.id)
    _have_runs_looked_at(session, [found[each.token][1] for each in open_ones], now)
    return ours


def _is_open(attempt: Attempt) -> bool:
    return attempt.outcome in {None, "unknown"} or _was_told(attempt)


def _was_told(attempt: Attempt) -> bool:
    return attempt.outcome == "accepted" and attempt.stage == attempts.TOLD


def _settle_one(
    session: Session,
    services: Services,
    attempt: Attempt,
    message: Message,
    result: SendResult,
    arrived: Collection[int],
    now: datetime,
    real_now: datetime,
) -> bool:
    late, told, ours = attempt.outcome == "unknown", _was_told(attempt), is_our_fault(result)
    for name, value in _told_by(result).items():
        setattr(attempt, name, value)
    attempt.outcome = result.outcome if _is_no(result) or not told else Outcome.ACCEPTED
    attempt.closed_at = real_now
    if late:
        _apply_late(session, services, message, attempt, result, now)
    elif told:
        _apply_told(session, services, message, attempt, result, now)
    elif message.id in arrived:  # a late answer to the try before this one told so
        end(session, services, message, "accepted", None, now)
    elif ours:
        _give_back(session, services, message, attempt, result, now)
    elif result.outcome is Outcome.RETRY and result.scope == "domain":
        ours = _turned_away(session, services, message, attempt, result, now)
    else:
        _apply(session, services, message, attempt, result, now)
    _log(message.id, attempt.number, attempts.channel_of(attempt), result)
    return ours


def _told_by(result: SendResult) -> dict[str, Any]:
    """The columns of an attempt that an answer fills."""
    return {
        "outcome": result.outcome.value,
        "stage": result.stage,
        "code": result.code,
        "enhanced": result.enhanced,
        "detail": result.text or None,
        "provider_id": result.provider_id,
    }


def _log(message: int, attempt: int, channel: str, result: SendResult) -> None:
    log.info(
        "attempt settled",
        message=message,
        attempt=attempt,
        channel=channel,
        outcome=result.outcome,
        stage=result.stage,
    )


def reap(session: Session, now: datetime, real_now: datetime) -> int:
    """Give back leases that ran out; a hand-over whose worker is gone becomes `unknown`. Returns how many."""
    count = outbox.give_back_expired(session, real_now)
    for message, attempt in outbox.lost_hand_overs(session, real_now):
        attempt.outcome, attempt.closed_at = "unknown", real_now
        _unknown(session, message, now)
        count += 1
    return count


def _apply(
    session: Session, services: Services, message: Message, attempt: Attempt, result: SendResult, now: datetime
) -> None:
    match result.outcome:
        case Outcome.ACCEPTED:
            end(session, services, message, "accepted", None, now)
        case Outcome.UNKNOWN:
            _unknown(session, message, now)
        case Outcome.RETRY:
            _retry(session, services, message, attempt, result, now)
        case Outcome.INVALID | Outcome.SUPPRESSED:
            end(session, services, message, "failed", result.text or result.stage, now)
            if result.hard:
                _hard_bounce(session, services, message, now)


def _apply_told(
    session: Session, services: Services, message: Message, attempt: Attempt, result: SendResult, now: datetime
) -> None:
    """An event came before this answer. All it can still change is that a mail was taken: a no for good is nearer."""
    if _is_no(result) and message.state == "accepted":
        _apply(session, services, message, attempt, result, now)


def _have_runs_looked_at(session: Session, messages: Iterable[Message], now: datetime) -> None:
    over = [each for each in messages if each.kind == "follow_up" and each.state not in ON_ITS_WAY]
    enrolments.look_again(session, [each.enrolment_id for each in over if each.enrolment_id], now, LOOK_AGAIN)


def _is_no(result: SendResult) -> bool:
    return result.outcome in {Outcome.INVALID, Outcome.SUPPRESSED}


def _apply_late(
    session: Session, services: Services, message: Message, attempt: Attempt, result: SendResult, now: datetime
) -> None:
    """The message went on as one of unknown fate; only a yes, or a no for good, changes what becomes of it."""
    if result.outcome is Outcome.ACCEPTED and message.state in {"unknown", "due", "leased"}:
        end(session, services, message, "accepted", None, now)
    elif result.outcome is Outcome.INVALID and message.state == "unknown":
        _apply(session, services, message, attempt, result, now)
    alerts.review(session, now)


def is_our_fault(result: SendResult) -> bool:
    """Login, TLS, network, or the server turning all of us away: nothing was handed over, no lead is to blame."""
    return result.outcome is Outcome.DOWN or (result.outcome is Outcome.RETRY and result.scope == "channel")


def is_channels(result: SendResult) -> bool:
    """Would the next mail fare no better? So a fault of ours, and an unknown fate that is about the way out itself."""
    return is_our_fault(result) or (result.outcome is Outcome.UNKNOWN and result.scope == "channel")


def _turned_away(
    session: Session, services: Services, message: Message, attempt: Attempt, result: SendResult, now: datetime
) -> bool:
    until = refusals.turned_away(session, services, message, attempts.channel_of(attempt), result, now)
    if until is None:
        _give_back(session, services, message, attempt, result, now)
        return True
    _retry(session, services, message, attempt, result, now, not_before=until)
    return False


def _give_back(
    session: Session, services: Services, message: Message, attempt: Attempt, result: SendResult, now: datetime
) -> None:
    """Nobody is bounced and no attempt is burnt; the sender rests, and tells.

    A mail that was refused goes behind the others that wait: should it be this mail alone that meets the fault, the
    next one that tries is another. One that met it time and again waits a while, or no rest would ever end for long.
    """
    message.attempts -= 1
    attempt.number = 0
    if message.attempts == 0:
        message.first_handed_at = None
    again = None
    if result.stage in _ABOUT_ONE_MAIL:
        session.flush()
        often = attempts.count_given_back(session, message.id) > _FAULTS_OF_ONE
        again = now + services.retries.first if often else now
    outbox.release(message, "due", "wacht op de verbinding", due_at=again)


def end(session: Session, services: Services, message: Message, state: str, reason: str | None, now: datetime) -> None:
    """This is what became of the message; how long its lead is kept may hang on it."""
    outbox.release(message, state, reason)
    message.settled_at = message.settled_at or now
    if message.kind == "advice" and message.lead_id is not None:
        privacy.reckon_erasing(session, services, session.get_one(Lead, message.lead_id), now)


def _retry(
    session: Session,
    services: Services,
    message: Message,
    attempt: Attempt,
    result: SendResult,
    now: datetime,
    *,
    not_before: datetime | None = None,
) -> None:
    first = message.first_handed_at or now
    again = backoff(attempt.number, first_tried_at=first, now=now, retries=services.retries)
    if again is not None and not_before is not None:
        again = max(again, not_before)
    if again is None:
        end(session, services, message, "failed", delivery.GIVEN_UP, now)
    else:
        outbox.release(message, "due", f"later opnieuw ({result.code or result.stage})", due_at=again)


def _unknown(session: Session, message: Message, now: datetime) -> None:
    """Nobody knows whether it arrived. The advice goes again at once, twice at most; a follow-up never by itself."""
    session.flush()
    if attempts.accepted_among(session, [message.id]):  # a late answer to the try before this one told so
        outbox.release(message, "accepted", None)
        message.settled_at = now
        return
    if message.kind == "advice" and attempts.count_unknown(session, message.id) <= MOST_REPEATS:
        outbox.release(message, "due", "onbekend of het aankwam; opnieuw", due_at=now)
        message.hold = None  # by itself: what staff said was about the try before this one
        return
    list_as_unknown(session, message, now)


def list_as_unknown(session: Session, message: Message, now: datetime) -> None:
    """Nothing is repeated by itself any more: staff look, and decide."""
    outbox.release(message, "unknown", "onbekend of het aankwam")
    alerts.tell_unknown(session, now)


def _hard_bounce(session: Session, services: Services, message: Message, now: datetime) -> None:
    """The mailbox does not exist: nothing more for a while, and the sequences end.

    A mail to the practice about a lead says nothing about hers.
    """
    rule = Suppression.following(SuppressionReason.HARD_BOUNCE, now=now)
    suppressions.add(session, services.hmac(message.recipient), rule, now)
    if message.lead_id is not None and session.get_one(Lead, message.lead_id).address == message.recipient:
        end_runs_of(session, services, message.lead_id, now, message=message.id)
    rates.refused(session, services, message, now)


def end_runs_of(
    session: Session,
    services: Services,
    lead_id: int,
    now: datetime,
    *,
    why: SuppressionReason = SuppressionReason.HARD_BOUNCE,
    **about: int | str,
) -> None:
    """Nothing more can, or may, reach this lead, whom the caller holds. `about` is told on her page."""
    outbox.cancel_follow_ups(session, lead_id, _CANCELLED[why], now)
    consents.withdraw_follow_up(session, lead_id, why.value, now)
    for row in enrolments.of_lead(session, lead_id):
        if row.state in enrolments.OPEN:
            row.state, row.ended_at, row.end_reason, row.next_at = "stopped", now, why.value, None
    leads.note(session, lead_id, why.value, now, **about)
    privacy.reckon_erasing(session, services, session.get_one(Lead, lead_id), now)
