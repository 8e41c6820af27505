"""A door of the studio: a method, a path, who may enter at least, and what answers. There is no other way in.

Whoever adds a page writes a function of a `Visit` and a line in `routes.py`: without `least` there is no door.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Literal, cast

from fastapi import APIRouter, Request
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from service.domain.staff import Least, StaffLanguage
from service.errors import InvalidInputError, NurtureError
from service.flows import staff_sessions, studio_settings
from service.flows.content_desk import ContentDesk
from service.flows.services import Services
from service.flows.staff_sessions import Member
from service.store.db import real_now
from service.web import bodies, deps, documented
from service.web.client import client_of
from service.web.problems import ForbiddenError
from service.web.studio import cookies, languages, rendering, turned_away, typed
from service.web.studio.hashing import Hashing
from service.web.studio.own_pages import check_page
from service.web.studio.presses import Presses, form_of
from service.web.studio.threads import StaffThreads
from service.web.studio.views import Frame

LOGIN, CODE, HOME = "/studio/login", "/studio/login/code", "/studio/"
SET_UP = "/studio/account/code"
"""Where whoever has no second step yet sets one up; the one way on while an admin demands it."""
_LARGEST_OF_NOBODY = 1024 * 1024
"""Bytes of a form of whoever is not logged in: a text is read all the same, to be shown back to somebody who was logged
out while writing it. Anything larger would be memory that any stranger can take."""
_AGENTS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One request by somebody who may make it. `now` is real time, by which sessions are measured."""

    request: Request
    services: Services
    member: Member | None
    language: StaffLanguage
    fields: Mapping[str, Sequence[str]]
    now: datetime
    least: Least  # who may enter here, by what is settled now
    uploads: Mapping[str, bodies.Upload] = field(default_factory=dict)
    owes_step: bool = False  # an admin demands a second step, and they have none yet

    @property
    def desk(self) -> ContentDesk:
        """The content folder, whose files are the drafts."""
        return cast("ContentDesk", self.request.app.state.content_desk)

    @property
    def me(self) -> Member:
        """Who is logged in. Only behind a door that asks for somebody."""
        if self.member is None:
            raise RuntimeError("a door for anyone asks who is there")
        return self.member

    def field(self, name: str) -> str:
        """The first value of a field of the form; "" where it is not there."""
        return next(iter(self.fields.get(name, [])), "")

    def upload(self, name: str) -> bodies.Upload | None:
        """The file that was chosen in a field of the form; None where none was."""
        return self.uploads.get(name)

    def query(self, name: str) -> str:
        """The first value of a field of the query."""
        return deps.query(self.request, name) or ""

    @property
    def network(self) -> str:
        """A keyed hash of whence it comes."""
        return client_of(self.request, self.services).network

    @property
    def agent(self) -> str:
        """The browser's family, and no more of it."""
        told = self.request.headers.get("user-agent", "")
        return next((family for mark, family in _AGENTS.items() if mark in told), "?")

    @property
    def hashing(self) -> Hashing:
        """Where passwords are compared."""
        return cast("Hashing", self.request.app.state.hashing)

    def frame(self) -> Frame:
        """What stands round every page."""
        form = staff_sessions.form_token_of(self.services, self.member) if self.member else ""
        return Frame(
            language=self.language,
            here=self.request.url.path,
            member=self.member,
            form_token=form,
            zone=rendering.zone_of(self.services),
            in_demo=self.services.demo,
            owes_step=self.owes_step,
        )

    def as_renewed(self, token: str) -> Visit:
        """The same visit in the session that took this one's place."""
        with self.services.database.reading() as session:
            member = staff_sessions.find(session, token, self.now)
            return replace(self, member=member, owes_step=turned_away.owes_step(session, member))

    def words(self, error: NurtureError) -> str:
        """What an error says, in the language of whoever is there, as a sentence."""
        return languages.sentence(error.dutch if self.language == "nl" else error.english)


Answer = Callable[[Visit], Response] | Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, kw_only=True)
class Door:
    """`query` and `fields` are what the page reads: any other field of the query is refused.

    `publishes`: editors may enter too, where an admin settled so. `sets_up`: open also to whoever must first set a
    second step up. `largest` is of a body, in bytes. `uploads` are the fields that a file may come in: nowhere else is
    one taken.
    """

    method: Literal["GET", "POST"]
    path: str
    least: Least
    answer: Answer
    query: tuple[str, ...] = ()
    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    publishes: bool = False
    sets_up: bool = False
    largest: int = bodies.LARGEST
    uploads: tuple[str, ...] = ()

    def least_now(self, session: Session) -> Least:
        """Who may enter at least, by what is settled now."""
        lowered = self.publishes and studio_settings.read(session).editors_publish
        return min(self.least, Least.EDITOR) if lowered else self.least


def router(doors: Sequence[Door]) -> APIRouter:
    """The doors as routes. Every one of them goes through `enter`."""
    built = APIRouter()
    for door in doors:
        built.add_api_route(
            door.path,
            _reading(door) if door.method == "GET" else _posting(door),
            methods=[door.method],
            responses=_answers(door),
            openapi_extra=_described(door),
            name=f"{door.method} {door.path}",
        )
    return built


def see(path: str) -> Response:
    """Go on to another page, with a GET (RFC 9110, section 15.4.4)."""
    return RedirectResponse(path, status_code=303)


