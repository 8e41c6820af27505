"""What became of an attempt, written by its token: an answer, or the finding that there will be none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import structlog
from sqlmodel import Session

from service.domain.enrolment import LOOK_AGAIN, ON_ITS_WAY
from service.domain.lead import Kind
from service.flows import alerts, outcomes, refusals
from service.flows.services import Services
from service.mail.transport import Outcome, SendResult
from service.store import attempts, domain_pauses, enrolments, leads, outbox
from service.store.db import locks_rows
from service.store.leaving import Opening
from service.store.tables import Attempt, Message

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the transport said to one hand-over."""

    opening: Opening
    result: SendResult

    @property
    def token(self) -> str:
        """That of its attempt."""
        return self.opening.token


class Settled(NamedTuple):
    """Of each answer: is a fault of ours behind it, so that no other mail would fare better?

    `plain`: each mail was taken, and there was nothing else to do; no locks are held but those of leads and messages.
    """

    ours: list[bool]
    plain: bool


def settle_all(
    session: Session, services: Services, answers: Sequence[Answer], now: datetime, real_now: datetime
) -> Settled:
    """Record what the transport said, each by its attempt's token.

    Late answers count: they turn their own attempt's `unknown` into the truth.
    What an event told before the answer came stays: it knows more, and the answer adds the provider's id to it.
    """
    if locks_rows(session):
        tokens = [each.token for each in answers]
        whose = attempts.leads_of(session, tokens)
        # The leads before the messages, all of these before what is known of domains, and that before any alert's lock:
        # the order everybody locks in.
        leads.hold(session, whose.keys(), [services.hmac(address) for address in whose.values()])
        attempts.hold_messages(session, tokens)
    taken, mended = _take(session, services, answers, now, real_now)
    others = [each for each in answers if each.token not in taken]
    ours = _settle_others(session, services, others, now, real_now) if others else {}
    return Settled(ours=[ours.get(each.token, False) for each in answers], plain=not (others or mended))


def _take(
    session: Session, services: Services, answers: Sequence[Answer], now: datetime, real_now: datetime
) -> tuple[frozenset[str], bool]:
    """What nearly all come to, for all at once: taken, and nothing else was known of them.

    Returns their tokens, and whether something was held against their domains or ways, which is over now.
    """
    tries = Counter(each.opening.message.id for each in answers)
    yes = {
        each.token: each
        for each in answers
        # How long a lead is kept may hang on her advice, and of two tries of one mail each has its own truth.
        if each.result.outcome is Outcome.ACCEPTED
        and each.opening.message.kind != Kind.ADVICE
        and tries[each.opening.message.id] == 1
    }
    accepted = attempts.accept(session, list(yes), now) if yes else set()
    found = [each for each in yes.values() if each.opening.message.id in accepted]
    if not found:
        return frozenset(), False
    openings = [each.opening for each in found]
    # Before any alert's lock, as everybody else takes them.
    mended = refusals.taken(session, services, [(each.message.recipient, each.channel) for each in openings], now)
    rows = [{"its_token": each.token, "closed_at": real_now, **_told_by(each.result)} for each in found]
    attempts.answered(session, rows)
    runs = [each.message.enrolment_id for each in openings if each.message.enrolment_id]
    enrolments.look_again(session, runs, now, LOOK_AGAIN)
    log.info(  # in one line: a line each took a twentieth of all sending
        "attempts settled",
        outcome=Outcome.ACCEPTED,
        messages=[each.message.id for each in openings],
        channels=sorted({each.channel for each in openings}),
    )
    return frozenset(each.token for each in found), mended


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
    if any(_is_of_a_domain(each.result) for each in open_ones):
        domain_pauses.hold(session)  # before the alert that another answer among these may raise
    # Also of who was erased, or settled before.
    ours = {each.token: outcomes.is_our_fault(each.result) for each in answers}
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
    late, told, ours = attempt.outcome == "unknown", _was_told(attempt), outcomes.is_our_fault(result)
    for name, value in _told_by(result).items():
        setattr(attempt, name, value)
    attempt.outcome = result.outcome if _is_no(result) or not told else Outcome.ACCEPTED
    attempt.closed_at = real_now
    if late:
        _apply_late(session, services, message, attempt, result, now)
    elif told:
        _apply_told(session, services, message, attempt, result, now)
    elif message.id in arrived:  # a late answer to the try before this one told so
        outcomes.end(session, services, message, "accepted", None, now)
    elif ours:
        outcomes.give_back(session, services, message, attempt, result, now)
    elif _is_of_a_domain(result):
        ours = outcomes.turned_away(session, services, message, attempt, result, now)
    else:
        outcomes.apply(session, services, message, attempt, result, now)
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


def reap(session: Session, now: datetime, real_now: datetime, leases: Collection[str] | None = None) -> int:
    """Give back leases that ran out; a hand-over whose worker is gone becomes `unknown`. Returns how many.

    Of these leases, or of all.
    """
    count = outbox.give_back_expired(session, real_now)
    for message, attempt in outbox.lost_hand_overs(session, real_now, leases):
        attempt.outcome, attempt.closed_at = "unknown", real_now
        outcomes.unknown(session, message, now)
        count += 1
    return count


def _apply_told(
    session: Session, services: Services, message: Message, attempt: Attempt, result: SendResult, now: datetime
) -> None:
    """An event came before this answer. All it can still change is that a mail was taken: a no for good is nearer."""
    if _is_no(result) and message.state == "accepted":
        outcomes.apply(session, services, message, attempt, result, now)


def _have_runs_looked_at(session: Session, messages: Iterable[Message], now: datetime) -> None:
    over = [each for each in messages if each.kind == "follow_up" and each.state not in ON_ITS_WAY]
    enrolments.look_again(session, [each.enrolment_id for each in over if each.enrolment_id], now, LOOK_AGAIN)


def _is_of_a_domain(result: SendResult) -> bool:
    return result.outcome is Outcome.RETRY and result.scope == "domain"


def _is_no(result: SendResult) -> bool:
    return result.outcome in {Outcome.INVALID, Outcome.SUPPRESSED}


def _apply_late(
    session: Session, services: Services, message: Message, attempt: Attempt, result: SendResult, now: datetime
) -> None:
    """The message went on as one of unknown fate; only a yes, or a no for good, changes what becomes of it."""
    if result.outcome is Outcome.ACCEPTED and message.state in {"unknown", "due", "leased"}:
        outcomes.end(session, services, message, "accepted", None, now)
    elif result.outcome is Outcome.INVALID and message.state == "unknown":
        outcomes.apply(session, services, message, attempt, result, now)
    alerts.review(session, now)
