"""Every route of the website with the headers it owes (ACCEPTANCE E5), and a request that reaches it.

A new route gets a line in `ROUTES`; a page with another policy gets a `Kind` of its own, with the reason beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from service.domain.staff import Least
from service.web.studio.routes import DOORS
from tests.support.house import BASE_URL

Policy = Mapping[str, tuple[str, ...]]
NONE, SELF = ("'none'",), ("'self'",)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """The headers of one kind of answer: media type, the whole content security policy, and what else differs."""

    media_type: str
    policy: Policy
    referrer: str = "no-referrer"
    cache: str = "no-store"


_NOTHING: Policy = {"default-src": NONE, "base-uri": NONE, "form-action": NONE, "frame-ancestors": NONE}
_FOR_EVER = "public, max-age=31536000, immutable"
PAGE = Kind(media_type="text/html", policy={**_NOTHING, "style-src": SELF, "img-src": SELF})
# Under no-referrer a browser would post with `Origin: null`.
FORM = replace(PAGE, policy={**PAGE.policy, "form-action": SELF}, referrer="same-origin")
DATA = Kind(media_type="application/json", policy=_NOTHING)
PROBLEM = replace(DATA, media_type="application/problem+json")
FIGURES = replace(DATA, media_type="text/plain")
EMPTY = replace(DATA, media_type="")
IMAGE = replace(DATA, media_type="image/png", cache=_FOR_EVER)
STYLE = replace(DATA, media_type="text/css", cache=_FOR_EVER)
SCRIPT = replace(DATA, media_type="text/javascript", cache="public, max-age=300")
# The form may stand in a frame on the sites that are configured, and so may whatever it leads to; it works without the
# script that solves a proof of work.
_OWN_SCRIPTS: Policy = {"script-src": SELF, "connect-src": SELF}
_FRAMED: Policy = {"frame-ancestors": ("'self'", BASE_URL)}
FRAMED_FORM = replace(FORM, policy={**FORM.policy, **_OWN_SCRIPTS, **_FRAMED})
FRAMED_PAGE = replace(PAGE, policy={**PAGE.policy, **_FRAMED})
THANKS = replace(PAGE, policy={**FRAMED_PAGE.policy, **_OWN_SCRIPTS})
ARTICLE = replace(FORM, policy={**FORM.policy, **_OWN_SCRIPTS})
WEBSITE = replace(PAGE, policy={**PAGE.policy, **_OWN_SCRIPTS})
# The demo's alone: its inbox looks for new mail by a script of ours, and shows each mail in a sandboxed frame.
INBOX = replace(FORM, policy={**FORM.policy, **_OWN_SCRIPTS, "frame-src": SELF})
MAIL = replace(
    PAGE,
    policy={
        "sandbox": ("allow-popups", "allow-popups-to-escape-sandbox"),
        "default-src": NONE,
        "style-src": ("'unsafe-inline'",),  # mails carry their styles on their tags
        "img-src": ("'self'", "data:"),
        "frame-ancestors": SELF,
    },
)

ROUTES: dict[str, Kind] = {
    "GET /healthz": DATA,
    "GET /readyz": DATA,
    "GET /metrics": FIGURES,
    "POST /api/opt-ins": DATA,
    "OPTIONS /api/opt-ins": EMPTY,
    "GET /api/challenges": DATA,
    "GET /c/{token}": FORM,
    "POST /c/{token}": PAGE,
    "GET /u/{token}": FORM,
    "POST /u/{token}": PAGE,
    "GET /b/{token}": FORM,
    "POST /b/{token}": PAGE,
    "GET /a/{token}": FORM,
    "POST /a/{token}": PAGE,
    "GET /p/{token}": FORM,
    "POST /p/{token}": PAGE,
    "GET /d/{token}": FORM,
    "POST /d/{token}": FORM,
    "POST /webhooks/bookings/{source}": DATA,
    "POST /webhooks/mail/{provider}": DATA,
    "GET /api/forms/{form}": DATA,
    "GET /embed.js": SCRIPT,
    "GET /proof.js": SCRIPT,
    "GET /editor.js": replace(SCRIPT, cache="no-cache"),
    "GET /forms/{form}": FRAMED_FORM,
    "GET /bedankt": THANKS,
    "GET /media/{name}": IMAGE,
    "GET /static": STYLE,
    "GET /studio": EMPTY,
    "GET /studio/login": FORM,
    "POST /studio/login": EMPTY,
    "GET /studio/invitation/{token}": FORM,
    "POST /studio/invitation/{token}": EMPTY,
    "GET /openapi.json": DATA,
    "GET /": EMPTY,
    "GET /demo": EMPTY,
    "GET /demo/": ARTICLE,
    "GET /demo/website": WEBSITE,
    "GET /demo/inbox": INBOX,
    "GET /demo/inbox.json": DATA,
    "GET /demo/inbox/{mail_id}": INBOX,
    "GET /demo/inbox/{mail_id}/html": MAIL,
    "POST /demo/clock": EMPTY,
}
"""By method and path, as the application names it; a mounted folder is a GET of its path."""

BEHIND_LOGIN = {f"{door.method} {door.path}": door for door in DOORS if door.least > Least.ANYONE}
"""Whoever is not logged in is led to where that is done; tests/web/studio looks at what is behind."""

ROUTES |= dict.fromkeys(BEHIND_LOGIN, EMPTY)

SETS_A_COOKIE = {"POST /studio/login", "POST /studio/invitation/{token}"}
"""These alone do, and tests/web/studio looks at it."""

BODIES: dict[str, dict[str, str]] = {
    "POST /api/opt-ins": {"email": "anna@example.org", "topic": "lage-rug", "consent_advice": "on"},
    "POST /b/{token}": {"action": "request", "phone": "06 12345678"},
    "POST /a/{token}": {"answer": "same"},
    "POST /p/{token}": {"action": "stop"},
    "POST /d/{token}": {"action": "link"},
    "POST /demo/clock": {"advance": "PT1H"},
}
"""The form to post where an empty one is refused."""

WITHOUT_DATABASE = {
    "GET /healthz",
    "OPTIONS /api/opt-ins",
    "GET /api/challenges",
    "GET /embed.js",
    "GET /proof.js",
    "GET /editor.js",
    "GET /static",
    "GET /openapi.json",
}
WITHOUT_DATABASE |= {"GET /", "GET /demo", "GET /demo/inbox.json", "GET /demo/inbox/{mail_id}/html"}
WITHOUT_DATABASE |= {f"{door.method} {door.path}" for door in DOORS if door.least > Least.ANYONE}  # without a cookie
"""These answer whatever becomes of the database; the figures say that it is away."""


def path_of(route: str, found: Mapping[str, str]) -> str:
    """A path that reaches the route: `found` fills in its names, `{token}` by the letter of its sort."""
    path = route.partition(" ")[2]
    filled = path.replace("{token}", found.get(path[1:2], "")) if "{token}" in path else path
    for name in ("form", "name", "mail_id", "source", "provider"):
        filled = filled.replace(f"{{{name}}}", found.get(name, ""))
    return f"{filled}/{found['static']}" if path == "/static" else filled
