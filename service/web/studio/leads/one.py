"""One lead: what happened and why, what comes next, and what can be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlmodel import Session
from starlette.responses import Response

from service.domain.forms import Question
from service.domain.sequence import Sequence as Steps
from service.errors import InvalidInputError, NotFoundError, NurtureError, UnavailableError
from service.flows import lead_report, outlook, staff_acts
from service.flows.lead_shown import LeadReport
from service.flows.services import Services
from service.store import enrolments, message_rows
from service.store.tables import Enrolment, Lead, Message
from service.web.studio import rendering
from service.web.studio.doors import Visit
from service.web.studio.leads.listing import number_of
from service.web.studio.leads.standing import kept, standing
from service.web.studio.leads.story import Story, next_of
from service.web.studio.leads.views import LeadPage, May
from service.web.studio.leads.words import Teller
from service.web.studio.seen import lead_name, private
from service.web.studio.sequences.choices import answer_groups, names

DONE = ("stopped", "paused", "resumed", "booked", "replied", "again", "released", "nothing")
"""What the page may say was just done."""
_UNDER_WAY = frozenset({"due", "leased", "handed_over"})


def show(visit: Visit) -> Response:
    """`GET /studio/leads/{lead}`."""
    done = visit.query("done")
    if done not in ("", *DONE):
        raise InvalidInputError("that cannot be what was done", "Dat kan niet gedaan zijn.")
    return rendering.render(page(visit, done=done))


def asked_for(visit: Visit) -> int:
    """The number in the path. Raises NotFoundError for what is none."""
    number = number_of(visit.request.path_params["lead"])
    if number is None:
        raise nobody()
    return number


def the_lead(visit: Visit, session: Session) -> Lead:
    """Whom the path names. Raises NotFoundError where there is nobody."""
    lead = session.get(Lead, asked_for(visit))
    if lead is None:
        raise nobody()
    return lead


def nobody() -> NotFoundError:
    """There is no such lead, or she was erased: nobody can tell which."""
    return NotFoundError("there is no such lead, or it was erased", "Deze lead is er niet, of is gewist.")


def page(visit: Visit, *, done: str = "", told: str = "", typed: Mapping[str, str] | None = None) -> LeadPage:
    """The whole page. Editors get nothing by which somebody could be recognised."""
    frame, services, now = visit.frame(), visit.services, visit.services.clock.now()
    with services.database.reading() as session:
        lead = the_lead(visit, session)
        report = lead_report.report(session, services, lead, now)
        runs = enrolments.of_lead(session, lead.id)
        sequences = {row.id: services.published.sequence(session, row.sequence_revision_id) for row in runs}
        personal = visit.me.sees_addresses
        teller = Teller(visit.language, frame.zone, personal=personal)
        story = Story(
            report,
            teller,
            subjects=_subjects(session, services, lead, personal=personal),
            ahead=_ahead(session, services, lead, runs, sequences, report, personal=personal),
            sequences=sequences,
            answers=names(answer_groups(visit, services.published.live_forms(session)[1], {}, [])),
            may_look=personal,
        )
        questions = _questions(session, services) if personal else {}
        mark = staff_acts.mark(session, services, lead)
    coming = tuple(story.coming())
    return LeadPage(
        practice=None,
        frame=frame,
        number=lead.id,
        shown=lead_name(lead, visit.me),
        first_name=private(lead.first_name, visit.me),
        answers=tuple(_answer(questions, name, value) for name, value in lead.answers.items()) if personal else (),
        since=lead.created_at,
        now=tuple(standing(report, teller, sequences, now)),
        next_mail=next_of(coming),
        coming=coming,
        happened=tuple(story.happened()),
        consents=report.consents,
        confirmed=any(each.source == "confirmation" for each in report.consents),
        requests=report.pain_check_requests if personal else (),
        bookings=report.bookings,
        kept=kept(report, teller),
        may=_may(report),
        mark=mark,
        tomorrow=now.astimezone(frame.zone).date() + timedelta(days=1),
        done=done,
        told=told,
        typed=typed or {},
    )


def _may(report: LeadReport) -> May:
    open_runs = [each for each in report.enrolments if each.state in enrolments.OPEN]
    agreed = any(each.purpose == "follow_up" and each.withdrawn_at is None for each in report.consents)
    advices = [each for each in report.messages if each.kind == "advice"]
    return May(
        stop=bool(open_runs) or agreed,
        pause=bool(open_runs),
        resume=any(each.paused_until is not None for each in open_runs),
        again=bool(advices) and advices[-1].state not in _UNDER_WAY,
    )


def _subjects(session: Session, services: Services, lead: Lead, *, personal: bool) -> dict[int, str]:
    """message id -> the subject of each mail to the lead; for editors without what she filled in."""
    mine = [row for row in message_rows.of_lead(session, lead.id) if not message_rows.is_to_practice(row, lead)]
    return {row.id: _subject(session, services, row, personal=personal) for row in mine}


def _subject(session: Session, services: Services, row: Message, *, personal: bool) -> str:
    try:
        if personal:
            return outlook.left(session, services, row).subject
        compiled = services.published.mail(session, row.revision_id, row.template)
        _, practice = services.published.live_practice(session)
        return outlook.shown(services, compiled, practice, {}).subject
    except UnavailableError:
        raise
    except (NurtureError, ValueError, KeyError):
        return row.template  # it cannot be made any more, or its subject needs what is not shown here


def _ahead(
    session: Session,
    services: Services,
    lead: Lead,
    runs: Sequence[Enrolment],
    sequences: Mapping[int, Steps],
    report: LeadReport,
    *,
    personal: bool,
) -> dict[str, str]:
    """template -> the subject of each mail that is still to be made."""
    _, practice = services.published.live_practice(session)
    found: dict[str, str] = {}
    for row in runs:
        for step in report.coming:
            if step.sequence != sequences[row.id].name or step.template in found:
                continue
            try:
                compiled = services.published.mail(session, row.sequence_revision_id, step.template)
                answers, name = (row.answers, lead.first_name) if personal else ({}, None)
                found[step.template] = outlook.shown(services, compiled, practice, answers, name).subject
            except UnavailableError:
                raise
            except (NurtureError, ValueError, KeyError):
                continue
    return found


def _questions(session: Session, services: Services) -> dict[str, Question]:
    _, forms = services.published.live_forms(session)
    return {each.name: each for form in forms.forms.values() for each in form.questions}


def _answer(questions: Mapping[str, Question], name: str, value: str) -> tuple[str, str]:
    """A question and what she answered, in the words of the form where one asks it still."""
    question = questions.get(name)
    labels = {option.value: option.label for option in question.options} if question else {}
    return (question.label if question else name, labels.get(value, value))
