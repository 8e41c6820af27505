"""What came back about a mail, into the ledger: once for each piece of news."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, select

from service.domain.feedback import Feedback
from service.flows.services import Services
from service.store import message_rows
from service.store.db import take_locks
from service.store.tables import FeedbackEvent


def apply(session: Session, services: Services, feedback: Feedback, now: datetime) -> bool:
    """Keep one piece of news; False where it came before, and nothing changed."""
    del services
    take_locks(session, [f"feedback:{feedback.source}:{feedback.key}"])
    known = select(FeedbackEvent.id).where(FeedbackEvent.source == feedback.source, FeedbackEvent.key == feedback.key)
    if session.exec(known).first() is not None:
        return False
    public_id = feedback.tie.public_id
    message = message_rows.by_public_id(session, public_id) if public_id else None
    session.add(
        FeedbackEvent(
            source=feedback.source,
            key=feedback.key,
            kind=feedback.kind.value,
            raw_kind=feedback.raw_kind,
            message_id=message.id if message else None,
            status=feedback.status,
            diagnostic=feedback.diagnostic,
            at=min(feedback.at or now, now),
            received_at=now,
        )
    )
    return True
