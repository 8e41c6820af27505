"""The tables of the pain check: requests by the form, appointments, and the events that tell of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from service.store.moments import UtcDateTime
from service.store.schema_words import COUNTED, Json, Table, one_of, partial


class BookingRequest(Table, table=True):
    """Somebody asked for a pain check by the form. While open, its lead is not erased."""

    __tablename__ = "booking_request"
    __table_args__ = (
        one_of("outcome", "booked", "declined", "cancelled", "handled"),
        partial("ix_booking_request_open", "lead_id", where="handled_at IS NULL"),
        partial("ix_booking_request_remind_at", "remind_at", where="remind_at IS NOT NULL"),
        COUNTED,
    )

    id: int = Field(default=None, primary_key=True)
    lead_id: int | None = Field(default=None, foreign_key="lead.id", index=True)
    from_message_id: int | None = Field(default=None, foreign_key="message.id", index=True)
    name: str | None = None
    phone: str | None = None
    preferred: list[str] = Field(default_factory=list, sa_type=Json)
    note: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    handled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str | None = None  # what became of it; None: open
    remind_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # staff hear of it then; None: not (any more)


class Booking(Table, table=True):
    """One appointment for a pain check, as its source names it. `lead_id` None: of nobody we know.

    It goes with its lead, also where code of before these tables does the erasing.
    """

    __table_args__ = (
        one_of("state", "booked", "cancelled", "moved"),
        UniqueConstraint("source", "external_id"),
        partial("ix_booking_address_hmac", "address_hmac", where="address_hmac IS NOT NULL"),
        COUNTED,
    )

    id: int = Field(default=None, primary_key=True)
    source: str
    external_id: str
    state: str
    starts_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lead_id: int | None = Field(default=None, foreign_key="lead.id", index=True, ondelete="CASCADE")
    address_hmac: str | None = None  # of whom we do not know; a keyed hash, so that nothing else is kept
    # Whose own link gets the credit.
    message_id: int | None = Field(default=None, foreign_key="message.id", index=True, ondelete="SET NULL")
    at: datetime = Field(sa_type=UtcDateTime)  # when the source says that it last changed
    created_at: datetime = Field(sa_type=UtcDateTime)


class BookingEvent(Table, table=True):
    """One signed event of a booking system, so that it counts once. Nothing of a person is in it."""

    __tablename__ = "booking_event"
    __table_args__ = (UniqueConstraint("source", "key"), Index("ix_booking_event_at", "at"))

    id: int = Field(default=None, primary_key=True)
    source: str
    key: str  # a hash of what makes it this event
    type: str
    booking_id: int | None = Field(default=None, foreign_key="booking.id", index=True, ondelete="CASCADE")
    at: datetime = Field(sa_type=UtcDateTime)  # when it came
