"""`/p/`: why a lead gets mail, what comes and when, and what can be done about it: rest, stop, answer otherwise."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.domain.conditions import UNKNOWN
from service.domain.forms import Question
from service.errors import FieldProblem, InvalidInputError
from service.flows import clock_check, consent, my_data, outlook
from service.flows.services import Services
from service.store import consents, enrolments, leads
from service.store.tables import Enrolment, ErasedToken, Lead, OptIn
from service.web import documented, pages
from service.web.deps import Desk, Here, Sent, desk, erased_page, lead_behind, posted
from service.web.my_data_views import AskedFor, MyDataPage, Told
from service.web.views import MailOn, Page, UnsubscribedPage

router = APIRouter(default_response_class=HTMLResponse, responses=documented.errors(404, 503))
Mails = Literal["waiting", "active", "paused", "ended"]
Done = Literal["pause", "go_on", "answers", "link"]
_ANSWER = "answers."
_PAGE = re.compile(r"https?://(?:[^/?#]*@)?([^?#]*)", re.IGNORECASE)
_LONGEST_PAGE = 80  # letters of a web address that are shown


@router.get("/p/{token}")
def show(token: str, services: Here) -> Response:
    """What we know, what we sent, and what is to come. The link may be forwarded, so the address is masked."""
    with services.database.reading() as session:
        lead = lead_behind(session, services, "p", token)
        if isinstance(lead, ErasedToken):
            page: Page = erased_page(session, services)
        else:
            page = _page(session, services, lead, clock_check.now(session, services))
    return pages.render(page)


@router.post(
    "/p/{token}",
    responses=documented.errors(413, 422),
    openapi_extra=documented.form({"action": ("stop", "pause", "go_on", "answers", "link")}),
)
def act(token: str, services: Here, body: Sent) -> Response:
    """`action`: stop (as `/u/` does), pause, go_on, answers (with `answers.NAME`) or link (mails one to `/d/`)."""
    with services.database.transaction() as session:
        now = clock_check.now(session, services)
        lead = lead_behind(session, services, "p", token)
        if isinstance(lead, ErasedToken):
            page: Page = erased_page(session, services)
        else:
            page = _act(session, services, lead, posted(body), now)
    services.bell.ring()
    return pages.render(page)


def masked(address: str) -> str:
    """`a***@e***.org`: enough for its owner to know it by."""
    local, _, domain = address.rpartition("@")
    host, dot, ending = domain.rpartition(".")
    return f"{local[:1]}***@{host[:1]}***{dot}{ending}"


def _act(session: Session, services: Services, lead: Lead, fields: dict[str, list[str]], now: datetime) -> Page:
    action = (fields.get("action") or [""])[-1]
    match action:
        case "stop":
            changed = consent.withdraw(session, services, lead, "my data page", now)
            at = desk(session, services)
            return UnsubscribedPage(practice=at.practice, in_demo=at.in_demo, was_active=changed)
        case "pause":
            my_data.pause(session, services, lead, now)
        case "go_on":
            my_data.go_on(session, services, lead, now)
        case "answers":
            given = {
                name.removeprefix(_ANSWER): values[-1] for name, values in fields.items() if name.startswith(_ANSWER)
            }
            my_data.change_answers(session, services, lead, given, now)
        case "link":
            my_data.mail_link(session, services, lead, now)
        case _:
            problem = FieldProblem(pointer="/action", detail="Deze keuze kennen we niet.")
            raise InvalidInputError("no such action", "Deze keuze kennen we niet.", fields=[problem])
    session.flush()
    return _page(session, services, lead, now, done=action)


def _page(session: Session, services: Services, lead: Lead, now: datetime, done: Done | None = None) -> MyDataPage:
    at = desk(session, services)
    runs = enrolments.of_lead(session, lead.id)
    mails = _mails(runs, now)
    yes = max(consents.active_of_lead(session, lead.id), key=lambda each: each.given_at, default=None)
    ticked = None if yes else consents.ticked_of_lead(session, lead.id)
    last_no = consents.last_withdrawal_at(session, lead.id)
    resting = [run for run in runs if run.state == "active" and run.paused_until and run.paused_until > now]
    longest = max(resting, key=lambda run: run.paused_until or now, default=None)
    until = at.day(longest.paused_until) if longest and longest.paused_until else None
    planned = [each for run in runs for each in outlook.planned(session, services, run, now)]
    opt_ins = leads.opt_ins(session, lead.id)
    questions, told = _answers(session, services, lead)
    return MyDataPage(
        practice=at.practice,
        in_demo=at.in_demo,
        address=masked(lead.address),
        first_name=lead.first_name,
        since=at.day(lead.created_at),
        topic=" en ".join(dict.fromkeys(_topic(session, services, each.topic) for each in opt_ins)),
        asked_for=tuple(_asked_for(session, services, at, each) for each in opt_ins if each.disposition == "accepted"),
        questions=questions,
        told=told,
        confirmed_on=at.day(yes.given_at) if yes else None,
        ticked_on=at.day(ticked.given_at) if ticked else None,
        agreed_to=said.wording if (said := yes or ticked) else None,
        stopped_on=at.day(last_no) if last_no and not yes else None,
        mails=mails,
        paused_until=until,
        paused_by=longest.pause_reason if longest else None,
        may_pause=mails in {"active", "paused"} and (until is None or until < at.day(now + my_data.PAUSE)),
        may_go_on=any(my_data.may_go_on(run, now) for run in resting),
        erase_on=at.day(lead.erase_at) if lead.erase_at else None,
        sent=tuple(
            MailOn(subject=each.subject, on=at.day(each.at)) for each in outlook.sent(session, services, lead.id)
        ),
        upcoming=tuple(
            MailOn(subject=each.subject, on=at.day(each.at)) for each in sorted(planned, key=lambda each: each.at)
        ),
        done=done,
    )


def _mails(runs: Sequence[Enrolment], now: datetime) -> Mails:
    active = [run for run in runs if run.state == "active"]
    if any(run.paused_until is None or run.paused_until <= now for run in active):
        return "active"
    if active:
        return "paused"
    return "waiting" if any(run.state == "awaiting_confirmation" for run in runs) else "ended"


def _answers(
    session: Session, services: Services, lead: Lead
) -> tuple[tuple[tuple[Question, str], ...], tuple[Told, ...]]:
    """What can be answered otherwise here, and what is only told: what chooses the topic, or no form asks any more."""
    asked = my_data.questions(session, services, lead)
    told = [
        Told(label=each.question.label, answer=_label(each.question, each.chosen), form_url=f"/forms/{each.form.name}")
        for each in asked
        if each.chooses_topic
    ]
    names = {each.question.name for each in asked}
    _, forms = services.published.live_forms(session)
    elsewhere = {question.name: question for form in forms.forms.values() for question in form.questions}
    for name, value in lead.answers.items():
        if name not in names:
            question = elsewhere.get(name)
            told.append(Told(label=question.label if question else name, answer=_label(question, value)))
    return tuple((each.question, each.chosen) for each in asked if not each.chooses_topic), tuple(told)


def _label(question: Question | None, value: str) -> str:
    labels = {option.value: option.label for option in question.options} if question else {}
    return labels.get(value, "niet ingevuld" if value == UNKNOWN else value)


def _asked_for(session: Session, services: Services, at: Desk, opt_in: OptIn) -> AskedFor:
    form = services.published.live_forms(session)[1].forms.get(opt_in.form or "")
    return AskedFor(
        topic=_topic(session, services, opt_in.topic),
        on=at.day(opt_in.created_at),
        form=form.title if form else None,
        page=_shown(opt_in.source_url) if opt_in.source_url else None,
    )


def _topic(session: Session, services: Services, topic: str) -> str:
    """What was asked about, by the title of its sequence, in a sentence."""
    found = services.published.live_for_topic(session, topic)
    title = found.sequence.title if found else topic
    return title[:1].lower() + title[1:]


def _shown(url: str) -> str:
    """A page by its host and path. Whoever filled in the form may have written it, so it is text and never a link."""
    found = _PAGE.match(url)
    page = found[1].rstrip("/") if found else ""
    return page if len(page) <= _LONGEST_PAGE else f"{page[: _LONGEST_PAGE - 1]}…"
