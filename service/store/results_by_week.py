"""What happened in each week, counted by the database: as many looks for a year as for a month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlmodel import Session, col

from service.store.results import BECAME_SOMETHING, Span, bookings
from service.store.tables import Enrolment, Message, OptIn

Weekly = dict[tuple[str, int], int]
"""(sequence, number of the week) -> how many. Where nothing happened there is no entry."""
_TAKEN = ("accepted", "delivered", "complained")


def opt_ins(session: Session, edges: Sequence[datetime]) -> Weekly:
    """How many opt-ins were taken. Week n lies from edge n up to, and not including, the edge after it."""
    moment = col(OptIn.created_at)
    rows = (
        select(col(Enrolment.sequence).label("sequence"), _week(moment, edges))
        .select_from(OptIn)
        .join(Enrolment, col(OptIn.enrolment_id) == col(Enrolment.id))
        .where(*_within(moment, edges))
    )
    return _counted(session, rows)


def confirmed(session: Session, edges: Sequence[datetime]) -> Weekly:
    """How often "yes, send me the follow-ups" was pressed."""
    moment = col(Enrolment.confirmed_at)
    rows = select(col(Enrolment.sequence).label("sequence"), _week(moment, edges))
    return _counted(session, rows.where(moment.is_not(None), *_within(moment, edges)))


def booked(session: Session, edges: Sequence[datetime]) -> Weekly:
    """How many bookings there were, each once for a sequence."""
    moment = col(Enrolment.goal_at)
    return _counted(session, bookings().add_columns(_week(moment, edges)).where(*_within(moment, edges)))


def mails(session: Session, edges: Sequence[datetime]) -> Weekly:
    """How many mails were made in it that the other side took."""
    moment = col(Message.created_at)
    rows = select(col(Message.sequence).label("sequence"), _week(moment, edges)).where(
        *BECAME_SOMETHING, col(Message.state).in_(_TAKEN), *_within(moment, edges)
    )
    return _counted(session, rows)


def _within(moment: Any, edges: Sequence[datetime]) -> list[ColumnElement[bool]]:
    return Span(since=edges[0], until=edges[-1]).holds(moment)


def _week(moment: Any, edges: Sequence[datetime]) -> Any:
    """The number of the week that a moment between the edges lies in."""
    whens = [(moment < edge, number) for number, edge in enumerate(edges[1:])]
    return case(*whens, else_=len(whens)).label("week")


def _counted(session: Session, rows: Select[*tuple[Any, ...]]) -> Weekly:
    # Named first and grouped by name: PostgreSQL takes one expression with its values written twice for two.
    each = rows.subquery()
    statement = select(each.c.sequence, each.c.week, func.count()).group_by(each.c.sequence, each.c.week)
    return {(sequence, week): count for sequence, week, count in session.execute(statement)}
