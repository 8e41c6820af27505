"""The short transaction just before the I/O: who must not get the mail is let go, an attempt is opened for the rest.

It is serialised with every withdrawal (both lock the lead and the suppression hash first, then read again), so that
no hand-over begins after an unsubscribe was answered (ACCEPTANCE C4).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session

from service.domain.calendar import Calendar
from service.domain.enrolment import LOOK_AGAIN, ON_ITS_WAY, State
from service.domain.lead import Kind, Suppression, may_receive
from service.domain.timing import NeverOpensError, in_window, next_opening, respaced
from service.flows import alerts, backlog, clock_check, refusals, settling
from service.flows.allowance import Allowance
from service.flows.backlog import Guard
from service.flows.services import Services
from service.store import attempts, consents, enrolments, high_water, leads, message_rows, outbox, suppressions
from service.store import backlog as piled_up
from service.store.attempts import PRIMARY
from service.store.db import locks_rows
from service.store.outbox import Opening
from service.store.tables import Enrolment, Message

_WAITS_FOR_ITS_WAY = timedelta(hours=1)  # then staff decide: somebody is waiting for that advice
_LOOK_AGAIN = timedelta(seconds=15)
_WHY_STOPPED = {
    "unsubscribe": "afgemeld",
    "complaint": "klacht over mail van ons",
    "hard_bounce": "het adres bestaat niet",
    "no_consent": "geen toestemming meer",
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
    enrolments: dict[int, Enrolment]
    consented: set[int]  # enrolments that may have follow-ups
    suppressions: dict[str, list[Suppression]]
    handed: dict[int, dict[int, datetime]]  # lead -> follow-up -> when it left, the last two days
    calendar: Calendar
    paused: outbox.Paused
    domains: refusals.Watch
    guard: Guard


def begin(
    session: Session,
    services: Services,
    ids: list[int],
    lease: str,
    now: datetime,
    real_now: datetime,
    *,
    routes: Routes = _ONE_WAY,
    dated: datetime | None = None,
) -> list[Opening]:
    """Open an attempt for each leased message that may still go; the others end or wait, each with a reason.

    Each goes by the chosen route, but for the repeat of a try of unknown fate: that goes by the way of that try.
    `dated` is the Date that the bytes were built with, a little before `now` where they waited for a place.
    A message whose lease ran out, or is somebody else's by now, is left alone. Nothing may be handed over before
    the commit.
    """
    if locks_rows(session):
        whose = outbox.whose(session, ids)
        leads.lock(session, [lead for lead, _ in whose if lead], [services.hmac(recipient) for _, recipient in whose])
    messages = outbox.hold(session, ids, lease, real_now)
    facts = _read(session, services, messages, now)
    # Every other lock is held by now; without limits there is nothing to lock and nothing to ask.
    allowance = Allowance(session, services, now, real_now) if services.send_limits.are_on else None
    begun = []
    for message in messages:
        if _let_go(session, services, message, facts, now):
            if message.enrolment_id is not None and message.state not in ON_ITS_WAY:
                enrolments.look_again(session, [message.enrolment_id], now, LOOK_AGAIN)
            continue
        channel = _channel_for(session, message, routes, now, real_now)
        if channel is None:
            continue
        if allowance is not None and not allowance.admits(message):
            continue
        _respace(session, message, facts, now)
        if message.kind == Kind.FOLLOW_UP and message.lead_id is not None:
            facts.handed.setdefault(message.lead_id, {})[message.id] = now
        begun.append(Opening(message=message, token=secrets.token_hex(16), channel=channel))
    outbox.open_attempts(session, begun, dated=dated or now, real_now=real_now)
    if begun:
        high_water.count_up(session, now)
    session.flush()
    return begun


def _channel_for(session: Session, message: Message, routes: Routes, now: datetime, real_now: datetime) -> str | None:
    """The way this mail goes by. None: not now; its row then says what becomes of it and why.

    Where nobody knows the end of a try, only the side that may have taken it can recognise the repeat, and only as
    long as it remembers the key. For that way the mail waits, yet not for ever: staff may let it go by another.
    """
    last = attempts.unknown(session, message.id) if message.attempts else None
    if last is None:
        return routes.chosen
    if message.hold == outbox.APPROVED:  # by staff, who may send again what nobody would recognise
        return last.channel if last.channel in routes.open else routes.chosen
    window = routes.windows.get(last.channel)
    is_open = last.channel in routes.open
    if not is_open:
        patience = _WAITS_FOR_ITS_WAY if last.channel in routes.windows else timedelta(0)  # else it is there no more
        window = min(patience, window if window is not None else patience)
    if window is not None and last.since < real_now - window:
        settling.list_as_unknown(session, message, now)
    elif is_open:
        return last.channel
    else:
        outbox.release(message, "due", "wacht op de weg waarlangs hij misschien al ging", due_at=now + _LOOK_AGAIN)
    return None


def _read(session: Session, services: Services, messages: list[Message], now: datetime) -> _Facts:
    enrolment_ids = {message.enrolment_id for message in messages if message.enrolment_id is not None}
    lead_ids = {message.lead_id for message in messages if message.lead_id is not None}
    return _Facts(
        enrolments={row.id: row for row in enrolments.by_ids(session, enrolment_ids)},
        consented=consents.enrolments_with_one(session, enrolment_ids),
        suppressions=suppressions.of(session, [services.hmac(message.recipient) for message in messages]),
        handed=message_rows.follow_ups_handed_since(session, lead_ids, now - timedelta(days=2)),
        calendar=services.published.calendar(session),
        paused=clock_check.held_back(session, services, now),
        domains=refusals.Watch(session, services, messages, now),
        guard=backlog.watch(session, services, now),
    )


def _let_go(session: Session, services: Services, message: Message, facts: _Facts, now: datetime) -> bool:
    """True when the message does not go now; its row then says what becomes of it and why."""
    kind = Kind(message.kind)
    enrolment = facts.enrolments.get(message.enrolment_id or 0)
    consented = message.enrolment_id in facts.consented
    refused = may_receive(
        kind,
        suppressions=facts.suppressions.get(services.hmac(message.recipient), []),
        has_follow_up_consent=consented,
        now=now,
    )
    if refused:
        outbox.release(message, "cancelled", _WHY_STOPPED.get(refused, refused))
        message.settled_at = now
        return True
    if facts.paused.all_mail:
        outbox.release(message, "due", "alle mail staat stil")
        return True
    try:
        run = enrolment if kind is Kind.FOLLOW_UP else None
        if run is not None and _let_follow_up_go(session, services, message, run, facts, now):
            return True
        return _is_put_off(session, services, message, facts, now)
    except NeverOpensError as error:  # a calendar without a day left is staff's to mend; the other mails go on
        outbox.release(message, "due", "de praktijk is dicht", due_at=now + timedelta(days=1))
        alerts.tell(session, "calendar-closed", dutch=error.dutch, english=error.english, now=now)
        return True


def _is_put_off(session: Session, services: Services, message: Message, facts: _Facts, now: datetime) -> bool:
    """The last look, for a mail that goes becomes the one that tries its domain."""
    put_off = facts.domains.put_off(message)
    if put_off is None:
        return False
    if put_off.until is None:
        settling.end(session, services, message, "failed", refusals.WHY, now)
    else:
        outbox.release(message, "due", refusals.WHY, due_at=put_off.until)
    return True


def _let_follow_up_go(
    session: Session, services: Services, message: Message, enrolment: Enrolment, facts: _Facts, now: datetime
) -> bool:
    sequence = services.published.sequence(session, message.revision_id)
    if enrolment.state not in {State.ACTIVE, State.FINISHED} or enrolment.goal_at is not None:
        outbox.release(message, "cancelled", "afspraak gemaakt" if enrolment.goal_at else "de reeks is gestopt")
        message.settled_at = now
    elif enrolment.paused_until is not None and now < enrolment.paused_until:
        opening = next_opening(enrolment.paused_until, sequence.window, facts.calendar)
        outbox.release(message, "due", "gepauzeerd", due_at=opening)
    elif message.not_after is not None and now > message.not_after:
        outbox.release(message, "skipped", "te laat geworden")
        message.settled_at = now
    elif message.hold is None and (hold := facts.guard.hold(message.sequence, message.due_at)):
        outbox.hold_for(message, *hold)
    elif facts.paused.follow_ups or message.sequence in facts.paused.sequences:
        outbox.release(message, "due", "vervolgmails staan stil")
    elif not in_window(now, sequence.window, facts.calendar):
        opening = next_opening(now, sequence.window, facts.calendar)
        outbox.release(message, "due", "wacht op het verzendvenster", due_at=opening)
    elif _had_one_today(message, facts, now):
        today = frozenset({facts.calendar.local_day(now)})
        opening = next_opening(now, sequence.window, facts.calendar, not_on=today)
        outbox.release(message, "due", "vandaag ging er al een vervolgmail", due_at=opening)
    else:
        return False
    return True


def _respace(session: Session, message: Message, facts: _Facts, now: datetime) -> None:
    """A mail that leaves a day late by no fault of its recipient takes what comes after it along.

    Later steps that were planned since (it was held, they were not) count from their own time. So do those behind one
    that a restore held: moved, they would be taken for steps that nobody has sent yet.
    """
    run = facts.enrolments.get(message.enrolment_id or 0)
    if message.kind != Kind.FOLLOW_UP or run is None or message.attempts > 0:
        return
    if facts.guard.may_have_left(message.sequence, message.planned_at):
        return
    anchor = respaced(run.anchor, now, facts.calendar)
    if anchor != run.anchor and piled_up.is_newest(session, message):
        run.anchor = anchor


def _had_one_today(message: Message, facts: _Facts, now: datetime) -> bool:
    others = {key: at for key, at in facts.handed.get(message.lead_id or 0, {}).items() if key != message.id}
    return any(facts.calendar.local_day(at) == facts.calendar.local_day(now) for at in others.values())
