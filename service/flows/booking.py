"""The pain check: a request that pauses the mails and tells the practice, and a booking that ends them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import Session

from service.domain import mail_reasons, pain_check
from service.domain.enrolment import State
from service.errors import FieldProblem, InvalidInputError
from service.flows import alerts, booking_mails, planning, privacy
from service.flows.services import Services
from service.mail.links import new_public_id
from service.store import bookings, enrolments, leads, message_rows, outbox
from service.store.db import take_locks
from service.store.tables import Booking, BookingRequest, Lead, Message

PAUSE = timedelta(days=14)
Outcome = Literal["booked", "declined", "cancelled", "handled"]
"""What became of a request: an appointment, a no, called off by the lead, or anything else."""


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
    if lead is None or bookings.open_requests(session, lead.id):
        return False
    row = _keep(session, services, wish, now, lead=lead, message=message)
    for enrolment in enrolments.of_lead(session, lead.id):
        planning.put_off(session, services, enrolment, "pain_check_request", now + PAUSE, now)
    leads.note(session, lead.id, "pain_check_requested", now, message=message.id)
    booking_mails.ask(session, services, row, lead, message.sequence or "", now)
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
    row = _keep(session, services, wish, now)
    booking_mails.ask_for_somebody(session, services, row, wish.email, cause, now)
    return True


def says_the_same(row: BookingRequest, wish: PainCheckRequest) -> bool:
    """Is a wish what was asked before, pressed twice? If not, what is new in it reached nobody."""
    return (row.name, row.phone, tuple(row.preferred), row.note) == (wish.name, wish.phone, wish.preferred, wish.note)


def handled(session: Session, row: BookingRequest, outcome: Outcome, now: datetime) -> None:
    """Somebody answered the request: it is open no longer, and nobody is reminded of it."""
    row.handled_at, row.outcome, row.remind_at = now, outcome, None
    alerts.mended(session, bookings.unanswered(row.id), now)


def booked(
    session: Session,
    services: Services,
    lead: Lead,
    source: str,
    now: datetime,
    *,
    starts_at: datetime | None = None,
    by: Message | None = None,
) -> bool:
    """Staff or the lead say that there is an appointment. False where that was known, and nothing was left to end.

    Its credit goes to the step whose link was used last before it, else to the one `by` whose page it is said.
    """
    lead = leads.lock_one(session, lead.id, services.hmac)
    changed = end_runs(session, services, lead, source, now)
    known = [each for each in bookings.of_lead(session, lead.id) if each.state == "booked"]
    if not changed and (starts_at is None or any(each.starts_at == starts_at for each in known)):
        return False
    session.add(
        Booking(
            source=source,
            external_id=new_public_id(),
            state="booked",
            starts_at=starts_at,
            lead_id=lead.id,
            message_id=bookings.last_link_used(session, lead.id) or (by.id if by else None),
            at=now,
            created_at=now,
        )
    )
    return True


def end_runs(
    session: Session, services: Services, lead: Lead, source: str, now: datetime, *, held_at: datetime | None = None
) -> bool:
    """There is an appointment: every run of this locked lead that ends on it ends, and nothing queued in it goes out.

    Runs that began after `held_at` stay: an appointment of before the opt-in is not what they lead to.
    """
    changed = False
    for enrolment in enrolments.of_lead(session, lead.id):
        sequence = services.published.sequence(session, enrolment.sequence_revision_id)
        too_early = held_at is not None and held_at < enrolment.created_at
        if enrolment.goal_at is None and "booked" in sequence.exit_on and not too_early:
            enrolment.goal_at = now
            changed = True
            if enrolment.state == State.ACTIVE:
                planning.end(enrolment, State.FINISHED, "booked", now)
            elif enrolment.state == State.AWAITING_CONFIRMATION:
                planning.end(enrolment, State.STOPPED, "booked", now)
    for row in bookings.open_requests(session, lead.id):
        if held_at is None or held_at >= row.created_at:
            handled(session, row, "booked", now)
            changed = True
    reached = [each.id for each in enrolments.of_lead(session, lead.id) if each.goal_at is not None]
    changed |= outbox.cancel_follow_ups(session, lead.id, mail_reasons.BOOKED, now, runs=reached) > 0
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


def _keep(
    session: Session,
    services: Services,
    wish: PainCheckRequest,
    now: datetime,
    *,
    lead: Lead | None = None,
    message: Message | None = None,
) -> BookingRequest:
    promised = pain_check.promise(now, services.published.calendar(session))
    row = BookingRequest(
        lead_id=lead.id if lead else None,
        from_message_id=message.id if message else None,
        name=wish.name,
        phone=wish.phone,
        preferred=list(wish.preferred),
        note=wish.note,
        created_at=now,
        remind_at=promised.late_at if promised else None,
    )
    session.add(row)
    session.flush()
    return row
