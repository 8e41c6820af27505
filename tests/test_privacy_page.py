"""docs/privacy.md names every table and every term, as they are, and says on each draft that it is one."""

from __future__ import annotations

import re
from datetime import timedelta

from service.domain.lead import HARD_BOUNCE_LASTS
from service.flows.services import Retention
from service.settings import Settings
from service.store.tables import Table
from tests.support.house import ROOT

PAGE = (ROOT / "docs/privacy.md").read_text(encoding="utf-8")
TERMS = {
    "NURTURE_ERASE_AFTER_DAYS": "after_advice",
    "NURTURE_ERASE_AT_LATEST_DAYS": "after_opt_in",
    "NURTURE_ERASE_AFTER_LAST_MAIL_DAYS": "after_last_mail",
    "NURTURE_EVENTS_DAYS": "events",
    "NURTURE_BACKUP_DAYS": "backups",
}


def section(heading: str) -> str:
    """What stands under a heading."""
    found = PAGE.partition(f"\n## {heading}")[2].partition("\n## ")[0]
    assert found, f"no section {heading}"
    return found


def test_every_table_is_named_once_and_no_other() -> None:
    named = re.findall(r"^\| `(\w+)` \|", section("Wat er wordt bewaard"), re.MULTILINE)
    assert sorted(named) == sorted(Table.metadata.tables)


def test_the_terms_are_those_of_the_settings_and_of_the_service() -> None:
    rows = re.findall(r"^\|[^|]+\| (.*?) \| `(\w+)` \|$", section("Hoe lang"), re.MULTILINE)
    told = {name: int(re.findall(r"\d+", words)[0]) for words, name in rows}
    assert told.keys() == TERMS.keys()
    for name, days in told.items():
        assert days == Settings.model_fields[name.removeprefix("NURTURE_").lower()].default
        assert timedelta(days=days) == getattr(Retention(), TERMS[name])
    assert len(TERMS) == len(Retention.__dataclass_fields__)


def test_the_text_for_the_website_promises_the_same_terms() -> None:
    terms = Retention()
    days = {terms.after_advice.days, terms.after_opt_in.days, terms.after_last_mail.days, terms.backups.days}
    assert set(map(int, re.findall(r"(\d+)\s*(?:>\s*)?dagen", section("Tekst voor op je website")))) == days


def test_a_bounced_address_gets_mail_again_as_told() -> None:
    assert f"na {HARD_BOUNCE_LASTS.days} dagen weer mail" in section("Wat er wordt bewaard")


def test_every_draft_says_that_a_lawyer_must_look() -> None:
    assert "**Concept, te laten beoordelen door een jurist.**" in PAGE.partition("\n## ")[0]
    for heading in ("Register van verwerkingen", "DPIA", "Tekst voor op je website"):
        assert "concept" in PAGE[PAGE.index(f"## {heading}") :].partition("\n")[0].lower()
    assert "**Concept, te laten beoordelen door een jurist.**" in section("Tekst voor op je website")
