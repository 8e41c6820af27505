"""What endpoints are given: the services, the body, and the row behind a token."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, TypeVar
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from sqlmodel import Session

from service.domain.practice import Practice
from service.errors import NotFoundError
from service.flows.services import Services
from service.mail.links import Purpose
from service.store import leads, message_rows
from service.store.tables import ErasedToken, Lead, Message, OptIn
from service.web import bodies, frames
from service.web.problems import ForbiddenError
from service.web.views import ErasedPage

_Row = TypeVar("_Row", Lead, OptIn, Message)


async def _services(request: Request) -> Services:  # async: a plain one would be given a thread of its own
    services: Services = request.app.state.services
    return services


Here = Annotated[Services, Depends(_services)]
"""The installation's parts."""

Sent = Annotated[bodies.Body, Depends(bodies.read_body)]
"""The request's body, read and of a lawful size."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What a page is made with: the practice of now, and whether this is the demo."""

    practice: Practice
    in_demo: bool

    def day(self, moment: datetime) -> date:
        """The local date of a moment."""
        return moment.astimezone(ZoneInfo(self.practice.time_zone)).date()


def desk(session: Session, services: Services) -> Desk:
    """Raises UnavailableError where nothing is published yet."""
    return Desk(practice=services.published.live_practice(session)[1], in_demo=services.demo)


def lead_behind(session: Session, services: Services, purpose: Purpose, token: str) -> Lead | ErasedToken:
    """The lead of a /u/ or /p/ link. NotFoundError, always the same, for whatever we did not sign for this purpose."""
    public_id = _public_id(services, purpose, token)
    return _or_erased(session, public_id, leads.by_public_id(session, public_id))


def opt_in_behind(session: Session, services: Services, token: str) -> OptIn | ErasedToken:
    """The opt-in of a /c/ link."""
    public_id = _public_id(services, "c", token)
    return _or_erased(session, public_id, leads.opt_in_by_public_id(session, public_id))


def message_behind(session: Session, services: Services, purpose: Purpose, token: str) -> Message | ErasedToken:
    """The message of a /b/, /a/ or /d/ link."""
    public_id = _public_id(services, purpose, token)
    return _or_erased(session, public_id, message_rows.by_public_id(session, public_id))


def erased_page(session: Session, services: Services, *, just_now: bool = False) -> ErasedPage:
    """Says that we know nothing any more, and where the advice can be asked for again."""
    at = desk(session, services)
    name = next(iter(services.published.live_forms(session)[1].forms))
    return ErasedPage(practice=at.practice, in_demo=at.in_demo, form_url=f"/forms/{name}", just_now=just_now)


def posted(body: bodies.Body) -> dict[str, list[str]]:
    """The fields of a post to a page of ours; none where there is no form in it. A mail program may post anything."""
    return posted_with(body, ())[0]


def posted_with(body: bodies.Body, uploads: Collection[str]) -> tuple[dict[str, list[str]], dict[str, bodies.Upload]]:
    """As `posted`, and the files that came in the fields `uploads`."""
    if body.kind not in {bodies.URLENCODED, bodies.MULTIPART} or not body.data:
        return {}, {}
    fields, files = bodies.form_parts(body, uploads)
    found: dict[str, list[str]] = {}
    for name, value in fields:
        found.setdefault(name, []).append(value)
    return found, files


def query(request: Request, name: str) -> str | None:
    """The first value of a query field."""
    return next(iter(parse_qs(request.url.query).get(name, [])), None)


def check_origin(request: Request, services: Services) -> None:
    """Raise ForbiddenError unless the post comes from a page of ours, of an allowed site, or from a program."""
    origin = request.headers.get("origin")
    if origin is not None and not is_allowed(origin, services):
        raise ForbiddenError("posted from a site that is not allowed", "Dit formulier mag hier niet gebruikt worden.")


def is_allowed(origin: str, services: Services) -> bool:
    """May pages of this origin (RFC 6454) post the opt-in form?"""
    return origin in frames.origins(services)


def _public_id(services: Services, purpose: Purpose, token: str) -> str:
    public_id = services.keyring.read(purpose, token)
    if public_id is None:
        raise NotFoundError("no link of ours")
    return public_id


def _or_erased(session: Session, public_id: str, row: _Row | None) -> _Row | ErasedToken:
    found = row or leads.erased(session, public_id)
    if found is None:
        raise NotFoundError("no link of ours")
    return found
