"""What came back about our mails: each piece of news once, and the message that it is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from service.domain.feedback import FeedbackKind, Tie
from service.store.tables import Attempt, FeedbackEvent, Message


def add(session: Session, event: FeedbackEvent) -> bool:
    """Keep it; False when that very news was here already, also where another process brings it just now."""
    values: dict[str, Any] = event.model_dump(exclude={"id"})
    # The same words of both databases, under a name of each.
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(FeedbackEvent).values(**values).on_conflict_do_nothing(index_elements=["source", "key"])
    return session.execute(statement.returning(col(FeedbackEvent.id))).first() is not None


def message_of(session: Session, tie: Tie) -> Message | None:
    """The message that this is about, by the first tie that is known. Takes no lock.

    An id of the source's own counts where one message alone has it.
    """
    if tie.public_id is not None and (found := _first(session, Message.public_id == tie.public_id)) is not None:
        return found
    if tie.provider_id is not None:
        given = select(Attempt.message_id).where(Attempt.provider_id == tie.provider_id)
        ids = session.exec(given.distinct().limit(2)).all()
        if len(ids) == 1:
            return _first(session, Message.id == ids[0])
    if tie.message_id is not None:
        return _first(session, Message.message_id == tie.message_id)
    return None


def hold(session: Session, message_id: int) -> Message | None:
    """The message as it is now, which nobody else changes until the transaction ends; its lead is locked before it."""
    statement = select(Message).where(Message.id == message_id).with_for_update()
    return session.exec(statement.execution_options(populate_existing=True)).first()


def soft_bounces(session: Session, lead_id: int, recipient: str) -> Sequence[tuple[int, datetime]]:
    """(message id, when) of each mail to this lead that came back for now."""
    statement = (
        select(FeedbackEvent.message_id, FeedbackEvent.at)
        .join(Message, col(Message.id) == FeedbackEvent.message_id)
        .where(
            Message.lead_id == lead_id,
            Message.recipient == recipient,
            FeedbackEvent.kind == FeedbackKind.SOFT_BOUNCE.value,
        )
    )
    return [(message, at) for message, at in session.exec(statement) if message is not None]


def _first(session: Session, condition: Any) -> Message | None:
    return session.exec(select(Message).where(condition)).first()
