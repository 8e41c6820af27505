"""How much of our mail comes back or is complained of: counted from what was told, against what was taken."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, func, or_, select, update

from service.domain.feedback import FeedbackKind
from service.store.db import take_locks
from service.store.tables import FeedbackEvent, Lead, Message

AT_THE_DOOR = "smtp"
"""The source of a hard bounce that the server gave as its answer: no report about it comes."""
_TAKEN = ("accepted", "delivered", "bounced", "complained")
_WAITS = timedelta(days=30)  # a mail that was made longer than this before the stretch is not counted in it


def hold(session: Session) -> None:
    """Nobody else counts until the transaction ends: of two at once the second sees what the first one added."""
    take_locks(session, ["feedback-rates"])


def complaints(session: Session, since: datetime) -> int:
    """How many mails to leads were complained of since then, each once, whoever told it."""
    return int(session.execute(_told(FeedbackKind.COMPLAINED, since)).scalar_one())


def hard_bounces(session: Session, since: datetime) -> tuple[int, int]:
    """How many mails to leads met no mailbox since then, each once; and how many of those were never taken."""
    told = _told(FeedbackKind.HARD_BOUNCE, since)
    refused = told.where(col(FeedbackEvent.source) == AT_THE_DOOR)
    return int(session.execute(told).scalar_one()), int(session.execute(refused).scalar_one())


def taken(session: Session, since: datetime, at_most: int) -> int:
    """How many advices and follow-ups were taken since then, by those who are still here; counts `at_most` so many.

    Reads the mails of that stretch alone: ids grow with the time that a mail was made.
    """
    found = (
        select(Message.id)
        .where(
            Message.id >= _first_made(session, since - _WAITS),
            col(Message.kind).in_(("advice", "follow_up")),
            col(Message.state).in_(_TAKEN),
            col(Message.first_handed_at) >= since,
        )
        .limit(at_most)
    )
    return session.exec(select(func.count()).select_from(found.subquery())).one()


def keep_refusal(session: Session, message: Message, now: datetime) -> None:
    """Keep that a server knew no such mailbox, beside what others tell: it counts when its lead is gone, too."""
    mine = (FeedbackEvent.message_id == message.id, FeedbackEvent.source == AT_THE_DOOR)
    if session.exec(select(FeedbackEvent.id).where(*mine)).first() is None:
        session.add(
            FeedbackEvent(
                source=AT_THE_DOOR,
                key=secrets.token_hex(16),
                kind=FeedbackKind.HARD_BOUNCE,
                raw_kind="refused",
                message_id=message.id,
                at=now,
                received_at=now,
            )
        )
        session.flush()


def unlink(session: Session, lead_id: int) -> None:
    """Before a lead is erased: her complaints and hard bounces count on, one for each mail, and lead to nobody.

    Whoever complains is often erased within the minute; without this no rate would ever rise.
    """
    to_her = col(Message.recipient) == col(Lead.address)  # a mail to the practice about her counts in no rate
    mine = select(Message.id).join(Lead, col(Lead.id) == col(Message.lead_id)).where(Lead.id == lead_id, to_her)
    first = (
        select(func.min(FeedbackEvent.id))
        .where(
            col(FeedbackEvent.message_id).in_(mine),
            col(FeedbackEvent.kind).in_((FeedbackKind.COMPLAINED, FeedbackKind.HARD_BOUNCE)),
        )
        .group_by(col(FeedbackEvent.message_id), col(FeedbackEvent.kind))
    )
    session.exec(
        update(FeedbackEvent)
        .where(col(FeedbackEvent.id).in_(first))
        .values(message_id=None, status=None, diagnostic=None)
        .execution_options(synchronize_session="fetch")
    )


def _told(kind: FeedbackKind, since: datetime) -> Select[int]:
    """By ix_feedback_event_kind_at. A mail to the practice about a lead says nothing about our mail to leads."""
    each: ColumnElement[int] = func.coalesce(col(FeedbackEvent.message_id), -col(FeedbackEvent.id))
    return (
        sql_select(func.count(func.distinct(each)))
        .select_from(FeedbackEvent)
        .outerjoin(Message, col(Message.id) == col(FeedbackEvent.message_id))
        .outerjoin(Lead, col(Lead.id) == col(Message.lead_id))
        .where(
            col(FeedbackEvent.kind) == kind,
            col(FeedbackEvent.at) >= since,
            or_(col(FeedbackEvent.message_id).is_(None), col(Message.recipient) == col(Lead.address)),
        )
    )


def _first_made(session: Session, moment: datetime) -> int:
    """An id that no mail made since then comes before, found by halves: nothing has to be read in between."""
    low = session.exec(select(func.min(Message.id))).one() or 0
    high = (session.exec(select(func.max(Message.id))).one() or 0) + 1
    while low < high:
        middle = (low + high) // 2
        found = session.exec(
            select(Message.id, Message.created_at).where(Message.id >= middle).order_by(col(Message.id)).limit(1)
        ).first()
        if found is None or found[1] >= moment:
            high = middle
        else:
            low = found[0] + 1
    return low
