"""How long we keep whom, and erasing: every trace goes, a keyed hash stays."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, delete, or_, select

from service.flows.services import Services
from service.store import bookings, consents, events, leads, message_rows
from service.store.tables import (
    Attempt,
    Booking,
    BookingRequest,
    Consent,
    Enrolment,
    ErasedToken,
    Lead,
    Message,
    OptIn,
    TimelineEntry,
    Withdrawal,
)

_BATCH = 100


def reckon_erasing(session: Session, services: Services, lead: Lead, now: datetime) -> None:
    """Set when a lead is to be erased (ACCEPTANCE C6): never while an active follow-up consent stands.

    Else 14 days after the last advice was settled, at the latest 28 days after the last opt-in (both settings).
    """
    session.flush()
    if consents.active_of_lead(session, lead.id):
        lead.erase_at = None
        return
    asked_at = leads.last_opt_in_at(session, lead.id) or lead.created_at
    latest = asked_at + services.retention.after_opt_in
    settled_at, on_its_way = message_rows.last_advice_settled_at(session, lead.id)
    if settled_at is not None and not on_its_way:
        latest = min(latest, settled_at + services.retention.after_advice)
    lead.erase_at = max(latest, now)


def erase_expired(session: Session, services: Services, now: datetime) -> int:
    """Erase leads whose time is over. Returns how many."""
    due = leads.to_erase(session, now, _BATCH)
    addresses = [lead.address for each in due if (lead := session.get(Lead, each))]
    leads.lock(session, due, [services.hmac(address) for address in addresses])  # all at once, in everybody's order
    # Who said yes, asked again or asked for a pain check while we waited for the locks is not erased.
    still_due = set(due) & set(leads.to_erase(session, now, _BATCH))
    for lead_id in sorted(still_due):
        erase(session, services, lead_id, "expired", now)
    return len(still_due)


def erase(
    session: Session, services: Services, lead_id: int, why: str, now: datetime, *, actor: str = "service"
) -> None:
    """Remove every trace of a lead. Old links then show a friendly page, and `/u/` still suppresses."""
    lead = session.get(Lead, lead_id)
    if lead is None:
        return
    hmac = services.hmac(lead.address)
    if not leads.lock(session, [lead_id], [hmac]):
        return  # somebody else erased it while we waited
    public_ids = [lead.public_id]
    public_ids += session.exec(select(OptIn.public_id).where(OptIn.lead_id == lead_id)).all()
    public_ids += session.exec(select(Message.public_id).where(Message.lead_id == lead_id)).all()
    mine = select(Message.id).where(Message.lead_id == lead_id)
    # From what refers to others, to what is referred to. Mails to the practice about this lead go too.
    for asked in session.exec(select(BookingRequest.id).where(BookingRequest.lead_id == lead_id)):
        events.resolve_alert(session, bookings.unanswered(asked), now)
    session.exec(delete(BookingRequest).where(col(BookingRequest.lead_id) == lead_id))
    session.exec(delete(Booking).where(or_(col(Booking.lead_id) == lead_id, col(Booking.address_hmac) == hmac)))
    session.exec(delete(Attempt).where(col(Attempt.message_id).in_(mine)))
    for table in (Message, Withdrawal, Consent, OptIn, Enrolment, TimelineEntry):
        session.exec(delete(table).where(col(table.lead_id) == lead_id))
    session.exec(delete(Lead).where(col(Lead.id) == lead_id))
    session.add_all(ErasedToken(public_id=each, address_hmac=hmac, erased_at=now) for each in public_ids)
    events.audit(session, actor, "lead erased", now, lead=lead_id, why=why)
