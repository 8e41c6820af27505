"""From a page of the studio to its answer: the template filled in, in the language of whoever is there."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from service.domain.staff import Least, StaffLanguage
from service.errors import UnavailableError
from service.flows.services import Services
from service.web.pages import TEMPLATES, security_headers, static_url
from service.web.studio.languages import translations
from service.web.studio.seen import lead_name
from service.web.studio.views import StudioPage


def render(page: StudioPage, *, status: int = 200) -> HTMLResponse:
    """The whole answer for a page."""
    body = _environment(page.frame.language).get_template(page.template).render(page=page)
    return HTMLResponse(body, status_code=status, headers=security_headers(page))


def zone_of(services: Services) -> ZoneInfo:
    """The practice's time zone; UTC before anything is published."""
    try:
        with services.database.reading() as session:
            return services.published.calendar(session).zone
    except UnavailableError:
        return ZoneInfo("UTC")


@cache
def _environment(language: StaffLanguage) -> Environment:
    environment = Environment(
        loader=FileSystemLoader([TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    environment.globals["static_url"] = static_url
    environment.globals["Least"] = Least
    environment.filters["lead_name"] = lead_name

    def moment(at: datetime, zone: ZoneInfo) -> str:
        # "EEE d MMM" is written alike in both languages.
        return format_datetime(at, "EEE d MMM yyyy, HH:mm", tzinfo=zone, locale="nl" if language == "nl" else "en_GB")

    def iso(at: datetime) -> str:
        return at.isoformat()

    def on_day(day: date, pattern: str = "d MMMM yyyy") -> str:
        return format_date(day, pattern, locale="nl" if language == "nl" else "en_GB")

    def number(count: int) -> str:
        return format_decimal(count, locale="nl" if language == "nl" else "en_GB")

    environment.filters["moment"] = moment
    environment.filters["on_day"] = on_day
    environment.filters["iso"] = iso
    environment.filters["number"] = number
    return environment
