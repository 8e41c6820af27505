"""A save as any page of the studio makes it, without a page that makes one: what `saving.save` answers to a browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response

from service.domain.staff import Least
from service.flows import staff_sessions
from service.flows.content_desk import Change, ContentDesk
from service.store.db import real_now
from service.web.studio.doors import Visit
from service.web.studio.publishing import saving
from tests.support.house import House


def desk_of(app: object) -> ContentDesk:
    """The content folder of an application."""
    return cast("ContentDesk", cast("Any", app).state.content_desk)


def save(
    house: House, app: object, token: str, changes: Mapping[str, bytes | None], seen: Mapping[str, str], *, done: str
) -> Response:
    """Save these files, each as made from the state `seen`, for whoever has this session."""
    with house.services.database.reading() as session:
        now = real_now(session)
        member = staff_sessions.find(session, token, now)
    scope = {"type": "http", "method": "POST", "path": done, "query_string": b"", "headers": [], "scheme": "https"}
    visit = Visit(
        request=Request(scope | {"app": app, "server": ("praktijk.example", 443)}),
        services=house.services,
        member=member,
        language="nl",
        fields={},
        now=now,
        least=Least.EDITOR,
    )
    return saving.save(visit, {file: Change(data=data, seen=seen[file]) for file, data in changes.items()}, done=done)
