"""The settings, each page with something on it: closed days, a website that was refused, a try that failed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

from service.flows import allowed_origins, closed_days, refused_origins, refused_webhooks
from tests.support.house import House

PATHS = ("practice", "forms", "forms/lage-rug", "origins", "consent", "consent/lage-rug", "transport", "studio")


def room(house: House) -> Iterator[tuple[str, str]]:
    """Every page of the settings by a name."""
    yield "settings-calm", "/studio/settings"
    use(house)
    yield "settings", "/studio/settings"
    yield "settings-days", "/studio/settings/days"
    for path in PATHS:
        yield f"settings-{path.replace('/', '-')}", f"/studio/settings/{path}"
    yield "settings-form-tried", "/studio/settings/forms/lage-rug?tried=1"
    practice = house.services.content_dir / "practice.yaml"
    text = practice.read_text(encoding="utf-8")
    practice.write_text('name: "half', encoding="utf-8")
    yield "settings-practice-broken", "/studio/settings/practice"
    yield "settings-days-broken", "/studio/settings/days"
    practice.write_text(text, encoding="utf-8")


def use(house: House) -> None:
    """As after a while: closed days in the file, websites allowed and refused, webhooks refused."""
    practice = house.services.content_dir / "practice.yaml"
    text = practice.read_text(encoding="utf-8")
    year = datetime.now(UTC).year
    for first, last, note in (
        (f"{year + 1}-07-27", f"{year + 1}-08-07", "zomersluiting"),
        (f"{year}-12-24",) * 2 + ("",),
    ):
        text = closed_days.with_closed(text, date.fromisoformat(first), date.fromisoformat(last), note)
    practice.write_text(text, encoding="utf-8")
    with house.services.database.transaction() as session:
        now = datetime.now(UTC)
        refused_origins.add(session, {"https://www.praktijk-elders.example": 3, "null": 1}, now.date())
        allowed_origins.allow(session, "https://blog.praktijk.example", actor="studio:1", now=now)
        refused_webhooks.add(session, {"postmark": 4}, watched=(), now=house.clock.now())
