"""What somebody typed into a form that came too late: their session had ended, or a second step is asked for since. It
is shown back, and nothing is done.

The form is sent once more from that page, by a session of now: nobody loses an hour's work to a log-in that ran out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response

from service.flows import staff_sessions
from service.flows.services import Services
from service.flows.staff_sessions import Member
from service.web import bodies, deps
from service.web.problems import ForbiddenError
from service.web.studio import languages, rendering
from service.web.studio.own_pages import check_page
from service.web.studio.views import Frame, TypedPage

_SECRETS = {"password", "again", "current", "code"}
_LONG = 500  # letters; what is shorter is typed again in no time


def answer(
    request: Request,
    services: Services,
    body: bodies.Body | None,
    member: Member | None,
    *,
    owes_step: bool = False,
) -> Response | None:
    """What was typed, as a page (403); None where nothing long was. `member` is who is there by now, if anybody is;
    `owes_step` where they must set a second step up first.

    Only what a page of ours posted, in a browser: nothing that another site sends is ever shown.
    """
    if body is None or "text/html" not in request.headers.get("accept", ""):
        return None
    try:
        check_page(request, services)
    except ForbiddenError:
        return None
    language = member.language if member else languages.preferred(request)
    token = staff_sessions.form_token_of(services, member) if member else ""
    frame = Frame(
        language=language, here="", member=member, form_token=token, in_demo=services.demo, owes_step=owes_step
    )
    shown = page(frame, request.url.path, deps.posted(body))
    return rendering.render(shown, status=403) if shown else None


def page(frame: Frame, path: str, fields: Mapping[str, Sequence[str]]) -> TypedPage | None:
    """The page for these fields; None where nothing in them is long, or something is secret."""
    if not fields.keys().isdisjoint(_SECRETS):
        return None
    typed = tuple((name, text) for name, texts in fields.items() if name != "form_token" for text in texts)
    if not any(is_long(text) for _, text in typed):
        return None
    return TypedPage(
        frame=frame,
        path=path,
        texts=tuple(each for each in typed if "\n" in each[1]),
        others=tuple(each for each in typed if "\n" not in each[1]),
    )


def is_long(text: str) -> bool:
    """Is it the text of a person, of more than one line, or held for them?"""
    return "\n" in text or len(text) > _LONG
