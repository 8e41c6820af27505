"""Where the content folder cannot be written in: each changed file to take along, and to put where it belongs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from starlette.responses import Response

from service.errors import InvalidInputError
from service.flows.content_desk import Change
from service.web.studio import rendering
from service.web.studio.doors import Visit
from service.web.studio.publishing import held
from service.web.studio.publishing.held import Held
from service.web.studio.publishing.views import NotWritablePage

PATH = "/studio/publish/download"


def show(visit: Visit, changes: Mapping[str, Change], *, done: str, typed: bool = True) -> Response:
    """Nothing was saved; it is all on this page."""
    page = NotWritablePage(
        frame=visit.frame(),
        files=tuple(sorted(file for file, change in changes.items() if change.data is not None)),
        gone=tuple(sorted(file for file, change in changes.items() if change.data is None)),
        done=done,
        held=held.seal(visit, Held(changes=changes, done=done, typed=typed)),
    )
    return rendering.render(page, status=409)


def act(visit: Visit) -> Response:
    """`POST /studio/publish/download`: one of the files, under its own name, to be kept and never to be shown."""
    kept = held.unseal(visit)
    change = kept.changes.get(visit.field("file"))
    if change is None or change.data is None:
        raise InvalidInputError("there is no such file on the page", "Zo'n bestand staat er niet op de pagina.")
    name = PurePosixPath(visit.field("file")).name  # letters, digits, hyphens: what the desk lets a file be called
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Response(change.data, media_type="application/octet-stream", headers=headers)
