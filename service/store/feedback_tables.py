"""The table of what came back about our mails."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from service.store.moments import UtcDateTime
from service.store.schema_words import Table


class FeedbackEvent(Table, table=True):
    """One piece of news from a provider or a mailbox, so that it counts once. Holds no address and nobody's words.

    `message_id` None: about no mail that we know (any more). It goes with its message, also where code of before this
    table does the erasing; a complaint and a hard bounce stay without it (`store/rates.py`).
    """

    __tablename__ = "feedback_event"
    __table_args__ = (
        UniqueConstraint("source", "key"),
        Index("ix_feedback_event_kind_at", "kind", "at"),
        Index("ix_feedback_event_received_at", "received_at"),
    )

    id: int = Field(default=None, primary_key=True)
    source: str  # a provider's name, "bounces", "replies", or "smtp" for what a server answered at once
    key: str  # a hash of what makes it this news
    kind: str  # one of domain.feedback.FeedbackKind; a later version may know more of them
    raw_kind: str  # the source's own word
    message_id: int | None = Field(default=None, foreign_key="message.id", index=True, ondelete="CASCADE")
    status: str | None = None  # enhanced code, RFC 3463
    diagnostic: str | None = None  # one line, without addresses
    at: datetime = Field(sa_type=UtcDateTime)  # when it happened by the source's word, never later than it came
    received_at: datetime = Field(sa_type=UtcDateTime)
