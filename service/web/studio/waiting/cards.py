"""Requests, answers and what was dealt with lately, as a member of staff may see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from babel.dates import get_day_names
from sqlmodel import Session

from service.domain import pain_check
from service.domain.forms import Question
from service.domain.lead_words import dutch_words
from service.domain.staff import StaffLanguage
from service.errors import UnavailableError
from service.flows import answers_to_read, booking_requests, staff_acts
from service.flows.answers_to_read import Answer
from service.flows.booking_mails import DAYS, TIMES
from service.flows.results import topic_titles
from service.store import answers as read_rows
from service.store import bookings, enrolments, events, staff
from service.store.tables import AuditEntry, BookingRequest, Lead
from service.web.pages import dialled
from service.web.studio.audit import who
from service.web.studio.doors import Visit
from service.web.studio.seen import lead_name, private
from service.web.studio.waiting.views import AnswerLine, AnswersCard, HandledLine, RequestCard, Try
from service.web.studio.waiting.words import Said

_SHOWN, _LATELY, _LOOKED_AT = 50, 12, 200
_BECAME: Mapping[str, Said] = MappingProxyType(
    {
        "booked": Said(dutch="Aanvraag {of}: afspraak gemaakt", english="Request {of}: booked"),
        "declined": Said(dutch="Aanvraag {of}: geen afspraak", english="Request {of}: no appointment"),
        "cancelled": Said(dutch="Aanvraag {of}: ingetrokken", english="Request {of}: called off"),
        "handled": Said(dutch="Aanvraag {of}: afgehandeld", english="Request {of}: dealt with"),
    }
)
_READ = Said(dutch="Antwoord gelezen", english="Answer read")
_WISHED: Mapping[str, str] = MappingProxyType(
    {dutch: str(get_day_names("wide", locale="en_GB")[number]) for number, dutch in enumerate(DAYS)}
    | {dutch: english for english, dutch in TIMES.items()}
)
"""The days and the parts of the day on the form, which are kept in Dutch, in English."""


def requests(visit: Visit, session: Session) -> tuple[tuple[RequestCard, ...], int]:
    """Open requests, the longest waiting first, and how many more there are."""
    waiting = booking_requests.waiting(session)
    shown = waiting[:_SHOWN]
    tries = booking_requests.tries(session, [row for row, _ in shown])
    names, questions = staff.names(session), _questions(visit, session)
    cards = tuple(_request(visit, session, row, lead, tries.get(row.id, []), names, questions) for row, lead in shown)
    return cards, len(waiting) - len(shown)


def answers(visit: Visit, session: Session) -> tuple[tuple[AnswersCard, ...], int]:
    """Answers that nobody has read, the longest waiting first, and how many more there are."""
    found = answers_to_read.unread(session, visit.services, visit.services.clock.now(), limit=_SHOWN)
    shown = sum(len(each.answers) for each in found)
    cards = tuple(
        AnswersCard(
            lead_id=each.lead.id,
            who=lead_name(each.lead, visit.me),
            name=private(each.lead.first_name, visit.me),
            upto=each.upto,
            mark=staff_acts.mark(session, visit.services, each.lead),
            rests_until=each.rests_until,
            answers=tuple(_answer(visit, answer) for answer in each.answers),
        )
        for each in found
    )
    return cards, answers_to_read.count(session) - shown if shown == _SHOWN else 0


def handled(visit: Visit, session: Session) -> tuple[HandledLine, ...]:
    """What was dealt with lately, the newest first, and by whom."""
    names = staff.names(session)
    closed = {each.details["request"]: each for each in _newest(session, "request closed") if "request" in each.details}
    read = {(each.details["lead"], each.at): each for each in _newest(session, "answers read")}
    lines = [
        HandledLine(
            at=row.handled_at,
            what=_BECAME[row.outcome or "handled"].in_(visit.language).format(of=row.id),
            lead_id=row.lead_id,
            who=_by(closed.get(row.id), names, visit.language)
            if row.id in closed and closed[row.id].at == row.handled_at
            else "",
        )
        for row in bookings.lately_handled(session, _LATELY)
        if row.handled_at is not None
    ]
    lines += [
        HandledLine(
            at=entry.at,
            what=_READ.in_(visit.language),
            lead_id=entry.lead_id,
            who=_by(read.get((entry.lead_id, entry.at)), names, visit.language),
        )
        for entry in read_rows.lately_read(session, _LATELY)
    ]
    return tuple(sorted(lines, key=lambda line: line.at, reverse=True)[:_LATELY])


def _request(
    visit: Visit,
    session: Session,
    row: BookingRequest,
    lead: Lead | None,
    tries: list[AuditEntry],
    names: dict[int, str],
    questions: Mapping[str, Question],
) -> RequestCard:
    now = visit.services.clock.now()
    runs = enrolments.of_lead(session, lead.id) if lead else ()
    topics = topic_titles(session, visit.services)
    promised = pain_check.promise(row.created_at, visit.services.published.calendar(session))
    card = RequestCard(
        id=row.id,
        lead_id=lead.id if lead else None,
        asked_at=row.created_at,
        mark=booking_requests.mark(row),
        late=promised is not None and promised.late_at <= now,
        worse=visit.me.sees_addresses and any(run.answers.get("helped") == "worse" for run in runs),
        topic=", ".join(dict.fromkeys(topics.get(run.topic, run.topic) for run in runs)),
        tries=tuple(Try(at=each.at, who=who(each.actor, names, visit.language)) for each in tries),
    )
    if not visit.me.sees_addresses:
        return card
    return replace(
        card,
        name=row.name or (lead.first_name if lead else None) or "",
        address=lead.address if lead else "",
        phone=row.phone or "",
        dial=dialled(row.phone or ""),
        preferred=tuple(each if visit.language == "nl" else _WISHED.get(each, each) for each in row.preferred),
        note=row.note or "",
        answers=_filled_in(lead, questions) if lead else (),
    )


def _answer(visit: Visit, answer: Answer) -> AnswerLine:
    if not visit.me.sees_addresses:
        return AnswerLine(at=answer.at)
    return AnswerLine(
        at=answer.at,
        how=answer.how,
        subject=answer.subject,
        lines=answer.lines,
        cut=answer.cut,
        told=tuple((each.recipient, _state(each.state, visit.language)) for each in answer.told),
    )


def _state(state: str, language: StaffLanguage) -> str:
    return dutch_words(state) if language == "nl" else state.replace("_", " ")


def _filled_in(lead: Lead, questions: Mapping[str, Question]) -> tuple[tuple[str, str], ...]:
    """Her answers on the form, as question and answer in the form's own words; its names where it asks them no more."""
    found = []
    for name, value in lead.answers.items():
        question = questions.get(name)
        labels = {option.value: option.label for option in question.options} if question else {}
        found.append((question.label if question else name, labels.get(value, value)))
    return tuple(found)


def _questions(visit: Visit, session: Session) -> dict[str, Question]:
    try:
        _, forms = visit.services.published.live_forms(session)
    except UnavailableError:
        return {}
    return {each.name: each for form in forms.forms.values() for each in form.questions}


def _newest(session: Session, action: str) -> list[AuditEntry]:
    """Entries of one action, oldest first, so that of one thing done twice the newest counts."""
    return list(reversed(events.audit_log(session, limit=_LOOKED_AT, action=action)))


def _by(entry: AuditEntry | None, names: dict[int, str], language: StaffLanguage) -> str:
    return who(entry.actor, names, language) if entry else ""
