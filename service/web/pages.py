"""From a page's view to its answer: the template filled in, and the security headers of every page."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from babel.dates import format_date, format_datetime, get_day_names
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from service.domain.reading import WEEKDAYS, Weekday
from service.web.views import Page, UnavailablePage

STATIC = Path(__file__).parent / "static"
TEMPLATES, _FILES = Path(__file__).parent / "templates", Path(__file__).parent / "files"


def render(page: Page, *, status: int | None = None) -> HTMLResponse:
    """The whole answer for a page. `status` overrides the page's own (a problem page for 413, say)."""
    body = _environment().get_template(page.template).render(page=page)
    headers = security_headers(page)
    if isinstance(page, UnavailablePage):
        headers["Retry-After"] = str(page.retry_after)
    return HTMLResponse(body, status_code=status or page.status, headers=headers)


def fragment(page: Page, template: str) -> str:
    """The part of a page that stands on somebody else's."""
    return _environment().get_template(template).render(page=replace(page, bare=True), level=2)


def text_of(template: str, **values: object) -> str:
    """A template that is no page, filled in with these values, escaped for HTML."""
    return _environment().get_template(template).render(**values)


def file_text(template: str, page: object) -> str:
    """The HTML of a page that is kept as a file: it needs nothing beside it, and no policy is held against it."""
    return _environment().get_template(template).render(page=page)


def security_headers(page: Page) -> dict[str, str]:
    """No script but our own where a page says so, no frame round it but of whom it names, nothing of a third party."""
    policy = ["default-src 'none'", "style-src 'self'", "img-src 'self'", "base-uri 'none'"]
    holders = ["'self'", *page.framed_by] if page.framed_by else ["'none'"]
    policy.append(f"frame-ancestors {' '.join(holders)}")
    policy.append("form-action 'self'" if page.has_form else "form-action 'none'")
    if page.scripts:
        policy += ["script-src 'self'", "connect-src 'self'"]
    if page.frames:
        policy.append("frame-src 'self'")
    return {
        "Content-Security-Policy": "; ".join(policy),
        # Under no-referrer a browser posts with `Origin: null`, which the origin check must refuse.
        "Referrer-Policy": "same-origin" if page.has_form else "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
        "Cache-Control": "no-store" if page.stored_nowhere else "no-cache",
    }


def document(html: str, policy: str) -> HTMLResponse:
    """A whole page that was made elsewhere and brings its own Content-Security-Policy; nothing may frame it."""
    headers = {
        "Content-Security-Policy": f"{policy}; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(html, headers=headers)


def mail_frame(html: str) -> HTMLResponse:
    """A mail's own HTML for the demo's frame: sandboxed by its own answer, links open beside the inbox.

    The bytes are the lead's but for one `<base target>`, without which a link would load inside the frame.
    """
    head = html.lower().find("<head>")
    cut = head + len("<head>") if head >= 0 else 0
    headers = {
        "Content-Security-Policy": "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
        "style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(f'{html[:cut]}<base target="_blank">{html[cut:]}', headers=headers)


def dialled(phone: str) -> str:
    """A number as a phone dials it (RFC 3966, section 3): what only makes it easier to read goes, and so does the
    (0) behind the code of a country, which nobody dials there.
    """
    abroad = phone.strip().startswith(("+", "00"))
    return "".join(sign for sign in (phone.replace("(0)", "") if abroad else phone) if sign in "+0123456789")


def static_url(name: str) -> str:
    """The path of a file in `static/`, with a mark of its content, so that it may be cached for long."""
    return f"/static/{name}?v={_mark(name)}"


@cache
def _mark(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader([TEMPLATES, _FILES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["static_url"] = static_url
    environment.filters["day"] = _day
    environment.filters["moment"] = _moment
    environment.filters["utc"] = _utc
    environment.filters["iso"] = _iso
    environment.filters["weekday"] = _weekday
    environment.filters["paragraphs"] = _paragraphs
    environment.filters["tel"] = _tel
    return environment


def _day(on: date) -> str:
    return format_date(on, "EEEE d MMMM", locale="nl")


def _moment(at: datetime) -> str:
    # Babel formats an aware datetime in UTC unless told its zone, which is already the practice's here.
    return format_datetime(at, "EEEE d MMMM yyyy, HH:mm", tzinfo=at.tzinfo, locale="nl")


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _iso(value: date) -> str:
    return value.isoformat()


def _weekday(name: Weekday) -> str:
    return str(get_day_names("wide", locale="nl")[WEEKDAYS.index(name)])


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip()]


def _tel(phone: str) -> str:
    return f"tel:{dialled(phone)}"
