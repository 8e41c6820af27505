"""Cal.com's events: `X-Cal-Signature-256` is the HMAC-SHA256 of the body in hex (cal.com/docs, Webhooks).

It signs no time beside the body, but the body's own `createdAt` is signed with it: an event of more than a week ago is
refused, and a younger one that came before is known by its key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Annotated

from pydantic import Field, JsonValue

from service.domain.booking_events import (
    BadSignatureError,
    BookingChange,
    Event,
    Kind,
    Moment,
    Name,
    Told,
    event_key,
    is_signed,
    other,
    read_json,
)

HEADER = "x-cal-signature-256"
OLDEST = timedelta(days=7)
METADATA = "nurture"
"""The key under which a booking page carries our token: `?metadata[nurture]=…` comes back in the payload's metadata."""
KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "BOOKING_CREATED": "booked",
        "BOOKING_RESCHEDULED": "booked",
        "BOOKING_CANCELLED": "cancelled",
        "BOOKING_REJECTED": "cancelled",
    }
)


class _Head(Told):
    trigger: str = Field(alias="triggerEvent")
    created_at: Moment = Field(alias="createdAt")


class _Attendee(Told):
    email: str | None = None


class _Payload(Told):
    uid: Name
    starts_at: Moment | None = Field(default=None, alias="startTime")
    attendees: Annotated[tuple[_Attendee, ...], Field(max_length=500)] = ()
    metadata: dict[str, JsonValue] | None = None
    moved_from: Name | None = Field(default=None, alias="rescheduleUid")


class _Booking(Told):
    payload: _Payload


def receive(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> Event:
    """See `booking_events.Receive`. The first attendee is who booked; the others are guests."""
    if not is_signed(headers.get(HEADER, ""), body, secrets):
        raise BadSignatureError
    head = read_json(body, _Head)
    if head.created_at < now - OLDEST:
        raise BadSignatureError
    kind = KINDS.get(head.trigger)
    if kind is None:
        return other(head.trigger, body)
    payload = read_json(body, _Booking).payload
    reference = (payload.metadata or {}).get(METADATA)
    return BookingChange(
        key=event_key(head.trigger, payload.uid, head.created_at.isoformat()),
        type=head.trigger,
        kind=kind,
        booking=payload.uid,
        at=head.created_at,
        starts_at=payload.starts_at,
        address=payload.attendees[0].email if payload.attendees else None,
        reference=reference if isinstance(reference, str) else None,
        # A cancelled booking names the one it came from too: that one was replaced long before.
        replaces=payload.moved_from if kind == "booked" and payload.moved_from != payload.uid else None,
    )
