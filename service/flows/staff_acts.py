"""What staff do for one lead, from the command line and in the studio: each is kept in the audit log by who did it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from sqlmodel import Session

from service.domain.calendar import Calendar
from service.errors import InvalidInputError, NotFoundError, RefusedError
from service.flows import booking, consent, planning, replies
from service.flows.services import Services
from service.store import enrolments, events, leads
from service.store.db import notify_sender
from service.store.tables import Lead

_LONGEST_PAUSE = timedelta(days=366)


def stop(session: Session, services: Services, lead: Lead, now: datetime, *, actor: str) -> bool:
    """No more follow-ups, as if she had unsubscribed. False where nothing was left to stop."""
    stopped = consent.withdraw(session, services, lead, "staff", now)
    events.audit(session, actor, "lead stopped", now, lead=lead.id, changed=stopped)
    return stopped


def pause_end(day: str, calendar: Calendar, now: datetime) -> datetime:
    """The beginning of a day (`2026-12-01`), in the practice's time. InvalidInputError for none to come in a year."""
    try:
        until = calendar.instant(date.fromisoformat(day), time())
    except (ValueError, OverflowError):
        until = now
    if not now < until <= now + _LONGEST_PAUSE:
        raise InvalidInputError(
            f"{day!r} cannot be; choose a day to come, within a year, on which the mails go on, such as 2026-12-01",
            f"{day!r} kan niet. Kies een dag die nog komt, binnen een jaar, waarop de mails weer verder gaan, "
            "zoals 2026-12-01.",
        )
    return until


def pause(session: Session, services: Services, lead: Lead, until: datetime, now: datetime, *, actor: str) -> bool:
    """No follow-ups until then, at her wish: she may end it herself. False where they wait as long already."""
    lead = leads.lock_one(session, lead.id, services.hmac)
    paused = False
    for run in enrolments.of_lead(session, lead.id):
        if run.state in enrolments.OPEN and (run.paused_until is None or run.paused_until < until):
            planning.put_off(session, services, run, planning.WISH, until, now)
            paused = True
    if paused:
        leads.note(session, lead.id, "paused", now, source="staff")
    events.audit(session, actor, "lead paused", now, lead=lead.id, changed=paused)
    return paused


def resume(session: Session, services: Services, lead: Lead, now: datetime, *, actor: str) -> list[str]:
    """End a pause now: the waits go on from where they stood. Does not undo a stop. Returns which sequences go on."""
    leads.lock_one(session, lead.id, services.hmac)
    runs = [row for row in enrolments.of_lead(session, lead.id) if row.state in enrolments.OPEN]
    resumed = [row.sequence for row in runs if planning.resume(session, services, row, now)]
    if resumed:
        leads.note(session, lead.id, "resumed", now, source="staff")
        notify_sender(session)
    events.audit(session, actor, "lead resumed", now, lead=lead.id, sequences=resumed)
    return resumed


def booked(
    session: Session, services: Services, lead: Lead, starts_at: datetime | None, now: datetime, *, actor: str
) -> bool:
    """There is an appointment: the sequences that lead to it end. False where nothing was left to end."""
    changed = booking.booked(session, services, lead, "staff", now, starts_at=starts_at)
    events.audit(session, actor, "lead booked", now, lead=lead.id, changed=changed)
    return changed


def replied(session: Session, services: Services, lead: Lead, now: datetime, *, actor: str) -> bool:
    """She answered in her own words: the follow-ups wait a week. False where none were under way."""
    paused = replies.record(session, services, lead, "staff", now)
    events.audit(session, actor, "lead replied", now, lead=lead.id, changed=paused)
    return paused


def mark(session: Session, services: Services, lead: Lead) -> str:
    """What a form about a lead carries: who she is, and what happened to her last. See `still`."""
    return f"{_whose(services, lead)}.{leads.last_noted(session, lead.id)}"


def still(session: Session, services: Services, lead_id: int, marked: str, *, as_seen: bool) -> Lead:
    """The lead, taken until the transaction ends, if she is whom the form was about.

    SQLite gives the number of the newest lead out again once she is erased: a form that lay open must not reach
    somebody else. With `as_seen` nothing may have happened to her since: of two who press at once one comes too late,
    and is told so. Raises NotFoundError and RefusedError.
    """
    lead = leads.lock_one(session, lead_id, services.hmac)
    if marked.partition(".")[0] != _whose(services, lead):
        raise NotFoundError("this lead was erased", "Deze lead is gewist.")
    if as_seen and marked != mark(session, services, lead):
        raise RefusedError(
            "something happened to this lead meanwhile: look first, and press again if it is still needed",
            "Intussen is er iets gebeurd met deze lead. Kijk eerst, en druk nog een keer als het nog nodig is.",
        )
    return lead


def _whose(services: Services, lead: Lead) -> str:
    return services.staff_key(f"lead {lead.public_id}")[:16]
