"""`/a/`: better, same or worse. The link in a mail carries the answer; the button on the page gives it."""

from __future__ import annotations

from datetime import datetime
from typing import get_args

from fastapi import APIRouter, Request
from markupsafe import Markup
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.errors import InvalidInputError
from service.flows import answers, clock_check
from service.flows.services import Services
from service.store.tables import ErasedToken, Message
from service.web import documented, pages
from service.web.deps import Here, Sent, desk, erased_page, message_behind, posted, query
from service.web.views import Answer, AnswerDonePage, AnswerPage, Page

router = APIRouter(default_response_class=HTMLResponse, responses=documented.errors(404, 503))
_CHOICES = get_args(Answer)


@router.get("/a/{token}", openapi_extra=documented.query("answer", *_CHOICES))
def show(request: Request, token: str, services: Here) -> Response:
    """Asks to confirm the answer of the link, or offers all three where it carries none that we know."""
    with services.database.reading() as session:
        message = message_behind(session, services, "a", token)
        if isinstance(message, ErasedToken):
            page: Page = erased_page(session, services)
        else:
            at = desk(session, services)
            safety = Markup(services.published.safety_html(session))  # noqa: S704 - rendered with escaping
            page = AnswerPage(
                practice=at.practice,
                in_demo=at.in_demo,
                answer=_known(query(request, "answer")),
                safety_html=safety,
            )
    return pages.render(page)


@router.post(
    "/a/{token}",
    responses=documented.errors(413, 422),
    openapi_extra=documented.query("answer", *_CHOICES) | documented.form({"answer": _CHOICES}),
)
def give(request: Request, token: str, services: Here, body: Sent) -> Response:
    """Keep the answer; the last one counts."""
    with services.database.transaction() as session:
        now = clock_check.now(session, services)
        message = message_behind(session, services, "a", token)
        if isinstance(message, ErasedToken):
            page: Page = erased_page(session, services)
        else:
            fields = posted(body)
            answer = answers.parse(fields["answer"][-1] if "answer" in fields else query(request, "answer"))
            answers.record(session, services, message, answer, now)
            page = _done(session, services, message, answer, now)
    services.bell.ring()
    return pages.render(page)


def _done(session: Session, services: Services, message: Message, answer: Answer, now: datetime) -> AnswerDonePage:
    at = desk(session, services)
    until = answers.rests_until(session, message, now)
    return AnswerDonePage(
        practice=at.practice,
        in_demo=at.in_demo,
        answer=answer,
        safety_html=Markup(services.published.safety_html(session)),  # noqa: S704 - rendered with escaping
        paused_until=at.day(until) if until else None,
    )


def _known(value: str | None) -> Answer | None:
    try:
        return answers.parse(value)
    except InvalidInputError:
        return None
