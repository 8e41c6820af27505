"""Mails that wait for a person, counted by what their rows say about why, and looked at a page at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, or_
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, func, select

from service.store.tables import Lead, Message

# The very words of ix_message_needs_person: SQLite uses a partial index only where it finds its condition.
_NEEDS_PERSON = col(Message.state).in_(
    bindparam("needs", ("unknown", "held"), expanding=True, literal_execute=True, unique=True)
)
_LOOKED_AT = 20_000  # of the newest mails, those that failed: no index has them


@dataclass(frozen=True, kw_only=True)
class Sort:
    """What mails have in common that wait for the same reason."""

    state: str
    kind: str
    hold: str | None
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Mails of one sort and template: how many, how often they were handed over, the newest id, and since when.

    `ids` is the sum of theirs: one that came in the place of another does not look the same.
    """

    sort: Sort
    template: str
    count: int
    attempts: int
    newest: int
    ids: int
    since: datetime


def tally(session: Session, *, upto: int | None = None) -> list[Tally]:
    """All that waits for a person, whose ids go up to that one, or all."""
    since = func.min(func.coalesce(Message.first_handed_at, Message.due_at))
    sort = (col(Message.state), col(Message.kind), col(Message.hold), col(Message.reason), col(Message.template))
    statement = sql_select(
        *sort, func.count(), func.sum(Message.attempts), func.max(Message.id), func.sum(Message.id), since
    )
    statement = statement.where(_NEEDS_PERSON).group_by(*sort)
    if upto is not None:
        statement = statement.where(col(Message.id) <= upto)
    return [
        Tally(
            sort=Sort(state=state, kind=kind, hold=hold, reason=reason),
            template=template,
            count=count,
            attempts=int(attempts),
            newest=newest,
            ids=int(ids),
            since=first,
        )
        for state, kind, hold, reason, template, count, attempts, newest, ids, first in session.execute(statement)
    ]


def count(session: Session) -> int:
    """How many mails wait for a person."""
    return session.exec(select(func.count()).select_from(Message).where(_NEEDS_PERSON)).one()


def ids(session: Session, sorts: Collection[Sort], *, after: int, upto: int, limit: int) -> Sequence[int]:
    """Ids of mails of these sorts, beyond one id and up to another, lowest first."""
    mine = (_NEEDS_PERSON, _of(sorts), Message.id > after, Message.id <= upto)
    return session.exec(select(Message.id).where(*mine).order_by(col(Message.id)).limit(limit)).all()


def page(session: Session, sorts: Collection[Sort], *, after: int, limit: int) -> Sequence[tuple[Message, Lead | None]]:
    """Mails of these sorts beyond an id, oldest first, with their leads: None for a mail about nobody."""
    statement = (
        select(Message, Lead)
        .join(Lead, col(Lead.id) == col(Message.lead_id), isouter=True)
        .where(_NEEDS_PERSON, _of(sorts), Message.id > after)
    )
    return session.exec(statement.order_by(col(Message.id)).limit(limit)).all()


def lately_failed(session: Session, since: datetime, limit: int) -> Sequence[tuple[Message, Lead | None]]:
    """Mails that no server would take, settled since then, the newest first, of the last that were made."""
    newest = session.exec(select(func.max(Message.id))).one() or 0
    statement = (
        select(Message, Lead)
        .join(Lead, col(Lead.id) == col(Message.lead_id), isouter=True)
        .where(Message.id > newest - _LOOKED_AT, Message.state == "failed", col(Message.settled_at) >= since)
    )
    return session.exec(statement.order_by(col(Message.id).desc()).limit(limit)).all()


def _of(sorts: Collection[Sort]) -> ColumnElement[bool]:
    return or_(
        *(
            and_(
                col(Message.state) == each.state,
                col(Message.kind) == each.kind,
                col(Message.hold).is_not_distinct_from(each.hold),
                col(Message.reason).is_not_distinct_from(each.reason),
            )
            for each in sorts
        )
    )
