"""What becomes of a message once something is known of its hand-over: the end, another try, or a person's look."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from service.domain import mail_reasons
from service.domain.enrolment import State
from service.domain.lead import Suppression, SuppressionReason
from service.domain.retries import backoff
from service.flows import alerts, feedback_alerts, planning, privacy, rates, refusals
from service.flows.services import Services
from service.mail.transport import Outcome, SendResult
from service.store import attempts, consents, enrolments, leads, message_rows, outbox, suppressions
from service.store.tables import Attempt, Lead, Message

_ABOUT_ONE_MAIL = frozenset({"mail", "rcpt", "data", "body", "dot", "request", "answer", "sender", "sign"})
_FAULTS_OF_ONE = 2  # times that a mail may meet a fault of ours and still be tried at once
MOST_REPEATS = 2  # of an advice whose fate is unknown; with the first, three in all
_CANCELLED = {
    SuppressionReason.HARD_BOUNCE: mail_reasons.NO_SUCH_ADDRESS,
    SuppressionReason.COMPLAINT: mail_reasons.COMPLAINT,
}


def is_our_fault(result: SendResult) -> bool:
    """Login, TLS, network, or the server turning all of us away: nothing was handed over, no lead is to blame."""
    return result.outcome is Outcome.DOWN or (result.outcome is Outcome.RETRY and result.scope == "channel")


def is_channels(result: SendResult) -> bool:
    """Would the next mail fare no better? So a fault of ours, and an unknown fate that is about the way out itself."""
    return is_our_fault(result) or (result.outcome is Outcome.UNKNOWN and result.scope == "channel")


def apply(
    session: Session, services: Services, message: Message, attempt: Attempt, result: SendResult, now: datetime
) -> None:
    """By what the other side said of it, where that is no fault of ours."""
    match result.outcome:
        case Outcome.ACCEPTED:
            end(session, services, message, "accepted", None, now)
        case Outcome.UNKNOWN:
            unknown(session, message, now)
        case Outcome.RETRY:
            _retry(session, services, message, attempt, result, now)
        case Outcome.INVALID | Outcome.SUPPRESSED:
            end(session, services, message, "failed", result.text or result.stage, now)
            if result.hard:
                _hard_bounce(session, services, message, now)


def turned_away(
    session: Session, services: Services, message: Message, attempt: Attempt, result: SendResult, now: datetime
) -> bool:
    """A refusal by policy, of which the domain has a pause. Whether it is of us that several domains think so."""
    until = refusals.turned_away(session, services, message, attempts.channel_of(attempt), result, now)
    if until is None:
        give_back(session, services, message, attempt, result, now)
        return True
    _retry(session, services, message, attempt, result, now, not_before=until)
    return False


def give_back(
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
    outbox.release(message, "due", mail_reasons.WAITS_FOR_CONNECTION, due_at=again)


def end(session: Session, services: Services, message: Message, state: str, reason: str | None, now: datetime) -> None:
    """This is what became of the message; how long its lead is kept may hang on it."""
    at = now if state == "failed" else message_rows.over_at(message, now)
    outbox.release(message, state, reason)
    message.settled_at = message.settled_at or at
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
        end(session, services, message, "failed", mail_reasons.GIVEN_UP, now)
    else:
        outbox.release(message, "due", mail_reasons.later(result.code or result.stage), due_at=again)


def unknown(session: Session, message: Message, now: datetime) -> None:
    """Nobody knows whether it arrived. The advice goes again at once, twice at most; a follow-up never by itself."""
    session.flush()
    if attempts.accepted_among(session, [message.id]):  # a late answer to the try before this one told so
        outbox.release(message, "accepted", None)
        message.settled_at = now
        return
    if message.kind == "advice" and attempts.count_unknown(session, message.id) <= MOST_REPEATS:
        outbox.release(message, "due", mail_reasons.AGAIN_BY_ITSELF, due_at=now)
        message.hold = None  # by itself: what staff said was about the try before this one
        return
    list_as_unknown(session, message, now)


def list_as_unknown(session: Session, message: Message, now: datetime) -> None:
    """Nothing is repeated by itself any more: staff look, and decide."""
    outbox.release(message, "unknown", mail_reasons.UNKNOWN)
    alerts.tell_unknown(session, now)


def _hard_bounce(session: Session, services: Services, message: Message, now: datetime) -> None:
    """The mailbox does not exist: nothing more for a while, and the sequences end.

    A mail to the practice says nothing about the lead it is about; what is asked of the practice next goes there too.
    """
    lead = message_rows.reader(session, message)
    if lead is None:
        feedback_alerts.tell_staff_mail(session, now)
        return
    rule = Suppression.following(SuppressionReason.HARD_BOUNCE, now=now)
    suppressions.add(session, services.hmac(message.recipient), rule, now)
    end_runs_of(session, services, lead.id, now, message=message.id)
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
            planning.end(row, State.STOPPED, why.value, now)
    leads.note(session, lead_id, why.value, now, **about)
    privacy.reckon_erasing(session, services, session.get_one(Lead, lead_id), now)
