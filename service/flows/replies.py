"""A lead wrote back in her own words: a person reads that, and the mails wait meanwhile (ACCEPTANCE F3)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session

from service.domain.feedback import Feedback
from service.flows import planning
from service.flows.messages import add_staff_mails
from service.flows.services import Services
from service.store import enrolments, leads, message_rows
from service.store.tables import Lead, Message

PAUSE = timedelta(days=7)


def arrived(
    session: Session, services: Services, lead: Lead, message: Message | None, feedback: Feedback, now: datetime
) -> None:
    """A mail of this locked lead's own came, or one that answers a mail to the practice about her."""
    if message is None or message.recipient == lead.address:
        record(session, services, lead, feedback.source, now)
    _tell(session, services, lead, feedback, now, "Iemand heeft ons geantwoord")


def untied(session: Session, services: Services, lead: Lead, feedback: Feedback, now: datetime) -> None:
    """A mail came from the address of this locked lead, and nothing ties it to one of ours: it may be anybody's."""
    _tell(session, services, lead, feedback, now, "Er ligt een e-mail die van een lead kan zijn")


def _tell(session: Session, services: Services, lead: Lead, feedback: Feedback, now: datetime, title: str) -> None:
    cause = f"reply:{feedback.source}:{feedback.key}"
    if not message_rows.has_cause(session, cause):
        extra = {"alert": {"title": title, "cause": f"De afzender staat bij ons bekend als {lead.address}."}}
        add_staff_mails(session, services, cause=cause, template="dienst-melding", now=now, extra=extra, about=lead)


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
