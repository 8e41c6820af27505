"""`/c/`: yes to the follow-ups. GET shows, POST agrees."""

from __future__ import annotations

import re
from datetime import datetime

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.domain.forms import Form, Question
from service.flows import clock_check, consent, outlook
from service.flows.services import Services
from service.store import enrolments
from service.store.tables import ErasedToken, OptIn
from service.web import documented, pages
from service.web.deps import Desk, Here, Sent, desk, erased_page, opt_in_behind, posted
from service.web.views import ConfirmDonePage, ConfirmPage, MailOn, Page

_REVISION = re.compile(r"[0-9]{1,9}")
router = APIRouter(default_response_class=HTMLResponse, responses=documented.errors(404, 503))


@router.get("/c/{token}")
def show(token: str, services: Here) -> Response:
    """The consent text, one button, and the question that may be answered along."""
    with services.database.reading() as session:
        opt_in = opt_in_behind(session, services, token)
        if isinstance(opt_in, ErasedToken):
            page: Page = erased_page(session, services)
        else:
            page = _page(session, services, opt_in)
    return pages.render(page)


@router.post("/c/{token}", responses=documented.errors(413, 422), openapi_extra=documented.form({"shown": ()}))
def agree(token: str, services: Here, body: Sent) -> Response:
    """Yes; again and again, with nothing changed after the first."""
    with services.database.transaction() as session:
        now = clock_check.now(session, services)
        opt_in = opt_in_behind(session, services, token)
        if isinstance(opt_in, ErasedToken):
            page: Page = erased_page(session, services)
        else:
            shown = _shown(posted(body))
            form = _form(session, services, opt_in, shown)
            answers = _answers(form, _question(session, services, opt_in, form), posted(body))
            consent.confirm(session, services, opt_in, answers, now, shown=shown)
            session.flush()
            page = _done(session, services, opt_in, now)
    services.bell.ring()
    return pages.render(page)


def _page(session: Session, services: Services, opt_in: OptIn) -> ConfirmPage:
    at = desk(session, services)
    form = _form(session, services, opt_in)
    question = _question(session, services, opt_in, form)
    confirmed = consent.is_confirmed(session, opt_in)
    run = consent.enrolment_for(session, opt_in)
    known = run.answers if confirmed and run.state in enrolments.OPEN else opt_in.answers
    return ConfirmPage(
        practice=at.practice,
        in_demo=at.in_demo,
        state="confirmed" if confirmed else "withdrawn" if consent.asks_again(session, opt_in) else "new",
        consent_text=form.consent.follow_up.text if form else consent.WORDING_WITHOUT_FORM,
        shown=services.published.live_forms(session)[0],
        question=question,
        chosen=known.get(question.name, "") if question else "",
    )


def _done(session: Session, services: Services, opt_in: OptIn, now: datetime) -> ConfirmDonePage:
    at: Desk = desk(session, services)
    run = consent.enrolment_for(session, opt_in)
    planned = outlook.planned(session, services, run, now) if run.state in enrolments.OPEN else []
    mails = tuple(MailOn(subject=each.subject, on=at.day(each.at)) for each in planned)
    return ConfirmDonePage(practice=at.practice, in_demo=at.in_demo, upcoming=mails)


def _form(session: Session, services: Services, opt_in: OptIn, shown: int | None = None) -> Form | None:
    """Her form as the page showed it: an answer that it has no longer keeps nobody from saying yes."""
    _, forms = services.published.forms_shown(session, shown)
    return forms.forms.get(opt_in.form or "") or forms.for_topic(opt_in.topic)


def _shown(fields: dict[str, list[str]]) -> int | None:
    """The revision of the forms that the page named; whoever posts anything else saw no page of ours."""
    named = fields.get("shown", [""])[-1]
    return int(named) if _REVISION.fullmatch(named) else None


def _question(session: Session, services: Services, opt_in: OptIn, form: Form | None) -> Question | None:
    """The first question that the lead's own sequence goes by; what chose the topic was answered on the form."""
    used = services.published.answers_used(session, consent.enrolment_for(session, opt_in).sequence_revision_id)
    questions = [each for each in form.questions if each.name in used] if form else []
    return next((each for each in questions if not any(option.chooses_topic for option in each.options)), None)


def _answers(form: Form | None, question: Question | None, fields: dict[str, list[str]]) -> dict[str, str]:
    given = fields.get(f"answers.{question.name}", []) if question else []
    if form is None or question is None or not given or not given[-1]:
        return {}
    return form.checked_answers({question.name: given[-1]})
