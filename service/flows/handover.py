"""The short transaction just before the I/O: who must not get the mail is let go, an attempt is opened for the rest.

It is serialised with every withdrawal (both lock the lead and the suppression hash first, then read again), so that
no hand-over begins after an unsubscribe was answered (ACCEPTANCE C4).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session

from service.domain import mail_reasons
from service.domain.calendar import Calendar
from service.domain.enrolment import State
from service.domain.lead import Kind, Suppression, may_receive
from service.domain.sequence import Window
from service.domain.timing import NeverOpensError, in_window, next_opening, respaced
from service.flows import alerts, backlog, building, outcomes, refusals
from service.flows.allowance import Allowance
from service.flows.backlog import Guard
from service.flows.letting_go import LetGo, let_go
from service.flows.services import Services
from service.mail.transport import OutboundMail
from service.store import attempts, consents, enrolments, leaving, message_rows, outbox, suppressions
from service.store import backlog as piled_up
from service.store.attempts import PRIMARY
from service.store.leaving import Leaving, Opening
from service.store.tables import Message

_WAITS_FOR_ITS_WAY = timedelta(hours=1)  # then staff decide: somebody is waiting for that advice
_LOOK_AGAIN = timedelta(seconds=15)
_WHY_STOPPED = {
    "unsubscribe": mail_reasons.UNSUBSCRIBED,
    "complaint": mail_reasons.COMPLAINT,
    "hard_bounce": mail_reasons.NO_SUCH_ADDRESS,
    "no_consent": mail_reasons.NO_CONSENT,
}


@dataclass(frozen=True, kw_only=True)
class Routes:
    """The ways out as one sender knows them: which it chose, which may be used just now, and for how long each
    recognises an idempotency key (None: it knows none)."""

    chosen: str = PRIMARY
    open: frozenset[str] = frozenset({PRIMARY})
    windows: Mapping[str, timedelta | None] = field(default_factory=lambda: {PRIMARY: None})


_ONE_WAY = Routes()


@dataclass(frozen=True, kw_only=True)
class _Facts:
    consented: set[int]  # enrolments that may have follow-ups
    suppressions: dict[str, list[Suppression]]
    handed: dict[int, dict[int, datetime]]  # lead -> follow-up -> when it left, the last two days
    calendar: Calendar
    domains: refusals.Watch
    guard: Guard
    hashes: dict[str, str]  # recipient -> what stands for it in the list of suppressions
    windows: dict[int, tuple[Window, bool]] = field(default_factory=dict)  # of each revision, and is it open now?


@dataclass(frozen=True, kw_only=True)
class Begun(Opening):
    """With the bytes to hand over."""

    mail: OutboundMail


def begin(
    session: Session,
    services: Services,
    messages: Sequence[Leaving],
    lease: str,
    now: datetime,
    real_now: datetime,
    *,
    routes: Routes = _ONE_WAY,
) -> list[Begun]:
    """Open an attempt for each due message that may go; the others end or wait, each with a reason.

    They, their leads and the hashes of their recipients are held by the caller, so that what is read here stays so;
    what the brake holds back is not among them. Each goes by the chosen route, but for the repeat of a try of unknown
    fate: that goes by the way of that try. Nothing may be handed over before the commit.
    """
    facts = _read(session, services, messages, now)
    # Every other lock is held by now; without limits there is nothing to lock and nothing to ask.
    allowance = Allowance(session, services, now, real_now) if services.send_limits.are_on else None
    drawn = secrets.token_hex(16)
    begun: list[Begun] = []
    for message in messages:
        mail = building.try_to(session, services, message, now)
        if mail is None:
            continue
        if stays := _stays(session, services, message, facts, now):
            let_go(session, services, message.id, stays, now)
            continue
        channel = _channel_for(session, message, routes, now, real_now)
        if channel is None:
            continue
        if allowance is not None and (stays := allowance.put_off(message)):
            let_go(session, services, message.id, stays, now)
            continue
        _respace(session, message, facts, now)
        if message.kind == Kind.FOLLOW_UP and message.lead_id is not None:
            facts.handed.setdefault(message.lead_id, {})[message.id] = now
        begun.append(Begun(message=message, token=f"{drawn}{message.id}", channel=channel, mail=mail))
    if begun:
        leaving.open_attempts(session, begun, lease, now, real_now)
    session.flush()
    return begun


def _channel_for(session: Session, mail: Leaving, routes: Routes, now: datetime, real_now: datetime) -> str | None:
    """The way this mail goes by. None: not now; its row then says what becomes of it and why.

    Where nobody knows the end of a try, only the side that may have taken it can recognise the repeat, and only as
    long as it remembers the key. For that way the mail waits, yet not for ever: staff may let it go by another.
    """
    last = attempts.unknown(session, mail.id) if mail.attempts else None
    if last is None:
        return routes.chosen
    if mail.hold == outbox.APPROVED:  # by staff, who may send again what nobody would recognise
        return last.channel if last.channel in routes.open else routes.chosen
    window = routes.windows.get(last.channel)
    is_open = last.channel in routes.open
    if not is_open:
        patience = _WAITS_FOR_ITS_WAY if last.channel in routes.windows else timedelta(0)  # else it is there no more
        window = min(patience, window if window is not None else patience)
    message = session.get_one(Message, mail.id, populate_existing=True)
    if window is not None and last.since < real_now - window:
        outcomes.list_as_unknown(session, message, now)
    elif is_open:
        return last.channel
    else:
        outbox.release(message, "due", mail_reasons.WAITS_FOR_ITS_WAY, due_at=now + _LOOK_AGAIN)
    return None


def _read(session: Session, services: Services, messages: Sequence[Leaving], now: datetime) -> _Facts:
    enrolment_ids = {message.enrolment_id for message in messages if message.enrolment_id is not None}
    lead_ids = {message.lead_id for message in messages if message.lead_id is not None}
    hashes = {message.recipient: services.hmac(message.recipient) for message in messages}
    return _Facts(
        consented=consents.enrolments_with_one(session, enrolment_ids),
        suppressions=suppressions.of(session, hashes.values()),
        handed=message_rows.follow_ups_handed_since(session, lead_ids, now - timedelta(days=2)),
        calendar=services.published.calendar(session),
        domains=refusals.Watch(session, services, messages, now),
        guard=backlog.watch(session, services, now),
        hashes=hashes,
    )


def _stays(session: Session, services: Services, mail: Leaving, facts: _Facts, now: datetime) -> LetGo | None:
    """What becomes of a mail that does not go now; None where nothing stands in its way."""
    kind = Kind(mail.kind)
    refused = may_receive(
        kind,
        suppressions=facts.suppressions.get(facts.hashes[mail.recipient], []),
        has_follow_up_consent=mail.enrolment_id in facts.consented,
        now=now,
    )
    if refused:
        return LetGo(state="cancelled", reason=_WHY_STOPPED.get(refused, refused))
    try:
        in_a_run = kind is Kind.FOLLOW_UP and mail.run_state is not None
        stays = _follow_up_stays(session, services, mail, facts, now) if in_a_run else None
        return stays or _is_put_off(mail, facts)
    except NeverOpensError as error:  # a calendar without a day left is staff's to mend; the other mails go on
        alerts.tell(session, "calendar-closed", dutch=error.dutch, english=error.english, now=now)
        return LetGo(state="due", reason=mail_reasons.PRACTICE_IS_CLOSED, due_at=now + timedelta(days=1))


def _is_put_off(mail: Leaving, facts: _Facts) -> LetGo | None:
    """The last look, for a mail that goes becomes the one that tries its domain."""
    put_off = facts.domains.put_off(mail)
    if put_off is None:
        return None
    return LetGo(
        state="failed" if put_off.until is None else "due", reason=mail_reasons.DOMAIN_REFUSES, due_at=put_off.until
    )


def _follow_up_stays(session: Session, services: Services, mail: Leaving, facts: _Facts, now: datetime) -> LetGo | None:
    window, is_open = _window(session, services, mail.revision_id, facts, now)
    if mail.run_state not in {State.ACTIVE, State.FINISHED} or mail.goal_at is not None:
        return LetGo(state="cancelled", reason=mail_reasons.BOOKED if mail.goal_at else mail_reasons.RUN_ENDED)
    if mail.paused_until is not None and now < mail.paused_until:
        opening = next_opening(mail.paused_until, window, facts.calendar)
        return LetGo(state="due", reason=mail_reasons.PAUSED, due_at=opening)
    if mail.not_after is not None and now > mail.not_after:
        return LetGo(state="skipped", reason=mail_reasons.TOO_LATE)
    if mail.hold is None and (held := facts.guard.hold(mail.sequence, mail.due_at)):
        return LetGo(state="held", hold=held[0], reason=held[1])
    return _waits_for_its_time(mail, window, facts, now, is_open=is_open)


def _waits_for_its_time(mail: Leaving, window: Window, facts: _Facts, now: datetime, *, is_open: bool) -> LetGo | None:
    if not is_open:
        opening = next_opening(now, window, facts.calendar)
        return LetGo(state="due", reason=mail_reasons.WINDOW_IS_SHUT, due_at=opening)
    if _had_one_today(mail, facts, now):
        today = frozenset({facts.calendar.local_day(now)})
        opening = next_opening(now, window, facts.calendar, not_on=today)
        return LetGo(state="due", reason=mail_reasons.ONE_A_DAY, due_at=opening)
    return None


def _window(
    session: Session, services: Services, revision_id: int, facts: _Facts, now: datetime
) -> tuple[Window, bool]:
    """Asked once for all mails of a sequence."""
    if revision_id not in facts.windows:
        window = services.published.sequence(session, revision_id).window
        facts.windows[revision_id] = window, in_window(now, window, facts.calendar)
    return facts.windows[revision_id]


def _respace(session: Session, message: Leaving, facts: _Facts, now: datetime) -> None:
    """A mail that leaves a day late by no fault of its recipient takes what comes after it along.

    Later steps that were planned since (it was held, they were not) count from their own time. So do those behind one
    that a restore held: moved, they would be taken for steps that nobody has sent yet.
    """
    if message.kind != Kind.FOLLOW_UP or message.enrolment_id is None or message.anchor is None or message.attempts:
        return
    if facts.guard.may_have_left(message.sequence, message.planned_at):
        return
    anchor = respaced(message.anchor, now, facts.calendar)
    if anchor != message.anchor and piled_up.is_newest(session, message):
        enrolments.respace(session, message.enrolment_id, anchor)


def _had_one_today(message: Leaving, facts: _Facts, now: datetime) -> bool:
    others = {key: at for key, at in facts.handed.get(message.lead_id or 0, {}).items() if key != message.id}
    return any(facts.calendar.local_day(at) == facts.calendar.local_day(now) for at in others.values())
