"""Requests for a pain check, appointments, and the events that tell of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlmodel import Session, col, func, select

from service.store.tables import Booking, BookingEvent, BookingRequest, TimelineEntry

_AT_A_TIME = 1_000  # names in one statement


def unanswered(request_id: int) -> str:
    """The cause under which staff are alerted that a request waits for too long."""
    return f"request-unanswered:{request_id}"


def request(session: Session, request_id: int) -> BookingRequest | None:
    """One request, as it is now."""
    return session.get(BookingRequest, request_id, populate_existing=True)


def hold(session: Session, request_id: int) -> BookingRequest | None:
    """One request as it is now, which nobody else changes until the transaction ends; its lead is locked before it."""
    statement = select(BookingRequest).where(BookingRequest.id == request_id).with_for_update()
    return session.exec(statement.execution_options(populate_existing=True)).first()


def lately_handled(session: Session, limit: int) -> Sequence[BookingRequest]:
    """Requests that were answered, the newest answer first."""
    answered = select(BookingRequest).where(col(BookingRequest.handled_at).is_not(None))
    newest_first = (col(BookingRequest.handled_at).desc(), col(BookingRequest.id).desc())
    return session.exec(answered.order_by(*newest_first).limit(limit)).all()


def open_requests(session: Session, lead_id: int | None = None) -> Sequence[BookingRequest]:
    """Requests that nobody answered, oldest first; of one lead, or all."""
    statement = select(BookingRequest).where(col(BookingRequest.handled_at).is_(None)).order_by(col(BookingRequest.id))
    return session.exec(statement if lead_id is None else statement.where(BookingRequest.lead_id == lead_id)).all()


def count_open(session: Session) -> int:
    """How many requests nobody answered yet."""
    waiting = select(func.count()).select_from(BookingRequest).where(col(BookingRequest.handled_at).is_(None))
    return session.exec(waiting).one()


def leads_waiting(session: Session, now: datetime, limit: int) -> Sequence[int]:
    """The leads behind `to_remind_of`, looked at without a lock: whoever wants both takes the leads first."""
    statement = (
        select(BookingRequest.lead_id)
        .where(col(BookingRequest.remind_at) <= now, col(BookingRequest.lead_id).is_not(None))
        .order_by(col(BookingRequest.remind_at))
        .limit(limit)
    )
    return [lead_id for lead_id in session.exec(statement) if lead_id is not None]


def to_remind_of(session: Session, now: datetime, limit: int) -> Sequence[BookingRequest]:
    """Requests that have waited for too long, and of which nobody was told. Held until the commit."""
    statement = (
        select(BookingRequest)
        .where(col(BookingRequest.remind_at).is_not(None), col(BookingRequest.remind_at) <= now)
        .order_by(col(BookingRequest.remind_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return session.exec(statement).all()


def by_external_ids(session: Session, source: str, external_ids: Collection[str]) -> dict[str, Booking]:
    """Appointments by their source's name for them, those that we know."""
    every = sorted(external_ids)
    found: dict[str, Booking] = {}
    for start in range(0, len(every), _AT_A_TIME):
        mine = col(Booking.external_id).in_(every[start : start + _AT_A_TIME])
        statement = select(Booking).where(Booking.source == source, mine)
        found |= {row.external_id: row for row in session.exec(statement.execution_options(populate_existing=True))}
    return found


def of_lead(session: Session, lead_id: int) -> Sequence[Booking]:
    """A lead's appointments, in the order we heard of them."""
    return session.exec(select(Booking).where(Booking.lead_id == lead_id).order_by(col(Booking.id))).all()


def events_of_lead(session: Session, lead_id: int) -> Sequence[BookingEvent]:
    """What came in about a lead's appointments."""
    statement = select(BookingEvent).join(Booking, col(Booking.id) == col(BookingEvent.booking_id))
    return session.exec(statement.where(Booking.lead_id == lead_id).order_by(col(BookingEvent.id))).all()


def has_event(session: Session, source: str, key: str) -> bool:
    """Did this very event come before?"""
    found = select(BookingEvent.id).where(BookingEvent.source == source, BookingEvent.key == key)
    return session.exec(found).first() is not None


def last_link_used(session: Session, lead_id: int) -> int | None:
    """The message whose own link the lead used last, to ask for a pain check or to go on to the agenda; if ever."""
    presses = session.exec(
        select(TimelineEntry)
        .where(TimelineEntry.lead_id == lead_id, TimelineEntry.kind == "booking_pressed")
        .order_by(col(TimelineEntry.at).desc(), col(TimelineEntry.id).desc())
        .limit(1)
    ).first()
    asked = session.exec(
        select(BookingRequest)
        .where(BookingRequest.lead_id == lead_id, col(BookingRequest.from_message_id).is_not(None))
        .order_by(col(BookingRequest.created_at).desc(), col(BookingRequest.id).desc())
        .limit(1)
    ).first()
    used = [(presses.at, int(presses.details["message"]))] if presses else []
    used += [(asked.created_at, asked.from_message_id)] if asked and asked.from_message_id else []
    return max(used)[1] if used else None
