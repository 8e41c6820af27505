"""What becomes of a due mail that may not leave now: decided on what was read of it, written here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from service.domain.enrolment import LOOK_AGAIN, ON_ITS_WAY
from service.flows import feedback_alerts, outcomes
from service.flows.services import Services
from service.store import enrolments, message_rows, outbox
from service.store.tables import Message

_IS_THE_END = ("cancelled", "skipped")


@dataclass(frozen=True, kw_only=True)
class LetGo:
    """The state it gets and why, in Dutch. `due_at`: when to look again; `hold`: which guard wants a person's word."""

    state: str
    reason: str
    due_at: datetime | None = None
    hold: str | None = None


def let_go(session: Session, services: Services, message_id: int, what: LetGo, now: datetime) -> None:
    """Write that. A run that waited for this mail is planned at once."""
    message = session.get_one(Message, message_id, populate_existing=True)
    if what.hold is not None:
        outbox.hold_for(message, what.hold, what.reason)
    elif what.state == "failed":
        outcomes.end(session, services, message, what.state, what.reason, now)
    else:
        outbox.release(message, what.state, what.reason, due_at=what.due_at)
        if what.state in _IS_THE_END:
            message.settled_at = now
        if what.state == "cancelled" and message_rows.reader(session, message) is None:
            feedback_alerts.tell_staff_mail(session, now)  # somebody waits for what it asks of the practice
    if message.enrolment_id is not None and message.state not in ON_ITS_WAY:
        enrolments.look_again(session, [message.enrolment_id], now, LOOK_AGAIN)
