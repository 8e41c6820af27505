"""What came of the mails, counted by the database over all leads at once: no look a lead, and nothing of a lead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlmodel import Session, col

from service.store.tables import Booking, BookingRequest, Enrolment, Message, OptIn, TimelineEntry

Mail = tuple[str, str, str]
"""Sequence, step (empty for the advice) and template."""
_LEFT = ("accepted", "delivered", "bounced", "complained", "unknown")
_ENDS_THAT_ARE_NO_NO = ("booked", "all_steps_done", "hard_bounce")
_AT_A_TIME = 500
_MAIL = (col(Message.sequence), func.coalesce(col(Message.step), ""), col(Message.template))
_OF_A_SEQUENCE = col(Message.kind) != "service"


def opt_ins(session: Session, since: datetime | None) -> dict[str, int]:
    """Sequence -> how many opt-ins were taken."""
    statement = (
        select(col(Enrolment.sequence), func.count())
        .select_from(OptIn)
        .join(Enrolment, col(OptIn.enrolment_id) == col(Enrolment.id))
        .where(*_since(col(OptIn.created_at), since))
    )
    return dict(session.execute(statement.group_by(col(Enrolment.sequence))).all())


def runs(session: Session, since: datetime | None) -> dict[str, tuple[int, int]]:
    """Sequence -> how many runs had their button pressed, and how many ended in a booking."""
    statement = select(
        col(Enrolment.sequence), func.count(col(Enrolment.confirmed_at)), func.count(col(Enrolment.goal_at))
    ).where(*_since(col(Enrolment.created_at), since))
    found = session.execute(statement.group_by(col(Enrolment.sequence)))
    return {sequence: (pressed, booked) for sequence, pressed, booked in found}


def states(session: Session, since: datetime | None) -> dict[Mail, dict[str, int]]:
    """Mail -> message state -> how many."""
    statement = (
        select(*_MAIL, col(Message.state), func.count())
        .where(_OF_A_SEQUENCE, *_since(col(Message.created_at), since))
        .group_by(*_MAIL, col(Message.state))
    )
    found: dict[Mail, dict[str, int]] = {}
    for *mail, state, count in session.execute(statement):
        found.setdefault(_mail(mail), {})[state] = count
    return found


def last_before_a_no(session: Session, since: datetime | None) -> dict[Mail, int]:
    """Mail -> how many leads said no after it and before the next: it was the last that left before the run stopped."""
    last = (
        select(func.max(col(Message.id)).label("id"))
        .join(Enrolment, col(Enrolment.id) == col(Message.enrolment_id))
        .where(
            col(Enrolment.state) == "stopped",
            col(Enrolment.end_reason).not_in(_ENDS_THAT_ARE_NO_NO),
            _OF_A_SEQUENCE,
            col(Message.state).in_(_LEFT),
            col(Message.settled_at) <= col(Enrolment.ended_at),
            *_since(col(Message.created_at), since),
        )
        .group_by(col(Message.enrolment_id))
    ).subquery()
    return _counted(session, select(*_MAIL, func.count()).join(last, last.c.id == col(Message.id)))


def requests(session: Session, since: datetime | None) -> dict[Mail, int]:
    """Mail -> how many asked for a pain check by its own link."""
    asked = select(*_MAIL, func.count()).join(BookingRequest, col(BookingRequest.from_message_id) == col(Message.id))
    return _counted(session, asked.where(_OF_A_SEQUENCE, *_since(col(Message.created_at), since)))


def answers(session: Session, since: datetime | None) -> dict[Mail, dict[str, int]]:
    """Mail -> better, same or worse -> how often that was pressed in it."""
    pressed = [(details.get("message"), details.get("helped")) for details, _ in _noted(session, "answered", since)]
    found: dict[Mail, dict[str, int]] = {}
    mails = {each.message: each.mail for each in _by_id(session, [message for message, _ in pressed if message], since)}
    for message, helped in pressed:
        if message in mails and helped:
            counts = found.setdefault(mails[message], {})
            counts[helped] = counts.get(helped, 0) + 1
    return found


def credited(session: Session, since: datetime | None) -> dict[Mail, int]:
    """Mail -> how many bookings it brought: its own link was the last one used before the run had its booking.

    An appointment keeps whose link that was. For those of before, and of code of before, it is reckoned here.
    """
    kept = session.execute(
        select(col(Booking.message_id), col(Booking.lead_id), col(Booking.created_at))
        .where(col(Booking.lead_id).is_not(None))
        .order_by(col(Booking.id).desc())
    ).all()
    order = {message: place for place, (message, _, _) in enumerate(kept) if message is not None}
    first: dict[int, tuple[int, Mail]] = {}
    for each in _by_id(session, order, since):
        place = order[each.message]
        if each.run not in first or place > first[each.run][0]:
            first[each.run] = (place, each.mail)
    told = {(lead, at) for _, lead, at in kept}
    used = _links_used(session, since)
    last: dict[int, tuple[datetime, Mail]] = {}
    for each in _by_id(session, used, since):
        in_time = each.goal_at is not None and used[each.message] <= each.goal_at
        open_yet = each.run not in first and (each.lead, each.goal_at) not in told
        if in_time and open_yet and (each.run not in last or used[each.message] > last[each.run][0]):
            last[each.run] = (used[each.message], each.mail)
    return dict(Counter(mail for _, mail in [*first.values(), *last.values()]))


def _links_used(session: Session, since: datetime | None) -> dict[int, datetime]:
    """Message id -> when its own link was last used to ask for a pain check, or to go on to the agenda."""
    used: dict[int, datetime] = {}
    for details, at in _noted(session, "booking_pressed", since):
        used[details["message"]] = max(at, used.get(details["message"], at))
    asked = select(col(BookingRequest.from_message_id), col(BookingRequest.created_at))
    for message, at in session.execute(asked.where(col(BookingRequest.from_message_id).is_not(None))):
        used[message] = max(at, used.get(message, at))
    return used


@dataclass(frozen=True, kw_only=True)
class _Sent:
    """A mail that belongs to a run. `goal_at`: when the run had its booking."""

    message: int
    run: int
    lead: int
    goal_at: datetime | None
    mail: Mail


def _by_id(session: Session, ids: Iterable[int], since: datetime | None) -> Iterator[_Sent]:
    """Those of these messages that belong to a run."""
    wanted = sorted(set(ids))
    for begin in range(0, len(wanted), _AT_A_TIME):
        statement = (
            select(col(Message.id), col(Message.enrolment_id), col(Message.lead_id), col(Enrolment.goal_at), *_MAIL)
            .join(Enrolment, col(Enrolment.id) == col(Message.enrolment_id))
            .where(
                col(Message.id).in_(wanted[begin : begin + _AT_A_TIME]),
                _OF_A_SEQUENCE,
                *_since(col(Message.created_at), since),
            )
        )
        for message, run, lead, goal_at, *mail in session.execute(statement):
            yield _Sent(message=message, run=run, lead=lead, goal_at=goal_at, mail=_mail(mail))


def _noted(session: Session, kind: str, since: datetime | None) -> Iterable[tuple[dict[str, Any], datetime]]:
    """What happened to leads, by ix_timeline_kind_at."""
    statement = select(col(TimelineEntry.details), col(TimelineEntry.at)).where(
        col(TimelineEntry.kind) == kind, *_since(col(TimelineEntry.at), since)
    )
    return [(details, at) for details, at in session.execute(statement)]


def _counted(session: Session, statement: Select[*tuple[Any, ...]]) -> dict[Mail, int]:
    return {_mail(mail): count for *mail, count in session.execute(statement.group_by(*_MAIL))}


def _mail(columns: list[Any]) -> Mail:
    sequence, step, template = columns
    return sequence, step, template


def _since(column: Any, since: datetime | None) -> list[ColumnElement[bool]]:
    return [] if since is None else [column >= since]
