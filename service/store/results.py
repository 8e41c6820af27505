"""What came of the mails, counted by the database over all leads at once: no look a lead, and nothing of a lead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, or_, select, true
from sqlmodel import Session, col

from service.store.tables import (
    RESULT_STATES,
    Booking,
    BookingRequest,
    Enrolment,
    Message,
    OptIn,
    TimelineEntry,
    Withdrawal,
)

Mail = tuple[str, str, str]
"""Sequence, step (empty for the advice) and template."""
NO_NO = ("booked", "all_steps_done", "hard_bounce")
"""Ends of a run, or of a consent, by which nobody said no."""
_LEFT = ("accepted", "delivered", "bounced", "complained", "unknown")
_AT_A_TIME = 500
_MAIL = (col(Message.sequence), func.coalesce(col(Message.step), ""), col(Message.template))
_OF_A_SEQUENCE = col(Message.kind) != "service"
_LEFT_AT = func.coalesce(col(Message.first_handed_at), col(Message.settled_at))  # of unknown fate is settled by nothing
# The very words of ix_message_results: SQLite uses a partial index only where it finds its condition.
BECAME_SOMETHING = (
    col(Message.sequence).is_not(None),
    or_(*(col(Message.state) == literal_column(f"'{state}'") for state in RESULT_STATES)),
)


@dataclass(frozen=True, kw_only=True)
class Span:
    """A stretch of time: from `since` up to, and not including, `until`; without either it has no such end.

    Where they are given, only mails are counted that one of the revisions `made_by` made, and none of those `not_by`.
    """

    since: datetime | None = None
    until: datetime | None = None
    made_by: frozenset[int] | None = None
    not_by: frozenset[int] = frozenset()

    def holds(self, column: Any) -> list[ColumnElement[bool]]:
        """The conditions by which a moment lies in it."""
        begun = [] if self.since is None else [column >= self.since]
        return begun if self.until is None else [*begun, column < self.until]

    def counts(self) -> list[ColumnElement[bool]]:
        """The conditions by which a mail counts."""
        revision, made = col(Message.revision_id), self.holds(col(Message.created_at))
        made += [revision.in_(self.made_by)] if self.made_by is not None else []
        return made + ([revision.not_in(self.not_by)] if self.not_by else [])


def opt_ins(session: Session, span: Span) -> dict[str, int]:
    """Sequence -> how many opt-ins were taken."""
    statement = (
        select(col(Enrolment.sequence), func.count())
        .select_from(OptIn)
        .join(Enrolment, col(OptIn.enrolment_id) == col(Enrolment.id))
        .where(*span.holds(col(OptIn.created_at)))
    )
    return dict(session.execute(statement.group_by(col(Enrolment.sequence))).all())


def confirmed(session: Session, span: Span) -> dict[str, int]:
    """Sequence -> in how many runs "yes, send me the follow-ups" was pressed."""
    moment = col(Enrolment.confirmed_at)
    statement = select(col(Enrolment.sequence), func.count()).where(moment.is_not(None), *span.holds(moment))
    return dict(session.execute(statement.group_by(col(Enrolment.sequence))).all())


def booked(session: Session, span: Span) -> dict[str, int]:
    """Sequence -> how many bookings leads of it made, whatever led to them."""
    each = bookings().where(*span.holds(col(Enrolment.goal_at))).subquery()
    return dict(session.execute(select(each.c.sequence, func.count()).group_by(each.c.sequence)).all())


def bookings() -> Select[str, int, datetime | None]:
    """Each booking once for a sequence: it is the end of every run that its lead ever had there."""
    of_run = (col(Enrolment.sequence), col(Enrolment.lead_id), col(Enrolment.goal_at))
    return select(*of_run).where(col(Enrolment.goal_at).is_not(None)).distinct()


def states(session: Session, span: Span) -> dict[Mail, dict[str, int]]:
    """Mail -> message state -> how many; of those that became something."""
    statement = (
        select(*_MAIL, col(Message.state), func.count())
        .where(*BECAME_SOMETHING, *span.counts())
        .group_by(*_MAIL, col(Message.state))
    )
    found: dict[Mail, dict[str, int]] = {}
    for *mail, state, count in session.execute(statement):
        found.setdefault(_mail(mail), {})[state] = count
    return found


def last_before_a_no(session: Session, span: Span) -> dict[Mail, int]:
    """Mail -> how many leads said no after it and before the next: the last that left before the run stopped.

    Or, where the run had come to its end, the last that left before she withdrew.
    """
    # A no after a mail comes after that mail was made: who stopped before the stretch need not be looked at.
    stopped_since = Span(since=span.since).holds(col(Enrolment.ended_at))
    last = (
        select(func.max(col(Message.id)).label("id"))
        .join(Enrolment, col(Enrolment.id) == col(Message.enrolment_id))
        .where(
            col(Enrolment.state) == "stopped",
            col(Enrolment.end_reason).not_in(NO_NO),
            *stopped_since,
            _OF_A_SEQUENCE,
            col(Message.state).in_(_LEFT),
            col(Enrolment.ended_at) >= _LEFT_AT,
        )
        .group_by(col(Message.enrolment_id))
    ).subquery()
    statement = select(*_MAIL, func.count()).join(last, last.c.id == col(Message.id))
    under_way = _counted(session, statement.where(*span.counts()))
    return dict(Counter(under_way) + Counter(_after_the_end(session, span)))


def _after_the_end(session: Session, span: Span) -> dict[Mail, int]:
    """Mail -> how many leads withdrew after it, whose run was finished by then."""
    last = (
        select(func.max(col(Message.id)).label("id"))
        .join(Withdrawal, col(Withdrawal.lead_id) == col(Message.lead_id))
        .where(
            *Span(since=span.since).holds(col(Withdrawal.at)),
            col(Withdrawal.source).not_in(NO_NO),
            _OF_A_SEQUENCE,
            col(Message.state).in_(_LEFT),
            col(Withdrawal.at) >= _LEFT_AT,
        )
        .group_by(col(Message.lead_id), col(Withdrawal.at))
    ).subquery()
    statement = (
        select(*_MAIL, func.count(func.distinct(col(Message.id))))
        .join(last, last.c.id == col(Message.id))
        .join(Enrolment, col(Enrolment.id) == col(Message.enrolment_id))
        .where(col(Enrolment.state) == "finished", *span.counts())
    )
    return _counted(session, statement)


def requests(session: Session, span: Span) -> dict[Mail, int]:
    """Mail -> how many asked for a pain check by its own link."""
    asked = select(*_MAIL, func.count()).join(BookingRequest, col(BookingRequest.from_message_id) == col(Message.id))
    return _counted(session, asked.where(_OF_A_SEQUENCE, *span.counts()))


def answers(session: Session, span: Span) -> dict[Mail, dict[str, int]]:
    """Mail -> better, same or worse -> how often that was pressed in it."""
    pressed = (
        select(
            col(TimelineEntry.details)["message"].as_integer().label("message"),
            col(TimelineEntry.details)["helped"].as_string().label("helped"),
        )
        .where(col(TimelineEntry.kind) == "answered", *Span(since=span.since).holds(col(TimelineEntry.at)))
        .subquery()
    )
    statement = (
        select(*_MAIL, pressed.c.helped, func.count())
        .join(pressed, pressed.c.message == col(Message.id))
        .where(_OF_A_SEQUENCE, pressed.c.helped.is_not(None), *span.counts())
        .group_by(*_MAIL, pressed.c.helped)
    )
    found: dict[Mail, dict[str, int]] = {}
    for *mail, helped, count in session.execute(statement):
        found.setdefault(_mail(mail), {})[helped] = count
    return found


def credited(session: Session, span: Span) -> dict[Mail, int]:
    """Mail -> how many bookings it brought: its own link was the last one used before the run had its booking.

    An appointment keeps whose link that was. For those of before, and of code of before, it is reckoned here.
    """
    kept = session.execute(
        select(col(Booking.message_id), col(Booking.lead_id), col(Booking.created_at))
        .where(col(Booking.lead_id).is_not(None))
        .order_by(col(Booking.id).desc())
    ).all()
    order = {message: place for place, (message, _, _) in enumerate(kept) if message is not None}
    first: dict[int, tuple[int, _Sent]] = {}
    for each in _by_id(session, order, span):
        place = order[each.message]
        if each.run not in first or place > first[each.run][0]:
            first[each.run] = (place, each)
    told = {(lead, at) for _, lead, at in kept}
    used = _links_used(session, span)
    last: dict[int, tuple[datetime, _Sent]] = {}
    for each in _by_id(session, used, span):
        in_time = each.goal_at is not None and used[each.message] <= each.goal_at
        open_yet = each.run not in first and (each.lead, each.goal_at) not in told
        if in_time and open_yet and (each.run not in last or used[each.message] > last[each.run][0]):
            last[each.run] = (used[each.message], each)
    return dict(Counter(each.mail for _, each in [*first.values(), *last.values()] if each.counts))


def _links_used(session: Session, span: Span) -> dict[int, datetime]:
    """Message id -> when its own link was last used to ask for a pain check, or to go on to the agenda."""
    used: dict[int, datetime] = {}
    for details, at in _noted(session, "booking_pressed", span):
        used[details["message"]] = max(at, used.get(details["message"], at))
    asked = select(col(BookingRequest.from_message_id), col(BookingRequest.created_at))
    for message, at in session.execute(asked.where(col(BookingRequest.from_message_id).is_not(None))):
        used[message] = max(at, used.get(message, at))
    return used


@dataclass(frozen=True, kw_only=True)
class _Sent:
    """A mail that belongs to a run. `goal_at`: when the run had its booking; `counts`: it was made in the stretch."""

    message: int
    run: int
    lead: int
    goal_at: datetime | None
    counts: bool
    mail: Mail


def _by_id(session: Session, ids: Iterable[int], span: Span) -> Iterator[_Sent]:
    """Those of these messages that belong to a run."""
    of_run = (col(Message.id), col(Message.enrolment_id), col(Message.lead_id), col(Enrolment.goal_at))
    wanted = sorted(set(ids))
    for begin in range(0, len(wanted), _AT_A_TIME):
        statement = (
            select(*of_run, and_(true(), *span.counts()), *_MAIL)
            .join(Enrolment, col(Enrolment.id) == col(Message.enrolment_id))
            .where(col(Message.id).in_(wanted[begin : begin + _AT_A_TIME]), _OF_A_SEQUENCE)
        )
        for message, run, lead, goal_at, counts, *mail in session.execute(statement):
            yield _Sent(message=message, run=run, lead=lead, goal_at=goal_at, counts=counts, mail=_mail(mail))


def _noted(session: Session, kind: str, span: Span) -> Iterable[tuple[dict[str, Any], datetime]]:
    """What happened to leads since the stretch began, by ix_timeline_kind_at."""
    since = Span(since=span.since).holds(col(TimelineEntry.at))
    statement = select(col(TimelineEntry.details), col(TimelineEntry.at)).where(col(TimelineEntry.kind) == kind, *since)
    return [(details, at) for details, at in session.execute(statement)]


def _counted(session: Session, statement: Select[*tuple[Any, ...]]) -> dict[Mail, int]:
    return {_mail(mail): count for *mail, count in session.execute(statement.group_by(*_MAIL))}


def _mail(columns: list[Any]) -> Mail:
    sequence, step, template = columns
    return sequence, step, template
