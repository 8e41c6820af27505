"""A lead wrote back in her own words: a person reads that, and the mails wait meanwhile (ACCEPTANCE F3)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session

from service.domain.feedback import Feedback
from service.flows import planning
from service.flows.services import Services
from service.store import enrolments, leads
from service.store.tables import Lead, Message

PAUSE = timedelta(days=7)


def record(session: Session, services: Services, lead: Lead, source: str, now: datetime) -> bool:
    """Pause every run of this lead for a week, and remember that she wrote: conditions may ask for it.

    A pause cancels no mail, and `nurture lead resume` ends it early. False where no run was under way.
    """
    lead = leads.lock_one(session, lead.id, services.hmac)
    runs = [row for row in enrolments.of_lead(session, lead.id) if row.state in enrolments.OPEN]
    for enrolment in runs:
        enrolment.replied_at = now
        planning.put_off(session, enrolment, "reply", now + PAUSE, now)
    leads.note(session, lead.id, "replied", now, source=source)
    return bool(runs)


def arrived(
    session: Session, services: Services, lead: Lead, message: Message | None, feedback: Feedback, now: datetime
) -> None:
    """She wrote back, to this mail where one is known. The caller holds the lead."""
    del message
    record(session, services, lead, feedback.source, now)
