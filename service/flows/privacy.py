"""How long we keep whom, and erasing: every trace goes, a keyed hash stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, delete, or_, select

from service.flows.services import Services
from service.store import bookings, consents, events, lead_rows, leads, message_rows, rates
from service.store import retention as retention_rows
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

BATCH = 100


def reckon_erasing(session: Session, services: Services, lead: Lead, now: datetime) -> None:
    """Set when a lead is to be erased (ACCEPTANCE C6): never while an active follow-up consent stands.

    Else 14 days after the last advice was settled, at the latest 28 days after the last opt-in (both settings).
    """
    session.flush()
    if consents.active_of_lead(session, lead.id):
        lead.erase_at = None
        return
    latest = erased_at_latest(services, leads.last_opt_in_at(session, lead.id) or lead.created_at)
    settled_at, on_its_way = message_rows.last_advice_settled_at(session, lead.id)
    if settled_at is not None and not on_its_way:
        latest = min(latest, settled_at + services.retention.after_advice)
    lead.erase_at = max(latest, now)


def erased_at_latest(services: Services, asked_at: datetime) -> datetime:
    """When a lead who last asked then, and never agreed to follow-ups, is erased whatever else happens."""
    return asked_at + services.retention.after_opt_in


def erase_expired(session: Session, services: Services, now: datetime) -> list[int]:
    """Erase leads whose time is over, a batch at most. Returns their ids."""
    return erase_those(session, services, lambda look: leads.to_erase(look, now, BATCH), "expired", now)


def erase_those(
    session: Session, services: Services, find: Callable[[Session], Sequence[int]], why: str, now: datetime
) -> list[int]:
    """Erase the leads that `find` gives, and gives again under their locks. Returns their ids."""
    due = find(session)
    addresses = [lead.address for each in due if (lead := session.get(Lead, each))]
    leads.lock(session, due, [services.hmac(address) for address in addresses])  # all at once, in everybody's order
    # Who said yes, asked again or asked for a pain check while we waited for the locks is not erased.
    still_due = sorted(set(due) & set(find(session)))
    for lead_id in still_due:
        erase(session, services, lead_id, why, now)
    return still_due


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
    rates.unlink(session, lead_id)
    for table in (Message, Withdrawal, Consent, OptIn, Enrolment, TimelineEntry):
        session.exec(delete(table).where(col(table.lead_id) == lead_id))
    session.exec(delete(Lead).where(col(Lead.id) == lead_id))
    forget_requests(session, hmac)
    session.add_all(ErasedToken(public_id=each, address_hmac=hmac, erased_at=now) for each in public_ids)
    events.audit(session, actor, lead_rows.ERASED, now, lead=lead_id, why=why)


def forget_requests(session: Session, address_hmac: str) -> int:
    """Remove what somebody who was erased asked for afterwards, by the link of an old mail. Returns how many requests.

    Such a request refers to nobody: it is known by that link, in the cause of the mail that took it to the practice.
    """
    links = session.exec(select(ErasedToken.public_id).where(ErasedToken.address_hmac == address_hmac)).all()
    if not links:
        return 0
    causes = [f"pain-check-request:{each}" for each in links]
    mails = session.exec(select(Message).where(col(Message.lead_id).is_(None), col(Message.cause).in_(causes))).all()
    damaged = {mail.created_at for mail in mails if "extra" not in mail.content}
    told = {
        _asked(mail.created_at, mail.content["extra"]["request"], note="remarks")
        for mail in mails
        if mail.created_at not in damaged
    }
    rows = session.exec(select(BookingRequest).where(col(BookingRequest.lead_id).is_(None))).all()
    theirs = [
        row.id
        for row in rows
        if row.created_at in damaged or _asked(row.created_at, row.model_dump(), note="note") in told
    ]
    ids = [mail.id for mail in mails]
    retention_rows.remove_requests(session, theirs)
    session.exec(delete(Attempt).where(col(Attempt.message_id).in_(ids)))
    session.exec(delete(Message).where(col(Message.id).in_(ids)))
    return len(theirs)


def _asked(at: datetime, words: Mapping[str, Any], *, note: str) -> tuple[object, ...]:
    """What a request and its mail have in common: they are of one transaction, and say the same."""
    return (at, *(words[name] or "" for name in ("name", "phone", note)))
