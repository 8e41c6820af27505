"""The field mails are written in, CodeMirror: a bundle of its own, built by `make bundle`, that only its page loads.

The studio does without: mails are then written in the textarea that stands there anyway. Nothing of the practice is in
it, so a browser may keep it, as it keeps a style sheet.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.errors import NotFoundError
from service.web import documented

SCRIPT = "/editor.js"
BUNDLE = Path(__file__).parent / "dist" / "editor.js"
_ANSWERS = documented.content(200, "text/javascript") | documented.content(304) | documented.errors(404)
router = APIRouter(default_response_class=Response)


@dataclass(frozen=True, kw_only=True)
class _Script:
    text: bytes
    packed: bytes
    etag: str


def url() -> str:
    """Where the page finds it; "" where it was not built. It belongs in `data-bundle` of the form."""
    return SCRIPT if BUNDLE.is_file() else ""


@router.get(SCRIPT, responses=_ANSWERS)
def editor_js(request: Request) -> Response:
    """The script, sent only where the browser has another. NotFoundError where it was not built."""
    if not BUNDLE.is_file():
        raise NotFoundError("the editor was not built; run make bundle")
    script = _read(BUNDLE, BUNDLE.stat().st_mtime_ns)
    headers = {"Cache-Control": "no-cache", "ETag": script.etag, "Vary": "Accept-Encoding"}
    if script.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(script.packed, headers=headers | {"Content-Encoding": "gzip"}, media_type="text/javascript")
    return Response(script.text, headers=headers, media_type="text/javascript")


@cache
def _read(path: Path, _changed_at: int) -> _Script:
    data = path.read_bytes()
    mark = hashlib.sha256(data).hexdigest()[:20]
    return _Script(text=data, packed=gzip.compress(data, mtime=0), etag=f'W/"{mark}"')
