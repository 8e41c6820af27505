"""Somebody is away, by an automatic answer: the next mail waits until she may be back (ACCEPTANCE F3).

Nobody is suppressed, nobody is told, and nothing is answered (ACCEPTANCE M8; RFC 3834, section 2).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session

from service.domain.feedback import Feedback
from service.flows import planning
from service.flows.services import Services
from service.store import enrolments, leads
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
    if message is not None and message.recipient != lead.address:
        return
    lead = leads.lock_one(session, lead.id, services.hmac)
    until = min(feedback.at or now, now) + PAUSE
    before = _put_off_before(session, lead, now)
    runs = [row for row in enrolments.of_lead(session, lead.id) if row.state in enrolments.OPEN]
    moved = [row for row in runs if until > now and before.get(row.id, 0) < MOST]
    for row in moved:
        planning.put_off(session, row, planning.AWAY, until, now)
    about = {} if message is None else {"message": message.id}
    leads.note(session, lead.id, "away", now, runs=[row.id for row in moved], **about)


def _put_off_before(session: Session, lead: Lead, now: datetime) -> dict[int, int]:
    """Run -> how often an absence of an earlier week put it off."""
    counts: dict[int, int] = {}
    for entry in leads.timeline(session, lead.id):
        if entry.kind == "away" and entry.at <= now - PAUSE:
            for run in entry.details.get("runs", ()):
                counts[run] = counts.get(run, 0) + 1
    return counts
