"""Whose pages may show the form, and in a frame of theirs: our own, and the configured sites."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from service.flows.services import Services
from service.web.views import Page

_FRAMED = ("/forms/", "/bedankt", "/api/opt-ins")
"""What a frame goes through: the form, the thanks for it, and whatever is wrong with the post in between."""
_Page = TypeVar("_Page", bound=Page)


def origins(services: Services) -> tuple[str, ...]:
    """The origins (RFC 6454) whose pages may fetch, post and frame the opt-in form; ours is the first.

    Now and then it asks the database for those that an admin allowed, so not within a session; on the event loop behind
    `looked_up` alone.
    """
    own = services.base_url
    # The demo answers to both names of this machine, whichever the browser was given.
    aliases = (own.replace("localhost", "127.0.0.1"), own.replace("127.0.0.1", "localhost")) if services.demo else ()
    added = services.allowed_here.known(services.database)
    return tuple(dict.fromkeys((own, *aliases, *services.allowed_origins, *added)))


async def looked_up(services: Services) -> None:
    """From here on `origins` asks nothing of the database for a moment: one that is away would hold up everybody."""
    if not services.allowed_here.is_fresh:
        await run_in_threadpool(services.allowed_here.known, services.database)


def is_framed(request: Request) -> bool:
    """Is this page to stand in a frame? Browsers tell (Fetch Metadata); `?embed=1` does for those that do not."""
    return request.headers.get("sec-fetch-dest") == "iframe" or request.query_params.get("embed") == "1"


def fit(page: _Page, request: Request, services: Services) -> _Page:
    """The page as it goes out: the ones that belong to the form may be framed, and are bare there."""
    if not request.url.path.startswith(_FRAMED):
        return page
    return replace(page, framed_by=origins(services), bare=is_framed(request))
