"""Calendly's events: `Calendly-Webhook-Signature: t=…,v1=…` (developer.calendly.com, Webhook signatures).

An appointment is named by its invitee's address there: moving one makes a new invitee and calls the old one off.
"""

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

HEADER = "calendly-webhook-signature"
KINDS: Mapping[str, Kind] = MappingProxyType({"invitee.created": "booked", "invitee.canceled": "cancelled"})


class _Head(Told):
    event: str
    created_at: Moment


class _Scheduled(Told):
    start_time: Moment | None = None


class _Tracking(Told):
    utm_content: str | None = None


class _Invitee(Told):
    uri: Name
    email: str | None = None
    updated_at: Moment | None = None
    rescheduled: bool = False
    old_invitee: Name | None = None
    scheduled_event: _Scheduled | None = None
    tracking: _Tracking | None = None


class _Booking(Told):
    payload: _Invitee


def receive(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> Event:
    """See `booking_events.Receive`. Our token comes back as `utm_content`."""
    check_timed(headers.get(HEADER), body, secrets, now)
    head = read_json(body, _Head)
    kind = KINDS.get(head.event)
    if kind is None:
        return other(head.event, body)
    invitee = read_json(body, _Booking).payload
    # When the invitee changed, not when this was sent: an old event that is sent anew must not count as the newest.
    at = invitee.updated_at or head.created_at
    return BookingChange(
        key=event_key(head.event, invitee.uri, at.isoformat()),
        type=head.event,
        kind="moved" if kind == "cancelled" and invitee.rescheduled else kind,
        booking=invitee.uri,
        at=at,
        starts_at=invitee.scheduled_event.start_time if invitee.scheduled_event else None,
        address=invitee.email,
        reference=invitee.tracking.utm_content if invitee.tracking else None,
        replaces=invitee.old_invitee if kind == "booked" else None,
    )
