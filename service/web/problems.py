"""One shape for everything that goes wrong: a problem (RFC 9457) for programs, a page for people in a browser."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import structlog
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from service.domain.practice import Practice
from service.errors import FieldProblem, NotFoundError, NurtureError, TooManyError, UnavailableError
from service.flows.services import Services
from service.web import frames, pages
from service.web.studio import turned_away
from service.web.views import FieldNote, NotFoundPage, Page, ProblemPage, UnavailablePage

RETRY_AFTER = 5
"""Seconds: what a locked or restarting database needs."""

_DUTCH = {
    403: "Dit mag niet vanaf deze website.",
    404: "Deze pagina is er niet.",
    405: "Dit kan niet op deze plek.",
    500: "Er ging bij ons iets mis. Probeer het straks nog eens.",
}
_EXTRA = {
    401: {"WWW-Authenticate": "Nurture-Signature"},  # RFC 9110, section 15.5.2
    413: {"Connection": "close"},  # or the server would read on to the end (RFC 9110, section 15.5.14)
    503: {"Retry-After": str(RETRY_AFTER)},
}
_LABELS = {
    "/email": "E-mailadres",
    "/first_name": "Voornaam",
    "/consent_advice": "Toestemming",
    "/consent_follow_up": "Toestemming voor de vervolgmails",
    "/topic": "Onderwerp",
    "/form": "Formulier",
    "/name": "Naam",
    "/phone": "Telefoonnummer",
    "/days": "Dagen",
    "/times": "Deel van de dag",
    "/note": "Opmerking",
    "/answer": "Antwoord",
    "/action": "Keuze",
    "/altcha": "Controle",
    "/form_token": "Formulier",
}
log = structlog.get_logger()


class TooLargeError(NurtureError):
    """More bytes than we read."""

    code, status = "too-large", 413


class UnsupportedTypeError(NurtureError):
    """A body of a type we do not read."""

    code, status = "unsupported-type", 415


class ForbiddenError(NurtureError):
    """Sent by a page that may not send here."""

    code, status = "forbidden", 403


class NotHereError(NurtureError):
    """A page that is there, asked for in a way that it does not answer to."""

    code, status = "not-here", 405


def install(app: FastAPI, services: Services) -> None:
    """Answer every error on purpose, ours and the framework's, in the one shape."""

    def told(request: Request, error: Exception) -> Response:
        match error:
            case NurtureError():
                return answer(request, services, error)
            case HTTPException():
                headers = {"Allow": _allowed(request)} if error.status_code == 405 else error.headers
                if (
                    request.url.path.startswith("/studio/")
                    and error.status_code in _IN_THE_STUDIO
                    and _wants_page(request)
                ):
                    return _for_staff(request, services, _IN_THE_STUDIO[error.status_code], headers)
                dutch = _DUTCH.get(error.status_code, "Dit kunnen we niet verwerken.")
                return _answer(request, services, error.status_code, dutch, (), headers=headers)
        raise error

    app.add_exception_handler(NurtureError, told)
    app.add_exception_handler(HTTPException, told)


_IN_THE_STUDIO: Mapping[int, NurtureError] = {
    404: NotFoundError("there is no such page", _DUTCH[404]),
    405: NotHereError(
        "this address belongs to a button on a page of the studio; go back to that page and press it there",
        "Dit adres hoort bij een knop op een pagina van de studio. Ga terug naar die pagina en druk daar op de knop.",
    ),
}


def _for_staff(
    request: Request, services: Services, error: NurtureError, headers: Mapping[str, str] | None
) -> Response:
    """With the studio's own look, in their language."""
    try:
        response = turned_away.answer(error, request, services, None)
    except UnavailableError as away:
        return answer(request, services, away)
    response.headers.update(headers or {})
    return response


def answer(request: Request, services: Services, error: NurtureError) -> Response:
    """The answer to an error on purpose."""
    headers = _EXTRA.get(error.status, {})
    if isinstance(error, TooManyError):
        headers = {"Retry-After": str(error.retry_after)}
    if error.status >= 500:
        log.warning("not answered", reason=error.english)
    dutch = _DUTCH[404] if isinstance(error, NotFoundError) else error.dutch
    return _answer(request, services, error.status, dutch, error.fields, headers=headers, code=error.code)


def unexpected(request: Request, services: Services) -> Response:
    """The answer to a defect of ours: says nothing of it."""
    return _answer(request, services, 500, _DUTCH[500], ())


def problem(
    status: int,
    detail: str,
    *,
    fields: tuple[FieldProblem, ...] = (),
    headers: Mapping[str, str] | None = None,
    code: str = "",
) -> JSONResponse:
    """`application/problem+json`; `errors` names each field by a JSON pointer (RFC 6901), "" being the whole."""
    body: dict[str, object] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    body |= {"detail": detail} | ({"code": code} if code else {})
    if fields:
        body["errors"] = [{"pointer": each.pointer, "detail": each.detail} for each in fields]
    return JSONResponse(body, status_code=status, headers=headers, media_type="application/problem+json")


def _answer(
    request: Request,
    services: Services,
    status: int,
    detail: str,
    fields: tuple[FieldProblem, ...],
    *,
    headers: Mapping[str, str] | None = None,
    code: str = "",
) -> Response:
    if not _wants_page(request):
        return problem(status, detail, fields=fields, headers=headers, code=code)
    if status in {500, 503}:
        away = UnavailablePage(practice=None, in_demo=services.demo, retry_after=RETRY_AFTER)
        return pages.render(frames.fit(away, request, services), status=status)
    practice, back_url = None, ""
    try:
        with services.database.reading() as session:
            practice = _practice(session, services)
            back_url = _back_url(session, services, request)
    except UnavailableError:
        pass  # the page can do without
    page: Page = NotFoundPage(practice=practice, in_demo=services.demo)
    if status != 404:
        notes = tuple(FieldNote(label=_label(each.pointer), detail=each.detail) for each in fields)
        page = ProblemPage(practice=practice, in_demo=services.demo, detail=detail, fields=notes, back_url=back_url)
    response = pages.render(frames.fit(page, request, services), status=status)
    response.headers.update(headers or {})
    return response


def _allowed(request: Request) -> str:
    """Every method of this path (RFC 9110, section 15.5.6); the framework names those of the first route alone."""
    path = request.scope["path"]
    routes = iter_route_contexts(request.app.routes)
    methods = {method for each in routes if each.methods and each.path_regex.match(path) for method in each.methods}
    methods = methods or {"GET"}  # a file of ours
    return ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))


def _wants_page(request: Request) -> bool:
    """Is a person looking? A script that posts JSON is a program, whatever it says it accepts."""
    if request.url.path.startswith("/api/"):
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in {"application/x-www-form-urlencoded", "multipart/form-data"}:
            return False
    return "text/html" in request.headers.get("accept", "")


def _practice(session: Session, services: Services) -> Practice | None:
    try:
        return services.published.live_practice(session)[1]
    except UnavailableError:
        return None


def _back_url(session: Session, services: Services, request: Request) -> str:
    """Where the form stands that was posted; only ever a path of ours."""
    if "token" in request.path_params:
        return request.url.path
    name = getattr(request.state, "form", None)
    known = name is not None and name in services.published.live_forms(session)[1].forms
    return f"/forms/{name}" if known else ""


def _label(pointer: str) -> str:
    return _LABELS.get(pointer, "Antwoord" if pointer.startswith("/answers/") else pointer.strip("/") or "Formulier")
