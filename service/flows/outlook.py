"""What a lead got and what is to come, by subject and moment: for pages and for staff."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError
from sqlmodel import Session

from service.domain.practice import Practice
from service.errors import NotFoundError
from service.flows import under_way
from service.flows.services import Services
from service.mail.compiled import CompiledMail
from service.mail.compose import HeldMailError, MailValues, Rendered, render
from service.store import enrolments, message_rows
from service.store.tables import Enrolment, Lead, Message

_LEFT = ("accepted", "delivered", "bounced", "complained", "unknown")
_ON_ITS_WAY = ("due", "leased", "handed_over")
_NO_SUBJECT = "(niet meer te lezen)"


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One mail to a lead, and when it left or is to leave."""

    subject: str
    at: datetime


def sent(session: Session, services: Services, lead_id: int) -> list[Mail]:
    """Every mail to this lead that left, oldest first; mails to the practice about the lead are not hers."""
    lead = session.get_one(Lead, lead_id)
    rows = [
        row for row in message_rows.of_lead(session, lead_id) if row.recipient == lead.address and row.state in _LEFT
    ]
    return [_listed(session, services, row, _left_at(row)) for row in rows]


def left(session: Session, services: Services, message: Message) -> Mail:
    """One mail by its row, and when it left. HeldMailError or ValidationError where it cannot be made any more."""
    return _of(session, services, message, _left_at(message))


def planned(session: Session, services: Services, enrolment: Enrolment, now: datetime) -> list[Mail]:
    """The follow-ups of one run that are still to come, as far as can be known; none where the run has ended."""
    rows = message_rows.of_lead(session, enrolment.lead_id)
    waiting = [row for row in rows if row.enrolment_id == enrolment.id and row.state in _ON_ITS_WAY]
    calendar = services.published.calendar(session)
    mails = [
        _listed(session, services, row, under_way.leaves_at(session, services, row, calendar, now))
        for row in waiting
        if row.kind == "follow_up"
    ]
    if enrolment.state not in enrolments.OPEN:
        return mails
    lead = session.get_one(Lead, enrolment.lead_id)
    for step in under_way.upcoming(session, services, enrolment.lead_id, now)[enrolment.id]:
        if step.at is not None:
            compiled = services.published.mail(session, enrolment.sequence_revision_id, step.template)
            try:
                subject = _subject(session, services, compiled, lead.first_name, step.answers)
            except HeldMailError:  # as in `_listed`
                subject = _NO_SUBJECT
            mails.append(Mail(subject=subject, at=step.at))
    return mails


def advice_subject(session: Session, services: Services, topic: str) -> str:
    """The subject of the advice on a topic, for the page that says what to look for. NotFoundError where there is none.

    Where the advice has variants this is one of them.
    """
    live = services.published.live_for_topic(session, topic)
    if live is None:
        raise NotFoundError(f"no sequence is published on {topic}")
    template = live.sequence.advice.template_names[0]
    compiled = services.published.mail(session, live.revision_id, template)
    return _subject(session, services, compiled, None, {})


def _of(session: Session, services: Services, row: Message, at: datetime) -> Mail:
    compiled = services.published.mail(session, row.revision_id, row.template)
    practice = services.published.practice(session, row.practice_revision_id)
    values = MailValues.model_validate(row.content | {"practice": practice.model_dump(mode="json")})
    return Mail(subject=render(compiled, values).subject, at=at)


def _listed(session: Session, services: Services, row: Message, at: datetime) -> Mail:
    try:
        return _of(session, services, row, at)
    except (HeldMailError, ValidationError):  # one that cannot be made any more must not hide all others
        return Mail(subject=_NO_SUBJECT, at=at)


def _left_at(message: Message) -> datetime:
    return message.first_handed_at or message.planned_at


def shown(
    services: Services,
    compiled: CompiledMail,
    practice: Practice,
    answers: Mapping[str, str],
    first_name: str | None = None,
) -> Rendered:
    """A mail that has no row yet, as its lead would get it: its links have no tokens."""
    values = MailValues(
        practice=practice.model_dump(mode="json"),
        first_name=first_name,
        answers=dict(answers),
        confirm_url=services.base_url,
        booking_url=services.base_url,
        unsubscribe_url=services.base_url,
        preferences_url=services.base_url,
        answer_url_base=services.base_url,
    )
    return render(compiled, values)


def _subject(
    session: Session, services: Services, compiled: CompiledMail, first_name: str | None, answers: Mapping[str, str]
) -> str:
    _, practice = services.published.live_practice(session)
    return shown(services, compiled, practice, answers, first_name).subject
