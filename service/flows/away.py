"""Somebody is away, by an automatic answer: the next mail waits until she may be back (ACCEPTANCE F3).

Nobody is suppressed, nobody is told, and nothing is answered (ACCEPTANCE M8; RFC 3834, section 2).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session

from service.domain.feedback import Feedback
from service.flows import planning
from service.flows.services import Services
from service.store import enrolments, leads, message_rows
from service.store.tables import Lead, Message

PAUSE = timedelta(days=7)
MOST = 3
"""Times that a run is put off by automatic answers: one that answers every mail may not push it on for ever."""


def arrived(
    session: Session, services: Services, lead: Lead, message: Message | None, feedback: Feedback, now: datetime
) -> None:
    """Put every open run of this lead off until a week after the answer came; no pause gets shorter.

    Answers of one week are one absence, in whatever order they come. Nothing changes where it came too long ago, or
    where it answers a mail to the practice.
    """
    if message is not None and message_rows.is_to_practice(message, lead):
        return
    lead = leads.lock_one(session, lead.id, services.hmac)
    until = min(feedback.at or now, now) + PAUSE
    runs = [row for row in enrolments.of_lead(session, lead.id) if row.state in enrolments.OPEN]
    absences = _absences(session, lead)
    moved = [row for row in runs if until > now and _may_wait(absences.get(row.id, []), now)]
    for row in moved:
        planning.put_off(session, services, row, planning.AWAY, until, now)
    about = {} if message is None else {"message": message.id}
    leads.note(session, lead.id, "away", now, runs=[row.id for row in moved], **about)


def _absences(session: Session, lead: Lead) -> dict[int, list[datetime]]:
    """Run -> when each absence that put it off began; what came within a week of that belongs to it."""
    found: dict[int, list[datetime]] = {}
    for entry in leads.timeline(session, lead.id):
        for run in entry.details.get("runs", ()) if entry.kind == "away" else ():
            began = found.setdefault(run, [])
            if not began or entry.at >= began[-1] + PAUSE:
                began.append(entry.at)
    return found


def _may_wait(began: list[datetime], now: datetime) -> bool:
    return len(began) < MOST or now < began[-1] + PAUSE
