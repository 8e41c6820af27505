"""A lead wrote back in her own words: a person reads that, and the mails wait meanwhile (ACCEPTANCE F3)."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from service.domain.enrolment import State
from service.domain.feedback import Feedback
from service.flows import desk_mails, planning
from service.flows.services import Services
from service.store import enrolments, leads, message_rows
from service.store.tables import Lead, Message


def arrived(
    session: Session, services: Services, lead: Lead, message: Message | None, feedback: Feedback, now: datetime
) -> None:
    """A mail of this locked lead's own came, in answer to `message` where that is known: staff get it, the mails wait.

    Told again it changes nothing. Where the mail it answers went to the practice it is not hers: it is told all the
    same, and nothing waits.
    """
    if desk_mails.was_told(session, feedback):
        return
    if message is not None and message_rows.is_to_practice(message, lead):
        desk_mails.tell(session, services, lead, message, feedback, now, whose="inside")
        return
    about = {} if message is None else {"message": message.id}
    record(session, services, lead, feedback.source, now, **about)
    desk_mails.tell(session, services, lead, message, feedback, now, whose="lead")


def untied(session: Session, services: Services, lead: Lead, feedback: Feedback, now: datetime) -> None:
    """A mail came from the address of this locked lead, and nothing ties it to one of ours: it may be anybody's.

    Staff read it, for it may be somebody in pain, and her timeline says that it came; nothing else changes
    (ACCEPTANCE F1).
    """
    if not desk_mails.was_told(session, feedback):
        leads.note(session, lead.id, "wrote_untied", now, source=feedback.source)
        desk_mails.tell(session, services, lead, None, feedback, now, whose="untied")


def record(session: Session, services: Services, lead: Lead, source: str, now: datetime, **about: int) -> bool:
    """Pause every run of this lead for a week, and remember that she wrote: conditions may ask for it.

    A pause cancels no mail, and `nurture lead resume` ends it early. `about` is told on her page. False where no run
    was under way.
    """
    lead = leads.lock_one(session, lead.id, services.hmac)
    runs = [row for row in enrolments.of_lead(session, lead.id) if row.state in {*enrolments.OPEN, State.STOPPED}]
    for enrolment in runs:  # also one that was stopped: the button would have it go on, and she wrote all the same
        enrolment.replied_at = now
        planning.put_off(session, services, enrolment, planning.REPLY, now + planning.RESTS_AFTER_A_REPLY, now)
    leads.note(session, lead.id, "replied", now, source=source, **about)
    return any(row.state in enrolments.OPEN for row in runs)
