"""What booking systems tell becomes appointments: each event counts once, and their order does not matter.

The newest event of an appointment decides what it is. Whatever the order, "booked" ends the lead's runs and "cancelled"
changes nothing but what staff know.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session

from service.domain.booking_events import BookingChange, Event
from service.domain.lead import normalise_address
from service.errors import InvalidInputError, NotFoundError
from service.flows import booking, booking_mails
from service.flows.services import Services
from service.store import bookings, leads, message_rows
from service.store.db import take_locks
from service.store.tables import Booking, BookingEvent, Lead, Message

_AFTER_ALL = {"booked": 0, "moved": 1, "cancelled": 2}
"""Of two events of one moment the later in this order counts, whichever came first."""
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class _Whose:
    """Whose appointment it is: a lead, locked; or nobody we know, by a keyed hash. `message`: its token came back."""

    lead: Lead | None
    hmac: str | None
    message: Message | None


def take(session: Session, services: Services, source: str, event: Event, now: datetime) -> bool:
    """Keep an event, and do what it means. False for one that came before: it changes nothing."""
    if not isinstance(event, BookingChange):
        take_locks(session, [f"booking-event:{source}:{event.key}"])
        if bookings.has_event(session, source, event.key):
            return False
        session.add(BookingEvent(source=source, key=event.key, type=event.type, at=now))
        return True
    # Before any row: who holds leads never waits for these.
    take_locks(session, [f"booking:{source}:{name}" for name in (event.booking, event.replaces) if name])
    if bookings.has_event(session, source, event.key):
        return False
    row = apply(session, services, source, event, now)
    session.add(BookingEvent(source=source, key=event.key, type=event.type, booking_id=row.id, at=now))
    return True


def apply(session: Session, services: Services, source: str, event: BookingChange, now: datetime) -> Booking:
    """Bring the appointment up to this event, end the runs it ends, and tell staff of a cancellation. Returns it."""
    names = [name for name in (event.booking, event.replaces) if name]
    whose = _whose(session, services, event, bookings.by_external_ids(session, source, names))
    known = bookings.by_external_ids(session, source, names)  # once more: what was waited for may have changed it
    before = known.get(event.replaces) if event.replaces else None
    row = _changed(session, known.get(event.booking), source, event, event.booking, whose, now)
    if event.replaces:
        moved = BookingChange(key=event.key, type=event.type, kind="moved", booking=event.replaces, at=event.at)
        before = _changed(session, before, source, moved, event.replaces, whose, now)
    if event.kind == "booked" and whose.lead is not None:
        if whose.message is not None:
            row.message_id = whose.message.id
        elif row.message_id is None:
            row.message_id = (before and before.message_id) or bookings.last_link_used(session, whose.lead.id)
        booking.end_runs(session, services, whose.lead, source, now, held_at=event.starts_at)
    session.flush()
    if row.state == "cancelled" and whose.lead is not None:
        _tell_once(session, services, row, whose.lead, now)
    return row


def _tell_once(session: Session, services: Services, row: Booking, lead: Lead, now: datetime) -> None:
    if not message_rows.has_cause(session, booking_mails.cancelled_cause(row)):
        leads.note(session, lead.id, "booking_cancelled", now, source=row.source, booking=row.id)
        booking_mails.cancelled(session, services, row, lead, now)


def _changed(
    session: Session,
    row: Booking | None,
    source: str,
    event: BookingChange,
    name: str,
    whose: _Whose,
    now: datetime,
) -> Booking:
    """The appointment's row, made or brought up to the event where that is the newest."""
    if row is None:
        row = Booking(source=source, external_id=name, state=event.kind, at=event.at, created_at=now)
        row.starts_at = event.starts_at
        session.add(row)
    elif _order(event.at, event.kind, event.starts_at) > _order(row.at, row.state, row.starts_at):
        row.state, row.at, row.starts_at = event.kind, event.at, event.starts_at
    if whose.lead is not None:
        row.lead_id, row.address_hmac = whose.lead.id, None
    elif row.lead_id is None:
        row.address_hmac = whose.hmac or row.address_hmac
    session.flush()
    return row


def _order(at: datetime, state: str, starts_at: datetime | None) -> tuple[datetime, int, datetime]:
    return at, _AFTER_ALL[state], starts_at or _NEVER


def _whose(session: Session, services: Services, event: BookingChange, known: dict[str, Booking]) -> _Whose:
    """Our own token first, then what we knew of this appointment, or of the one before it, then the address."""
    message = _behind(session, services, event.reference)
    address = _address(event.address)
    found = [message.lead_id] if message else []
    found += [known[name].lead_id for name in (event.booking, event.replaces or "") if name in known]
    if address and (lead := leads.by_address(session, address)):
        found.append(lead.id)
    lead_id = next((each for each in found if each is not None), None)
    hmac = services.hmac(address) if address else None
    if lead_id is not None:
        try:
            return _Whose(lead=leads.lock_one(session, lead_id, services.hmac), hmac=hmac, message=message)
        except NotFoundError:
            pass  # erased while we waited: an appointment of nobody we know
    return _Whose(lead=None, hmac=hmac, message=None)


def _behind(session: Session, services: Services, reference: str | None) -> Message | None:
    """The message whose link led to the agenda; None for any other string that came back, and once it is erased."""
    public_id = services.keyring.read("r", reference) if reference else None
    found = message_rows.by_public_id(session, public_id) if public_id else None
    return found if found is not None and found.lead_id is not None else None


def _address(typed: str | None) -> str | None:
    """An agenda takes what people type: what is no address matches nobody."""
    try:
        return normalise_address(typed) if typed else None
    except InvalidInputError:
        return None
