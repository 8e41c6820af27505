"""The pain check: a request that pauses the mails and tells the practice, and a booking that ends them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.domain.enrolment import State
from service.errors import FieldProblem, InvalidInputError
from service.flows import planning, privacy
from service.flows.messages import add_service_mail, add_staff_mails
from service.flows.services import Services
from service.store import enrolments, leads, message_rows, outbox
from service.store.db import notify_sender, take_locks
from service.store.tables import BookingRequest, Lead, Message

PAUSE = timedelta(days=14)
TIMES = MappingProxyType({"morning": "ochtend", "afternoon": "middag"})
"""The parts of the day on the form, and their words in `preferred`, where the days stand too."""


@dataclass(frozen=True, kw_only=True)
class PainCheckRequest:
    """What somebody filled in on the request form, already checked in shape and length.

    `email` is asked of those alone whom we know no more; `preferred` are days and parts of the day, in Dutch.
    """

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    preferred: tuple[str, ...] = ()
    note: str | None = None


def request(session: Session, services: Services, message: Message, wish: PainCheckRequest, now: datetime) -> bool:
    """Keep the request, pause the mails for two weeks, mail the practice, and the lead a receipt.

    The same lead asking again while a request is open adds nothing: False.
    """
    lead = _lock(session, services, message)
    if lead is None or _open(session, lead.id):
        return False
    row = BookingRequest(
        lead_id=lead.id,
        from_message_id=message.id,
        name=wish.name,
        phone=wish.phone,
        preferred=list(wish.preferred),
        note=wish.note,
        created_at=now,
    )
    session.add(row)
    session.flush()
    for enrolment in enrolments.of_lead(session, lead.id):
        planning.put_off(session, enrolment, "pain_check_request", now + PAUSE, now)
    leads.note(session, lead.id, "pain_check_requested", now, message=message.id)
    _mail(session, services, lead, row, message, now)
    notify_sender(session)
    return True


def request_after_erasing(
    session: Session, services: Services, public_id: str, wish: PainCheckRequest, now: datetime
) -> bool:
    """The same by the link of a lead who was erased: we know nothing any more, so a way to answer must be given.

    Once for each link: False when it came before. The e-mail address goes to the practice and is not kept.
    """
    if not wish.phone and not wish.email:
        detail = "Vul je telefoonnummer of je e-mailadres in, anders kunnen we je niet bereiken."
        raise InvalidInputError(
            "a phone number or an address is needed", detail, fields=[FieldProblem(pointer="/phone", detail=detail)]
        )
    take_locks(session, [f"request:{public_id}"])
    cause = f"pain-check-request:{public_id}"
    if message_rows.has_cause(session, cause):
        return False
    row = BookingRequest(
        name=wish.name, phone=wish.phone, preferred=list(wish.preferred), note=wish.note, created_at=now
    )
    session.add(row)
    extra = {"request": _details(session, services, row, now) | {"email": wish.email or ""}}
    add_staff_mails(session, services, cause=cause, template="dienst-aanvraag", now=now, extra=extra)
    notify_sender(session)
    return True


def booked(session: Session, services: Services, lead: Lead, source: str, now: datetime) -> bool:
    """There is an appointment: every run of this lead that ends on it ends, and nothing queued goes out."""
    lead = leads.lock_one(session, lead.id, services.hmac)
    changed = False
    for enrolment in enrolments.of_lead(session, lead.id):
        sequence = services.published.sequence(session, enrolment.sequence_revision_id)
        if enrolment.goal_at is None and "booked" in sequence.exit_on:
            enrolment.goal_at = now
            changed = True
            if enrolment.state == State.ACTIVE:
                planning.end(enrolment, State.FINISHED, "booked", now)
            elif enrolment.state == State.AWAITING_CONFIRMATION:
                planning.end(enrolment, State.STOPPED, "booked", now)
    for row in session.exec(_open_requests(lead.id)):
        row.handled_at = now
        changed = True
    changed |= outbox.cancel_follow_ups(session, lead.id, "afspraak gemaakt", now) > 0
    if changed:
        leads.note(session, lead.id, "booked", now, source=source)
        session.flush()
        privacy.reckon_erasing(session, services, lead, now)
    return changed


def pressed(session: Session, services: Services, message: Message, now: datetime) -> None:
    """The lead goes on to the practice's own booking page: this step gets the credit (ACCEPTANCE M10)."""
    lead = _lock(session, services, message)
    if lead is not None:
        leads.note(session, lead.id, "booking_pressed", now, message=message.id, step=message.step)


def _lock(session: Session, services: Services, message: Message) -> Lead | None:
    return None if message.lead_id is None else leads.lock_one(session, message.lead_id, services.hmac)


def _open_requests(lead_id: int) -> SelectOfScalar[BookingRequest]:
    return select(BookingRequest).where(BookingRequest.lead_id == lead_id, col(BookingRequest.handled_at).is_(None))


def _open(session: Session, lead_id: int) -> bool:
    return session.exec(_open_requests(lead_id)).first() is not None


def _mail(
    session: Session, services: Services, lead: Lead, row: BookingRequest, message: Message, now: datetime
) -> None:
    details = _details(session, services, row, now)
    details |= {"name": row.name or lead.first_name or "", "email": lead.address, "topic": message.sequence or ""}
    extra = {"request": details}
    add_staff_mails(
        session,
        services,
        cause=f"pain-check-request:{row.id}",
        template="dienst-aanvraag",
        now=now,
        extra=extra,
        about=lead,
    )
    add_service_mail(
        session,
        services,
        cause=f"pain-check-receipt:{row.id}",
        template="dienst-ontvangst",
        recipient=lead.address,
        now=now,
        to_lead=lead,
        extra=extra,
    )


def _details(session: Session, services: Services, row: BookingRequest, now: datetime) -> dict[str, str]:
    """What the mail to the practice shows; every field is there, empty where nothing was filled in."""
    return {
        "name": row.name or "",
        "email": "",
        "phone": row.phone or "",
        "days": ", ".join(each for each in row.preferred if each not in TIMES.values()),
        "times": ", ".join(each for each in row.preferred if each in TIMES.values()),
        "remarks": row.note or "",
        "topic": "",
        "requested_at": services.published.calendar(session).local(now).strftime("%d-%m-%Y %H:%M"),
        "url": "",
    }
