"""Requests for a pain check that wait for the practice: listed, answered, and told of when that takes too long."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from service.errors import NotFoundError, RefusedError
from service.flows import alerts, booking, booking_mails
from service.flows.services import Services
from service.store import bookings, events, leads
from service.store.tables import AuditEntry, BookingRequest, Lead

_BATCH = 100
_TRIED, _TRIES = "request tried", 500  # the action in the audit log, and how many of it are looked at


def close(
    session: Session,
    services: Services,
    request_id: int,
    outcome: booking.Outcome,
    *,
    actor: str,
    now: datetime,
    starts_at: datetime | None = None,
    asked: str = "",
) -> BookingRequest:
    """Note what became of a request; `booked` ends the lead's mails as `nurture lead booked` does.

    `starts_at`: when the appointment is, where that is known; `asked`: the `mark` of the request that was seen.
    Any other outcome leaves the pause as it is: it ends by itself. Raises NotFoundError, and RefusedError
    where it was closed before.
    """
    row, lead = _hold(session, services, request_id, asked)
    booking.handled(session, row, outcome, now)
    if lead is not None:
        leads.note(session, lead.id, "pain_check_answered", now, outcome=outcome)
        if outcome == "booked":
            booking.booked(session, services, lead, "staff", now, starts_at=starts_at)
    events.audit(session, actor, "request closed", now, request=request_id, lead=row.lead_id, outcome=outcome)
    return row


def mark(row: BookingRequest) -> str:
    """Which request a form is about: a number may be another's once a backup was put back."""
    return row.created_at.isoformat()


def tried(
    session: Session, services: Services, request_id: int, *, seen: int, actor: str, now: datetime, asked: str = ""
) -> bool:
    """Somebody called or wrote, and reached nobody: that is noted, and the request stays open.

    `seen`: how many such tries were known to whoever says so. False where there are more by now: it was pressed twice,
    or a colleague just noted the same. Raises as `close` does.
    """
    row, lead = _hold(session, services, request_id, asked)
    if len(tries(session, [row]).get(row.id, ())) != seen:
        return False
    if lead is not None:
        leads.note(session, lead.id, "pain_check_tried", now)
    events.audit(session, actor, _TRIED, now, request=request_id, lead=row.lead_id)
    return True


def tries(session: Session, rows: Iterable[BookingRequest]) -> dict[int, list[AuditEntry]]:
    """request id -> each time that nobody was reached, newest first; of the newest tries of all."""
    made = {row.id: row.created_at for row in rows}
    found: dict[int, list[AuditEntry]] = {}
    for entry in events.audit_log(session, limit=_TRIES, action=_TRIED) if made else ():
        number = entry.details["request"]
        if number in made and entry.at >= made[number]:  # an id may be given out again
            found.setdefault(number, []).append(entry)
    return found


def waiting(session: Session) -> list[tuple[BookingRequest, Lead | None]]:
    """Open requests with their leads, oldest first; None for somebody whom we know no more."""
    return [
        (row, session.get(Lead, row.lead_id) if row.lead_id is not None else None)
        for row in bookings.open_requests(session)
    ]


def _hold(session: Session, services: Services, request_id: int, asked: str) -> tuple[BookingRequest, Lead | None]:
    """An open request and its lead, as they are now that nobody else can answer it."""
    row = bookings.request(session, request_id)
    if row is None:
        raise NotFoundError(f"there is no request {request_id}", f"er is geen aanvraag {request_id}")
    lead = leads.lock_one(session, row.lead_id, services.hmac) if row.lead_id is not None else None
    row = bookings.hold(session, request_id)
    if row is not None and asked not in {"", mark(row)}:
        raise NotFoundError("this request was erased", "Deze aanvraag is gewist.")
    if row is None or row.handled_at is not None:
        raise RefusedError(
            f"request {request_id} was closed before: {row.outcome or 'handled' if row else 'erased'}",
            f"aanvraag {request_id} was al afgehandeld",
        )
    return row, lead


def remind(session: Session, services: Services, now: datetime) -> int:
    """Tell staff of each request that has waited for a working day: once. Returns of how many."""
    locked = leads.lock(session, bookings.leads_waiting(session, now, _BATCH), [])
    # Whoever was erased while we waited is not there any more, and whoever came since waits a minute.
    due = [row for row in bookings.to_remind_of(session, now, _BATCH) if row.lead_id is None or row.lead_id in locked]
    for row in due:
        row.remind_at = None
        if row.handled_at is None:
            alerts.tell(
                session,
                bookings.unanswered(row.id),
                dutch=f"Aanvraag {row.id} voor een pijncheck wacht al een werkdag op antwoord. "
                "Kijk met: nurture request list",
                english=f"request {row.id} for a pain check has waited for a working day; see: nurture request list",
                now=now,
            )
            booking_mails.remind(session, services, row, now)
    return len(due)
