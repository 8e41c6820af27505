"""What somebody reads who did not get in, or whose request could not be done: a page, with their own menu."""

from __future__ import annotations

from fastapi import Request
from sqlmodel import Session
from starlette.responses import Response

from service.domain.staff import Least
from service.errors import NurtureError, TooManyError
from service.flows import staff_sessions, studio_settings
from service.flows.services import Services
from service.flows.staff_sessions import Member
from service.store.db import real_now
from service.web.studio import cookies, languages, rendering
from service.web.studio.views import Frame, MemberProblemPage, ProblemPage


def answer(error: NurtureError, request: Request, services: Services, frame: Frame | None) -> Response:
    """The error as a page of the studio; with the menu round it for whoever is logged in.

    `frame` is what stands round the page they were on; None where they did not get in.
    """
    frame = frame or _frame_of(request, services)
    told = languages.sentence(error.dutch if frame.language == "nl" else error.english)
    inside = frame.level >= Least.EDITOR
    kind = MemberProblemPage if inside else ProblemPage
    page = kind(frame=frame, status_code=error.status, told=told if error.status != 404 else "")
    response = rendering.render(page, status=error.status)
    if isinstance(error, TooManyError):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _frame_of(request: Request, services: Services) -> Frame:
    """What stands round a page for whoever did not get in: their own menu, where they are logged in."""
    token, member, owes = cookies.token_of(request, services), None, False
    if token:
        with services.database.reading() as session:
            member = staff_sessions.find(session, token, real_now(session))
            owes = owes_step(session, member)
    if member is None or member.level < Least.EDITOR:
        return Frame(language=languages.preferred(request), here="", in_demo=services.demo)
    return Frame(
        language=member.language,
        here=request.url.path,
        member=member,
        form_token=staff_sessions.form_token_of(services, member),
        in_demo=services.demo,
        owes_step=owes,
    )


def owes_step(session: Session, member: Member | None) -> bool:
    """Must they set a second step up before anything else?"""
    if member is None or member.level < Least.EDITOR or member.second_step:
        return False
    return studio_settings.read(session).second_step
