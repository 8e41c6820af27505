"""The mails about a pain check: a request to the practice with a proposal for its agenda, and the lead's receipt."""

from __future__ import annotations

from datetime import date, datetime

from babel.dates import format_date, format_datetime, get_day_names
from sqlmodel import Session

from service.domain import pain_check
from service.domain.calendar import Calendar
from service.domain.mailbox import parse_mailbox
from service.domain.pain_check import PartOfDay
from service.domain.practice import Practice
from service.domain.wording import dutch_moment
from service.flows.messages import add_service_mail, add_staff_mails
from service.flows.services import Services
from service.mail.proposal import Proposal, icalendar
from service.store.db import notify_sender
from service.store.tables import Booking, BookingRequest, Lead

TIMES: dict[str, str] = {"morning": "ochtend", "afternoon": "middag"}
"""The parts of the day on the form, and their words in `preferred`, where the days stand too."""
DAYS: tuple[str, ...] = tuple(str(name) for _, name in sorted(get_day_names("wide", locale="nl").items()))
"""The days of the week as they stand in `preferred`, from Monday on."""


def ask(session: Session, services: Services, row: BookingRequest, lead: Lead, sequence: str, now: datetime) -> None:
    """Mail the request to the practice, and a receipt to the lead. `sequence`: whose mail she came by."""
    cause = f"pain-check-request:{row.id}"
    titles = {each.sequence.name: each.sequence.title for each in services.published.live_sequences(session)}
    topic = titles.get(sequence, sequence)
    details = _details(session, services, row, now) | {"email": lead.address, "topic": topic}
    details["name"] = details["name"] or lead.first_name or ""
    theirs = details | {"url": _page(services, lead)}
    _to_practice(session, services, row, theirs, cause=cause, about=lead, now=now)
    add_service_mail(
        session,
        services,
        cause=f"pain-check-receipt:{row.id}",
        template="dienst-ontvangst",
        recipient=lead.address,
        now=now,
        to_lead=lead,
        extra={"request": details},
    )
    notify_sender(session)


def ask_for_somebody(
    session: Session, services: Services, row: BookingRequest, email: str | None, cause: str, now: datetime
) -> None:
    """Mail the request of somebody whom we know no more. The e-mail address stands in the mail alone."""
    details = _details(session, services, row, now) | {"email": email or "", "url": _page(services, None)}
    _to_practice(session, services, row, details, cause=cause, about=None, now=now)
    notify_sender(session)


def remind(session: Session, services: Services, row: BookingRequest, now: datetime) -> None:
    """Tell staff, once, that a request still waits for an answer; who gets the alert anyway does not hear it twice."""
    about = session.get(Lead, row.lead_id) if row.lead_id is not None else None
    add_staff_mails(
        session,
        services,
        cause=f"pain-check-reminder:{row.id}:{_second(row.created_at)}",  # a restore gives ids again
        template="dienst-melding",
        now=now,
        extra={
            "alert": {
                "title": "Een aanvraag voor een pijncheck wacht op antwoord",
                "cause": f"Aanvraag {row.id} is een werkdag oud, en er is nog niets over vastgelegd.",
                "since": _day_and_time(row.created_at, services.published.calendar(session)),
                "hint": "Bel of mail deze persoon. Leg daarna in de studio vast wat het werd, of in een terminal: "
                f"nurture request close {row.id} --as booked",
                "url": _page(services, None),
            }
        },
        about=about,
        but=services.alert_to,
    )
    notify_sender(session)


def cancelled(session: Session, services: Services, booking: Booking, lead: Lead, now: datetime) -> None:
    """Tell staff, once for each appointment, that it is off: the follow-ups do not begin again by themselves."""
    calendar = services.published.calendar(session)
    when = f" op {_day_and_time(booking.starts_at, calendar)}" if booking.starts_at else ""
    add_staff_mails(
        session,
        services,
        cause=cancelled_cause(booking),
        template="dienst-melding",
        now=now,
        extra={
            "alert": {
                "title": "Een afspraak voor een pijncheck is afgezegd",
                "cause": f"De afspraak van lead {lead.id}{when} is afgezegd ({booking.source}).",
                "hint": "Neem zelf contact op als dat past. De vervolgmails blijven gestopt.",
                "url": _page(services, lead),
            }
        },
        about=lead,
    )
    notify_sender(session)


