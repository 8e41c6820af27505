"""The form on any website: the script, what it fetches, and the solver of a proof of work where one is asked for."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from service.errors import NotFoundError
from service.web import documented, forms, pages, solver
from service.web.deps import Here, check_origin

_PARTS = Path(__file__).parent / "embed_script"
_STYLES = ("base.css", "forms.css", "embed.css")
_ANYWHERE = {
    "Cache-Control": "public, max-age=300",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_SCRIPT = documented.content(200, "text/javascript") | documented.content(304)
router = APIRouter(default_response_class=Response)


@dataclass(frozen=True, kw_only=True)
class Script:
    """A script for pages of other sites, as it is sent."""

    text: bytes
    etag: str


@router.get("/embed.js", responses=_SCRIPT)
def embed_js(request: Request) -> Response:
    """The widget: one file, kept for five minutes, so that a mended one is everywhere soon."""
    return _sent(request, widget_script())


@router.get("/proof.js", responses=_SCRIPT | documented.errors(404))
def proof_js(request: Request) -> Response:
    """The solver of ALTCHA's challenges. NotFoundError where it was not built."""
    found = solver.script()
    if found is None:
        raise NotFoundError("the solver was not built; run make bundle")
    return _sent(request, _script(found))


@router.get("/api/forms/{form}", response_class=JSONResponse, responses=documented.errors(403, 404, 503))
def widget_form(request: Request, form: str, services: Here) -> JSONResponse:
    """A form as the widget shows it, with a token of this moment, and what to show once it is sent."""
    check_origin(request, services)
    with services.database.reading() as session:
        page = forms.form_page(session, services, form)
        thanks = forms.thanks_page(session, services, page.offer.form)
    return JSONResponse(
        {
            "form": page.offer.form.name,
            "title": page.offer.form.title,
            "consent_version": page.offer.consent_version,
            "form_token": page.offer.form_token,
            "proof_of_work": page.offer.solver or None,
            "html": pages.fragment(page, "_offer.html"),
            "thank_you_html": pages.fragment(thanks, "_thanks.html"),
        }
    )


@cache
def widget_script() -> Script:
    """Our own few files as one, in a scope of their own, with the styles of our pages."""
    parts = [file.read_text(encoding="utf-8") for file in sorted(_PARTS.glob("*.js"))]
    styles = "\n".join((pages.STATIC / name).read_text(encoding="utf-8") for name in _STYLES)
    # A site's root may have any font size; in the widget the one around it counts.
    styles = re.sub(r"(?<=\d)rem\b", "em", re.sub(r"/\*.*?\*/\s*|\n\s*", "", styles, flags=re.DOTALL))
    constant = f"const STYLES = {json.dumps(styles)};\n"
    return _script("(() => {\n" + '"use strict";\n' + constant + "\n".join(parts) + "})();\n")


def _script(text: str) -> Script:
    data = text.encode()
    mark = hashlib.sha256(data).hexdigest()[:20]
    return Script(text=data, etag=f'"{mark}"')


def _sent(request: Request, script: Script) -> Response:
    headers = {**_ANYWHERE, "ETag": script.etag}
    if script.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(script.text, headers=headers, media_type="text/javascript")
