"""What Cal.com, Calendly and an agenda of one's own send: payloads as their documentation shows them, and signed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from service.domain import calcom, calendly, own_agenda
from service.domain.booking_events import Receive

SECRET = "a-secret-of-this-agenda-for-tests-alone"
FIRST_AT = datetime(2026, 3, 10, 8, 0, tzinfo=UTC)
"""When the first event of an appointment happened; a Tuesday."""
STARTS_AT = datetime(2026, 3, 17, 13, 0, tzinfo=UTC)
Payload = dict[str, Any]


def cal_com(
    trigger: str = "BOOKING_CREATED",
    *,
    uid: str = "bFJeNb2uX8ANpT3JL5EfXw",
    at: datetime = FIRST_AT,
    email: str = "anna@example.org",
    token: str | None = None,
    starts_at: datetime = STARTS_AT,
    moved_from: str | None = None,
) -> Payload:
    """A Cal.com webhook (cal.com/docs, Webhooks: an example webhook payload)."""
    payload: Payload = {
        "type": "pijncheck",
        "title": "Pijncheck between Solid Performance and Anna Bakker",
        "description": "",
        "additionalNotes": "Last van mijn rug",
        "customInputs": {},
        "startTime": _zulu(starts_at),
        "endTime": _zulu(starts_at + timedelta(hours=1)),
        "organizer": {
            "id": 5,
            "name": "Solid Performance",
            "email": "praktijk@solidperformance.example",
            "timeZone": "Europe/Amsterdam",
            "language": {"locale": "nl"},
        },
        "responses": {"email": {"label": "email_address", "value": email}, "notes": {"label": "additional_notes"}},
        "attendees": [
            {"email": email, "name": "Anna Bakker", "timeZone": "Europe/Amsterdam", "language": {"locale": "nl"}},
            {"email": "partner@example.org", "name": "Gast", "timeZone": "Europe/Amsterdam"},
        ],
        "location": "Voorbeeldstraat 1, Voorbeeldstad",
        "requiresConfirmation": None,
        "eventTypeId": 7,
        "uid": uid,
        "bookingId": 91,
        "length": 60,
        "metadata": {"videoCallUrl": "https://app.cal.example/video/1"} | ({"nurture": token} if token else {}),
        "status": "CANCELLED" if trigger == "BOOKING_CANCELLED" else "ACCEPTED",
    }
    if moved_from:
        payload["rescheduleUid"] = moved_from
    return {"triggerEvent": trigger, "createdAt": _zulu(at), "payload": payload}


def calendly_invitee(
    event: str = "invitee.created",
    *,
    uid: str = "AAAAAAAAAAAAAAAA",
    at: datetime = FIRST_AT,
    email: str = "anna@example.org",
    token: str | None = None,
    starts_at: datetime = STARTS_AT,
    moved_from: str | None = None,
    rescheduled: bool = False,
) -> Payload:
    """A Calendly webhook (developer.calendly.com, Webhook payload)."""
    scheduled = f"https://api.calendly.com/scheduled_events/{uid}"
    return {
        "created_at": _zulu(at),
        "created_by": "https://api.calendly.com/users/BBBBBBBBBBBBBBBB",
        "event": event,
        "payload": {
            "cancel_url": "https://calendly.com/cancellations/AAAAAAAAAAAAAAAA",
            "created_at": _zulu(FIRST_AT),
            "email": email,
            "event": scheduled,
            "first_name": None,
            "last_name": None,
            "name": "Anna Bakker",
            "new_invitee": None,
            "old_invitee": invitee_uri(moved_from) if moved_from else None,
            "questions_and_answers": [{"answer": "Mijn rug", "position": 0, "question": "Waar heb je last van?"}],
            "reschedule_url": "https://calendly.com/reschedulings/AAAAAAAAAAAAAAAA",
            "rescheduled": rescheduled,
            "status": "canceled" if event == "invitee.canceled" else "active",
            "text_reminder_number": None,
            "timezone": "Europe/Amsterdam",
            "tracking": {
                "utm_campaign": None,
                "utm_source": None,
                "utm_medium": None,
                "utm_content": token,
                "utm_term": None,
                "salesforce_uuid": None,
            },
            "updated_at": _zulu(at),
            "uri": invitee_uri(uid),
            "scheduled_event": {
                "created_at": _zulu(FIRST_AT),
                "end_time": _zulu(starts_at + timedelta(hours=1)),
                "event_type": "https://api.calendly.com/event_types/CCCCCCCCCCCCCCCC",
                "location": {"type": "physical", "location": "Voorbeeldstraat 1"},
                "name": "Pijncheck",
                "start_time": _zulu(starts_at),
                "status": "active",
                "uri": scheduled,
            },
        },
    }


def invitee_uri(uid: str) -> str:
    """How Calendly names an appointment of one person."""
    return f"https://api.calendly.com/scheduled_events/{uid}/invitees/{uid}"


def own(
    event: str = "booked",
    *,
    uid: str = "afspraak-4711",
    at: datetime = FIRST_AT,
    email: str = "anna@example.org",
    token: str | None = None,
    starts_at: datetime | None = STARTS_AT,
    moved_from: str | None = None,
) -> Payload:
    """An event of an agenda of one's own, as docs/booking.md describes it."""
    given = {"event": event, "id": uid, "at": _zulu(at), "email": email, "ref": token, "replaces": moved_from}
    return {
        name: value
        for name, value in (given | {"starts_at": _zulu(starts_at) if starts_at else None}).items()
        if value is not None
    }


