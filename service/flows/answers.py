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
from service.store.tables import Lead, Message

Answer = Literal["better", "same", "worse"]
PAUSE = timedelta(days=14)
_ANSWERS = ("better", "same", "worse")


def parse(value: str | None) -> Answer:
    """The answer a link or a form names. Raises InvalidInputError for anything else."""
    if value not in _ANSWERS:
        raise InvalidInputError("the answer is better, same or worse", "Kies beter, hetzelfde of slechter.")
    return cast("Answer", value)


def record(session: Session, services: Services, message: Message, answer: Answer, now: datetime) -> bool:
    """Keep the answer for the run this mail belongs to; False: as it was.

    "Worse" rests every run of the lead and tells the practice, once a local day. No other answer ends that rest: who
    feels worse one day and better the next is for the practice to judge, and a slip of the thumb costs two quiet weeks.
    """
    if message.lead_id is None or message.enrolment_id is None:
        return False
    lead = leads.lock_one(session, message.lead_id, services.hmac)
    enrolment = enrolments.by_ids(session, [message.enrolment_id])[0]
    told = message_rows.has_cause(session, cause(session, services, lead.id, now))
    if enrolment.answers.get("helped") == answer and (answer != "worse" or told):
        return False
    enrolment.answers = {**enrolment.answers, "helped": answer}
    leads.note(session, lead.id, "answered", now, helped=answer, message=message.id)
    if answer == "worse":
        for each in enrolments.of_lead(session, lead.id):
            planning.put_off(session, services, each, "worse", now + PAUSE, now)
        if not told:
            _tell_practice(session, services, lead, now, resting=rests_until(session, message, now) is not None)
    return True


def rests_until(session: Session, message: Message, now: datetime) -> datetime | None:
    """Until when the follow-ups of this mail's lead stand still, whatever the reason; None where they do not."""
    return None if message.lead_id is None else lead_rests_until(session, message.lead_id, now)


def lead_rests_until(session: Session, lead_id: int, now: datetime) -> datetime | None:
    """Until when the follow-ups of this lead stand still, whatever the reason; None where they do not."""
    running = [run for run in enrolments.of_lead(session, lead_id) if run.state in enrolments.OPEN]
    return max((run.paused_until for run in running if run.paused_until and run.paused_until > now), default=None)


def cause(session: Session, services: Services, lead_id: int, now: datetime) -> str:
    """Of the mail that tells of "worse": somebody who goes back and forth between the buttons is one person to call."""
    return f"{leads.HER_WORSE}{lead_id}:{services.published.calendar(session).local_day(now)}"


def _tell_practice(session: Session, services: Services, lead: Lead, now: datetime, *, resting: bool) -> None:
    alert = {
        "title": "Een lead geeft aan dat het slechter gaat",
        "details": f"{lead.first_name or 'Iemand'} ({lead.address}) koos “slechter”. "
        f"{'De mails staan twee weken stil; op' if resting else 'Op'} de pagina stond wanneer je de huisarts belt.",
        "url": f"{services.base_url}/studio/leads/{lead.id}",
    }
    add_staff_mails(
        session,
        services,
        cause=cause(session, services, lead.id, now),
        template="dienst-melding",
        now=now,
        extra={"alert": alert},
        about=lead,
    )
    notify_sender(session)
