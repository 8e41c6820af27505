"""What leads wrote or pressed that a person is to read, and up to where it was read. It stands in their timelines."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Subquery, TextClause, or_, text
from sqlmodel import Session, col, func, select

from service.store.tables import ANSWERS, Lead, Message, TimelineEntry

REPLIED, PRESSED, UNTIED, READ = "replied", "answered", "wrote_untied", "answers_read"
"""Kinds of entries: a mail of her own, a press on one of three buttons, a mail that may be hers, and read by staff."""


def unread(session: Session, limit: int) -> Sequence[tuple[TimelineEntry, Lead]]:
    """Answers that nobody has read yet, with whose they are, the longest waiting first."""
    read = _read()
    entries = (
        select(TimelineEntry, Lead)
        .join(Lead, col(Lead.id) == col(TimelineEntry.lead_id))
        .outerjoin(read, read.c.lead_id == col(TimelineEntry.lead_id))
        .where(*_is_unread(session, read))
    )
    return session.exec(entries.order_by(col(TimelineEntry.at), col(TimelineEntry.id)).limit(limit)).all()


def count_unread(session: Session) -> int:
    """How many answers nobody has read yet."""
    read = _read()
    entries = select(func.count()).select_from(TimelineEntry)
    entries = entries.outerjoin(read, read.c.lead_id == col(TimelineEntry.lead_id))
    return session.exec(entries.where(*_is_unread(session, read))).one()


def any_unread(session: Session, lead_id: int, upto: int) -> bool:
    """Is there an answer of this lead, up to that entry, which nobody has read yet?"""
    read = _read(lead_id)
    entries = select(TimelineEntry.id).outerjoin(read, read.c.lead_id == col(TimelineEntry.lead_id))
    mine = (TimelineEntry.lead_id == lead_id, TimelineEntry.id <= upto)
    return session.exec(entries.where(*mine, *_is_unread(session, read)).limit(1)).first() is not None


def lately_read(session: Session, limit: int) -> Sequence[TimelineEntry]:
    """The newest entries that say so, newest first; `upto` in their details is the last entry that was read."""
    read = select(TimelineEntry).where(TimelineEntry.kind == READ)
    return session.exec(read.order_by(col(TimelineEntry.at).desc(), col(TimelineEntry.id).desc()).limit(limit)).all()


def mails_to_staff(session: Session, lead_ids: Collection[int], since: datetime) -> Sequence[Message]:
    """The mails to staff about these leads that were made since then, whatever they tell."""
    mine = (col(Message.lead_id).in_(lead_ids), Message.kind == "service", Message.created_at >= since)
    return session.exec(select(Message).where(*mine).order_by(col(Message.id))).all()


def _read(lead_id: int | None = None) -> Subquery:
    """Lead -> up to which entry hers were read; of one lead, or of all.

    It is gathered first: asked anew for each answer, it takes seconds.
    """
    marks = select(TimelineEntry.lead_id, func.max(col(TimelineEntry.details)["upto"].as_integer()).label("upto"))
    marks = marks.where(TimelineEntry.kind == READ).group_by(col(TimelineEntry.lead_id))
    return (marks if lead_id is None else marks.where(TimelineEntry.lead_id == lead_id)).subquery("read")


def _is_unread(session: Session, read: Subquery) -> tuple[ColumnElement[bool] | TextClause, ...]:
    """By mail unless staff noted it themselves; by button only that it got worse: other presses ask for nobody."""
    return (
        text(ANSWERS[session.get_bind().dialect.name]),  # the very words of ix_timeline_answers
        or_(
            col(TimelineEntry.kind) != REPLIED,
            col(TimelineEntry.details)["source"].as_string() != "staff",
        ),
        or_(read.c.upto.is_(None), read.c.upto < col(TimelineEntry.id)),
    )