def enter(door: Door, request: Request, services: Services, body: bodies.Body | None) -> Visit | Response:
    """The visit, or the way to log in. Raises ForbiddenError for a role too low, or a form that is not of ours."""
    member, now, least, owes_step = None, None, door.least, False
    token = cookies.token_of(request, services)
    if token or door.least is Least.ANYONE:
        with services.database.reading() as session:
            now = real_now(session)
            member = staff_sessions.find(session, token, now) if token else None
            least = door.least_now(session)
            owes_step = turned_away.owes_step(session, member)
    if owes_step and door.least > Least.CODE and not door.sets_up:
        return typed.answer(request, services, body, member, owes_step=True) or see(SET_UP)
    away = see(LOGIN) if now is None else _away(member.level if member else Least.ANYONE, least)
    if away or now is None:
        return typed.answer(request, services, body, None) or away or see(LOGIN)
    unknown = set(request.query_params) - set(door.query)
    if unknown:
        raise InvalidInputError("this page knows no such question", "Die vraag kent deze pagina niet.")
    fields, uploads = deps.posted_with(body, door.uploads) if body else ({}, {})
    if door.method == "POST":
        check_page(request, services)
        if member and door.least is not Least.ANYONE and not _is_of_session(services, member, fields):
            if late := typed.answer(request, services, body, member):
                return late
            raise ForbiddenError(
                "the form is not of this session", "Dit formulier is verlopen. Open de pagina opnieuw."
            )
    if member:
        staff_sessions.note_use(services, member, now)
    language = member.language if member else languages.preferred(request)
    return Visit(
        request=request,
        services=services,
        member=member,
        language=language,
        fields=fields,
        now=now,
        least=least,
        uploads=uploads,
        owes_step=owes_step,
    )


def _away(level: Least, least: Least) -> Response | None:
    """Where whoever may not enter yet goes first. Raises ForbiddenError for a role too low."""
    if level >= least:
        return None
    if level > Least.CODE:
        raise ForbiddenError("your role does not go so far", "Jouw rol mag dit niet.")
    return see(CODE if level is Least.CODE else LOGIN)


def _is_of_session(services: Services, member: Member, fields: Mapping[str, Sequence[str]]) -> bool:
    return staff_sessions.is_form_of(services, member, next(iter(fields.get("form_token", [])), ""))


def _reading(door: Door) -> Callable[[Request, deps.Here], Awaitable[Response]]:
    async def endpoint(request: Request, services: deps.Here) -> Response:
        return await _answered(door, request, services, None)

    return endpoint


def _posting(door: Door) -> Callable[[Request, deps.Here], Awaitable[Response]]:
    async def endpoint(request: Request, services: deps.Here) -> Response:
        largest = door.largest
        matters = door.uploads or largest > _LARGEST_OF_NOBODY
        if matters and not await _threads(request).run(_is_somebody, request, services):
            if door.uploads:
                return see(LOGIN)
            largest = _LARGEST_OF_NOBODY
        return await _answered(door, request, services, await bodies.read_at_most(request, largest))

    return endpoint


def _is_somebody(request: Request, services: Services) -> bool:
    token = cookies.token_of(request, services)
    if not token:
        return False
    with services.database.reading() as session:
        return staff_sessions.find(session, token, real_now(session)) is not None


def _threads(request: Request) -> StaffThreads:
    return cast("StaffThreads", request.app.state.staff_threads)


async def _answered(door: Door, request: Request, services: Services, body: bodies.Body | None) -> Response:
    visit: Visit | Response | None = None
    try:
        visit = await _threads(request).run(enter, door, request, services, body)
        if isinstance(visit, Response):
            return visit
        whose = _pressed_by(door, visit)
        if whose is not None:
            presses = cast("Presses", request.app.state.presses)
            form = form_of(request.url.path, visit.fields, visit.uploads)
            return await presses.once(whose, form, partial(_answer, door, visit))
        return await _answer(door, visit)
    except NurtureError as error:
        if error.status >= 500 or "text/html" not in request.headers.get("accept", ""):
            raise
        frame = visit.frame() if isinstance(visit, Visit) else None
        return await _threads(request).run(turned_away.answer, error, request, services, frame)  # it asks the database


def _pressed_by(door: Door, visit: Visit) -> int | str | None:
    """Whose second press it may be: of a session, or of an invitation's link. None: of nobody who is known."""
    if door.method == "GET":
        return None
    if door.least is Least.ANYONE:
        return visit.request.path_params.get("token")
    return visit.member.session_id if visit.member else None


async def _answer(door: Door, visit: Visit) -> Response:
    if inspect.iscoroutinefunction(door.answer):
        return cast("Response", await door.answer(visit))
    return await _threads(visit.request).run(cast("Callable[[Visit], Response]", door.answer), visit)


def _answers(door: Door) -> documented.Responses:
    statuses = [403, 422, 429, 503] if door.method == "GET" else [403, 409, 413, 422, 429, 503]
    if "{" in door.path:
        statuses.append(404)
    on = documented.content(303, description="On to another page, or to log in.", headers=("Location",))
    return documented.errors(*statuses) | documented.content(200, "text/html") | on


def _described(door: Door) -> dict[str, object]:
    names = [part[1:-1] for part in door.path.split("/") if part.startswith("{")]
    in_path = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
    in_query = [each for name in door.query for each in documented.query(name)["parameters"]]
    told: dict[str, object] = {"parameters": in_path + in_query} if in_path or in_query else {}
    if door.method == "POST":
        told |= documented.form({"form_token": (), **door.fields}, uploads=door.uploads)
    return told
