"""An automatic answer of somebody who is away: the next mail waits, and nobody is suppressed (ACCEPTANCE F3)."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from service.domain.feedback import Feedback
from service.flows.services import Services
from service.store import leads
from service.store.tables import Lead, Message


def arrived(
    session: Session, services: Services, lead: Lead, message: Message | None, feedback: Feedback, now: datetime
) -> None:
    """Keep that she is away. The caller holds the lead."""
    del services, message
    leads.note(session, lead.id, "away", now, source=feedback.source)