def cancelled_cause(booking: Booking) -> str:
    """The cause of the one mail about a cancelled appointment."""
    return f"booking-cancelled:{booking.id}:{_second(booking.created_at)}"


def _page(services: Services, lead: Lead | None) -> str:
    """Where in the studio it goes on: with what is known of a lead, or with all requests that wait."""
    return f"{services.base_url}/studio/" + (f"leads/{lead.id}" if lead else "waiting")


def _to_practice(
    session: Session,
    services: Services,
    row: BookingRequest,
    details: dict[str, str],
    *,
    cause: str,
    about: Lead | None,
    now: datetime,
) -> None:
    _, practice = services.published.live_practice(session)
    calendar = services.published.calendar(session)
    starts_at = _proposed(row, practice, calendar)
    if starts_at is not None:
        details = details | {"proposed": _day_and_time(starts_at, calendar)}
    file = _file(services, row, practice, details, starts_at) if starts_at else None
    add_staff_mails(
        session,
        services,
        cause=cause,
        template="dienst-aanvraag",
        now=now,
        extra={"request": details},
        about=about,
        calendar=file,
    )


def _proposed(row: BookingRequest, practice: Practice, calendar: Calendar) -> datetime | None:
    parts: list[PartOfDay] = [part for part in pain_check.PROPOSED_AT if TIMES[part] in row.preferred]
    weekdays = [number for number, day in enumerate(DAYS) if day in row.preferred]
    return pain_check.proposed_start(row.created_at, weekdays, parts, practice, calendar)


def _file(
    services: Services, row: BookingRequest, practice: Practice, details: dict[str, str], starts_at: datetime
) -> str:
    """The proposal: who and how to reach them, and not a word about the complaint."""
    reached = {"Naam": details["name"], "Telefoon": details["phone"], "E-mail": details["email"]}
    domain = parse_mailbox(services.mail_from).address.rpartition("@")[2]
    return icalendar(
        Proposal(
            uid=f"pijncheck-{row.id}-{_second(row.created_at)}@{domain}",
            made_at=row.created_at,
            starts_at=starts_at,
            minutes=pain_check.minutes(practice.pain_check.duration),
            summary="Pijncheck (voorstel)",
            location=practice.pain_check.location,
            lines=(
                *(f"{label}: {value}" for label, value in reached.items() if value),
                "Dit is een voorstel: de afspraak staat pas als jullie elkaar hebben gesproken.",
            ),
            organiser=practice.email,
        )
    )


def _details(session: Session, services: Services, row: BookingRequest, now: datetime) -> dict[str, str]:
    """What the mails show; every field is there, empty where nothing was filled in."""
    calendar = services.published.calendar(session)
    promised = pain_check.promise(now, calendar)
    return {
        "number": str(row.id),
        "name": row.name or "",
        "email": "",
        "phone": row.phone or "",
        "days": ", ".join(each for each in row.preferred if each not in TIMES.values()),
        "times": ", ".join(each for each in row.preferred if each in TIMES.values()),
        "remarks": row.note or "",
        "topic": "",
        "requested_at": dutch_moment(calendar.local(now), year=True),
        "answer_by": _day(promised.by) if promised else "",
        "closed_until": _day(promised.closed_until) if promised and promised.closed_until else "",
        "proposed": "",
        "url": "",
    }


def _second(moment: datetime) -> int:
    return int(moment.timestamp())


def _day(day: date) -> str:
    return format_date(day, "EEEE d MMMM", locale="nl")


def _day_and_time(moment: datetime, calendar: Calendar) -> str:
    local = calendar.local(moment)
    return format_datetime(local, "EEEE d MMMM HH:mm", tzinfo=local.tzinfo, locale="nl")