@dataclass(frozen=True, kw_only=True)
class Agenda:
    """One source: what it sends when somebody books or calls it off, and how it signs."""

    name: str
    receive: Receive
    booked: Callable[..., Payload]
    cancelled: Callable[..., Payload]
    unknown: Callable[..., Payload]
    header: str
    timed: bool

    def signed(self, body: bytes, *, secret: str = SECRET, at: datetime | None = None) -> dict[str, str]:
        """The header for this body, signed now or at another moment (where the source signs its time)."""
        seconds = str(int((at or datetime.now(UTC)).timestamp()))
        if not self.timed:
            return {self.header: _hmac(secret, body)}
        return {self.header: f"t={seconds},v1={_hmac(secret, seconds.encode() + b'.' + body)}"}


def _cal_cancelled(**fields: Any) -> Payload:
    return cal_com("BOOKING_CANCELLED", **fields)


def _cal_unknown(**fields: Any) -> Payload:
    return cal_com("MEETING_ENDED", **fields)


def _calendly_cancelled(**fields: Any) -> Payload:
    return calendly_invitee("invitee.canceled", **fields)


def _calendly_unknown(**fields: Any) -> Payload:
    return calendly_invitee("invitee_no_show.created", **fields)


def _own_cancelled(**fields: Any) -> Payload:
    return own("cancelled", **fields)


def _own_unknown(**fields: Any) -> Payload:
    return own("arrived", **fields)


AGENDAS: Mapping[str, Agenda] = MappingProxyType(
    {
        "calcom": Agenda(
            name="calcom",
            receive=calcom.receive,
            booked=cal_com,
            cancelled=_cal_cancelled,
            unknown=_cal_unknown,
            header="x-cal-signature-256",
            timed=False,
        ),
        "calendly": Agenda(
            name="calendly",
            receive=calendly.receive,
            booked=calendly_invitee,
            cancelled=_calendly_cancelled,
            unknown=_calendly_unknown,
            header="calendly-webhook-signature",
            timed=True,
        ),
        "generic": Agenda(
            name="generic",
            receive=own_agenda.receive,
            booked=own,
            cancelled=_own_cancelled,
            unknown=_own_unknown,
            header="nurture-signature",
            timed=True,
        ),
    }
)


def as_body(payload: Payload) -> bytes:
    """The payload as it goes over the line."""
    return json.dumps(payload).encode()


def _hmac(secret: str, signed: bytes) -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def _zulu(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
