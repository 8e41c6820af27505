"""All rows about one lead, for those who may see them: the practice, and the lead."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, select

from service.store import consents, enrolments, leads, message_rows, receipts
from service.store.tables import Attempt, BookingRequest, Lead, Message, Table


def attempts(session: Session, lead_id: int) -> dict[int, list[Attempt]]:
    """message id -> its attempts, oldest first, for every message of a lead."""
    statement = (
        select(Attempt)
        .join(Message, col(Message.id) == Attempt.message_id)
        .where(Message.lead_id == lead_id)
        .order_by(col(Attempt.id))
    )
    found: dict[int, list[Attempt]] = {}
    for attempt in session.exec(statement):
        found.setdefault(attempt.message_id, []).append(attempt)
    return found


def booking_requests(session: Session, lead_id: int) -> Sequence[BookingRequest]:
    """A lead's requests for a pain check, oldest first."""
    statement = select(BookingRequest).where(BookingRequest.lead_id == lead_id).order_by(col(BookingRequest.id))
    return session.exec(statement).all()


def everything(session: Session, lead: Lead) -> dict[str, Sequence[Table]]:
    """table -> rows: whatever is stored of a lead, in the order it came about."""
    given = consents.of_lead(session, lead.id)
    return {
        "lead": [lead],
        "opt_in": leads.opt_ins(session, lead.id),
        "consent": [consent for consent, _ in given],
        "withdrawal": [withdrawal for _, withdrawal in given if withdrawal],
        "receipt": receipts.of_lead(session, lead.id),
        "enrolment": enrolments.of_lead(session, lead.id),
        "message": message_rows.of_lead(session, lead.id),
        "attempt": [attempt for each in attempts(session, lead.id).values() for attempt in each],
        "booking_request": booking_requests(session, lead.id),
        "timeline": leads.timeline(session, lead.id),
    }
