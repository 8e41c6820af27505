"""The images of published mails. Their addresses hold no token and say nothing of who looks; nothing is counted."""

from __future__ import annotations

import re

from fastapi import APIRouter
from starlette.responses import Response

from service.errors import NotFoundError
from service.store import media
from service.web import documented
from service.web.deps import Here

_NAME = re.compile(r"[0-9a-f]{40}\.(?:png|jpg|gif)")
router = APIRouter(default_response_class=Response, responses=documented.errors(404, 503))


@router.get("/media/{name}", responses=documented.content(200, "image/png", "image/jpeg", "image/gif"))
def image(name: str, services: Here) -> Response:
    """One image, to be kept for a year: another image has another name. 404 for all that was never published."""
    if not _NAME.fullmatch(name):
        raise NotFoundError("no such image")
    with services.database.reading() as session:
        found = media.by_name(session, name)
        if found is None:
            raise NotFoundError("no such image")
        data, kind = found.data, found.kind
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(data, media_type=kind, headers=headers)
