"""The events of any other agenda, as docs/booking.md describes them: `Nurture-Signature: t=…,v1=…` and a flat JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from service.domain.booking_events import (
    BookingChange,
    Event,
    Kind,
    Moment,
    Name,
    Told,
    check_timed,
    event_key,
    other,
    read_json,
)

HEADER = "nurture-signature"
KINDS: Mapping[str, Kind] = MappingProxyType({"booked": "booked", "rescheduled": "booked", "cancelled": "cancelled"})


class _Head(Told):
    event: str


class _Booking(Told):
    id: Name
    at: Moment
    email: str | None = None
    ref: str | None = None
    starts_at: Moment | None = None
    replaces: Name | None = None


def receive(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> Event:
    """See `booking_events.Receive`. An appointment that keeps its id when it moves is sent as `rescheduled`."""
    check_timed(headers.get(HEADER), body, secrets, now)
    event = read_json(body, _Head).event
    kind = KINDS.get(event)
    if kind is None:
        return other(event, body)
    told = read_json(body, _Booking)
    return BookingChange(
        key=event_key(event, told.id, told.at.isoformat()),
        type=event,
        kind=kind,
        booking=told.id,
        at=told.at,
        starts_at=told.starts_at,
        address=told.email,
        reference=told.ref,
        replaces=told.replaces if kind == "booked" and told.replaces != told.id else None,
    )
