"""`/b/`: the pain check. A request form, the way to the practice's own booking page, or "I have an appointment"."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.domain import pain_check
from service.domain.pain_check import Promise
from service.errors import FieldProblem, InvalidInputError
from service.flows import booking, clock_check
from service.flows.services import Services
from service.store import bookings, enrolments
from service.store.tables import ErasedToken, Lead, Message
from service.web import booking_form, booking_link, documented, pages
from service.web.deps import Desk, Here, Sent, desk, message_behind, posted
from service.web.views import BookingDonePage, BookingLinkPage, BookingPage, Page

router = APIRouter(default_response_class=HTMLResponse, responses=documented.errors(404, 503))
_ACTIONS = ("request", "go", "booked")
_FORM = documented.form({"action": _ACTIONS, **booking_form.FIELDS})


@router.get("/b/{token}")
def show(token: str, services: Here) -> Response:
    """The facts of the pain check and the way to it; an empty form for a lead who was erased."""
    with services.database.reading() as session:
        message = message_behind(session, services, "b", token)
        at = desk(session, services)
    erased = isinstance(message, ErasedToken)
    return pages.render(BookingPage(practice=at.practice, in_demo=at.in_demo, erased=erased))


@router.post("/b/{token}", responses=documented.errors(413, 422), openapi_extra=_FORM)
def act(token: str, services: Here, body: Sent) -> Response:
    """`action`: request (the form), go (on to the practice's calendar) or booked."""
    with services.database.transaction() as session:
        message = message_behind(session, services, "b", token)
        at = desk(session, services)
        fields = posted(body)
        action = (fields.get("action") or [""])[-1]
        if action == "go" and at.practice.booking.kind == "link":
            page: Page = _go(session, services, message, at)
        elif action == "request":
            page = _request(session, services, message, at, booking_form.read(fields, at.practice))
        elif action == "booked" and isinstance(message, Message):
            page = _booked(session, services, message, at)
        else:
            problem = FieldProblem(pointer="/action", detail="Deze keuze kennen we niet.")
            raise InvalidInputError("no such action", "Deze keuze kennen we niet.", fields=[problem])
    services.bell.ring()
    return pages.render(page)


def _go(session: Session, services: Services, message: Message | ErasedToken, at: Desk) -> BookingLinkPage:
    url = at.practice.booking.url
    if isinstance(message, Message):
        booking.pressed(session, services, message, clock_check.now(session, services))
        url = booking_link.with_reference(at.practice.booking, services.keyring.sign("r", message.public_id))
    return BookingLinkPage(practice=at.practice, in_demo=at.in_demo, url=url)


def _request(
    session: Session,
    services: Services,
    message: Message | ErasedToken,
    at: Desk,
    wish: booking.PainCheckRequest,
) -> BookingDonePage:
    now = clock_check.now(session, services)
    if isinstance(message, ErasedToken):
        new = booking.request_after_erasing(session, services, message.public_id, wish, now)
        promised = _promised(session, services, now if new else None)
        return BookingDonePage(
            practice=at.practice, in_demo=at.in_demo, outcome="requested", promised=promised, known=not new
        )
    booking.request(session, services, message, wish, now)
    standing = bookings.open_requests(session, message.lead_id) if message.lead_id is not None else ()
    runs = enrolments.of_lead(session, message.lead_id) if message.lead_id is not None else []
    until = max((run.paused_until for run in runs if run.paused_until), default=None)
    return BookingDonePage(
        practice=at.practice,
        in_demo=at.in_demo,
        outcome="requested",
        promised=_promised(session, services, standing[0].created_at if standing else None),
        known=bool(standing) and not booking.says_the_same(standing[0], wish),
        paused_until=at.day(until) if until and until > now else None,
    )


def _promised(session: Session, services: Services, asked_at: datetime | None) -> Promise | None:
    """By when the practice answers what was asked then; None once that day is over."""
    calendar = services.published.calendar(session)
    promised = pain_check.promise(asked_at, calendar) if asked_at else None
    over = promised is not None and promised.by < calendar.local_day(clock_check.now(session, services))
    return None if over else promised


def _booked(session: Session, services: Services, message: Message, at: Desk) -> BookingDonePage:
    if message.lead_id is not None:
        lead = session.get(Lead, message.lead_id)
        if lead is not None:  # else erased while we looked
            booking.booked(session, services, lead, "page", clock_check.now(session, services), by=message)
    return BookingDonePage(practice=at.practice, in_demo=at.in_demo, outcome="booked")
