"""`/p/`: what we hold of a lead in plain words, and the way to stop."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.errors import FieldProblem, InvalidInputError
from service.flows import consent, outlook
from service.flows.services import Services
from service.store import consents, enrolments, leads
from service.store.tables import Enrolment, ErasedToken, Lead
from service.web import documented, pages
from service.web.deps import Here, Sent, desk, erased_page, lead_behind, posted
from service.web.views import MailOn, MyDataPage, Page, UnsubscribedPage

router = APIRouter(default_response_class=HTMLResponse, responses=documented.errors(404, 503))
Mails = Literal["waiting", "active", "paused", "ended"]


@router.get("/p/{token}")
def show(token: str, services: Here) -> Response:
    """What we know, what we sent, and what is to come. The link may be forwarded, so the address is masked."""
    with services.database.reading() as session:
        lead = lead_behind(session, services, "p", token)
        if isinstance(lead, ErasedToken):
            page: Page = erased_page(session, services)
        else:
            page = _page(session, services, lead, services.clock.now())
    return pages.render(page)


@router.post("/p/{token}", responses=documented.errors(413, 422), openapi_extra=documented.form({"action": ("stop",)}))
def act(token: str, services: Here, body: Sent) -> Response:
    """`action=stop` withdraws, as `/u/` does."""
    with services.database.transaction() as session:
        lead = lead_behind(session, services, "p", token)
        if isinstance(lead, ErasedToken):
            page: Page = erased_page(session, services)
        elif (posted(body).get("action") or [""])[-1] != "stop":
            problem = FieldProblem(pointer="/action", detail="Deze keuze kennen we niet.")
            raise InvalidInputError("no such action", "Deze keuze kennen we niet.", fields=[problem])
        else:
            changed = consent.withdraw(session, services, lead, "my data page", services.clock.now())
            at = desk(session, services)
            page = UnsubscribedPage(practice=at.practice, in_demo=at.in_demo, was_active=changed)
    return pages.render(page)


def masked(address: str) -> str:
    """`a***@e***.org`: enough for its owner to know it by."""
    local, _, domain = address.rpartition("@")
    host, dot, ending = domain.rpartition(".")
    return f"{local[:1]}***@{host[:1]}***{dot}{ending}"


def _page(session: Session, services: Services, lead: Lead, now: datetime) -> MyDataPage:
    at = desk(session, services)
    runs = enrolments.of_lead(session, lead.id)
    mails = _mails(runs, now)
    given = [each.given_at for each in consents.active_of_lead(session, lead.id)]
    last_no = consents.last_withdrawal_at(session, lead.id)
    paused = max((run.paused_until for run in runs if run.paused_until), default=None)
    planned = [each for run in runs for each in outlook.planned(session, services, run, now)]
    return MyDataPage(
        practice=at.practice,
        in_demo=at.in_demo,
        address=masked(lead.address),
        first_name=lead.first_name,
        answers=_answers(session, services, lead),
        topic=_topics(session, services, lead),
        since=at.day(lead.created_at),
        confirmed_on=at.day(max(given)) if given else None,
        stopped_on=at.day(last_no) if last_no and not given else None,
        mails=mails,
        paused_until=at.day(paused) if paused and mails == "paused" else None,
        erase_on=at.day(lead.erase_at) if lead.erase_at else None,
        sent=tuple(
            MailOn(subject=each.subject, on=at.day(each.at)) for each in outlook.sent(session, services, lead.id)
        ),
        upcoming=tuple(
            MailOn(subject=each.subject, on=at.day(each.at)) for each in sorted(planned, key=lambda each: each.at)
        ),
    )


def _mails(runs: Sequence[Enrolment], now: datetime) -> Mails:
    active = [run for run in runs if run.state == "active"]
    if any(run.paused_until is None or run.paused_until <= now for run in active):
        return "active"
    if active:
        return "paused"
    return "waiting" if any(run.state == "awaiting_confirmation" for run in runs) else "ended"


def _answers(session: Session, services: Services, lead: Lead) -> tuple[tuple[str, str], ...]:
    """Questions and answers in the words of the forms; what no form asks any more stays as it is."""
    _, forms = services.published.live_forms(session)
    questions = {question.name: question for form in forms.forms.values() for question in form.questions}
    found = []
    for name, value in lead.answers.items():
        question = questions.get(name)
        labels = {option.value: option.label for option in question.options} if question else {}
        found.append((question.label if question else name, labels.get(value, value)))
    return tuple(found)


def _topics(session: Session, services: Services, lead: Lead) -> str:
    """What the lead asked about, by the titles of the sequences, in a sentence."""
    topics = dict.fromkeys(each.topic for each in leads.opt_ins(session, lead.id))
    live = {topic: services.published.live_for_topic(session, topic) for topic in topics}
    titles = [found.sequence.title if found else topic for topic, found in live.items()]
    return " en ".join(title[:1].lower() + title[1:] for title in titles)
