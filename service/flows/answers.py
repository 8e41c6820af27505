"""Did it help? Better, same or worse: one press, which the next mails go by."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, cast

from sqlmodel import Session

from service.errors import InvalidInputError
from service.flows import planning
from service.flows.messages import add_staff_mails
from service.flows.services import Services
from service.store import enrolments, leads, message_rows
from service.store.db import notify_sender
from service.store.tables import Enrolment, Lead, Message

Answer = Literal["better", "same", "worse"]
PAUSE = timedelta(days=14)
_ANSWERS = ("better", "same", "worse")


def parse(value: str | None) -> Answer:
    """The answer a link or a form names. Raises InvalidInputError for anything else."""
    if value not in _ANSWERS:
        raise InvalidInputError("the answer is better, same or worse", "Kies beter, hetzelfde of slechter.")
    return cast("Answer", value)


def record(session: Session, services: Services, message: Message, answer: Answer, now: datetime) -> bool:
    """Keep the answer for the run this mail belongs to; "worse" pauses it and tells the practice. False: as it was."""
    if message.lead_id is None or message.enrolment_id is None:
        return False
    lead = leads.lock_one(session, message.lead_id, services.hmac)
    enrolment = enrolments.by_ids(session, [message.enrolment_id])[0]
    if enrolment.answers.get("helped") == answer:
        return False
    enrolment.answers = {**enrolment.answers, "helped": answer}
    leads.note(session, lead.id, "answered", now, helped=answer, message=message.id)
    if answer == "worse":
        planning.put_off(session, enrolment, "worse", now + PAUSE, now)
        _tell_practice(session, services, lead, enrolment, now)
    elif enrolment.pause_reason == "worse":
        planning.resume(session, services, enrolment, now)
    return True


def _tell_practice(session: Session, services: Services, lead: Lead, enrolment: Enrolment, now: datetime) -> None:
    """Once a local day: somebody who goes back and forth between the buttons is one person to call."""
    cause = f"worse:{enrolment.id}:{services.published.calendar(session).local_day(now)}"
    if message_rows.has_cause(session, cause):
        return
    alert = {
        "title": "Een lead geeft aan dat het slechter gaat",
        "cause": "worse",
        "details": f"{lead.first_name or 'Iemand'} ({lead.address}) koos “slechter”. "
        "De mails staan twee weken stil; op de pagina stond wanneer je de huisarts belt.",
    }
    add_staff_mails(
        session,
        services,
        cause=cause,
        template="dienst-melding",
        now=now,
        extra={"alert": alert},
        about=lead,
    )
    notify_sender(session)
