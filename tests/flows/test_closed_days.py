"""The practice's year: closed days and holidays in the file, taken in and out line by line."""

from __future__ import annotations

from datetime import date

import pytest

from service.domain.calendar import Calendar
from service.errors import NotFoundError
from service.flows import closed_days, practice_editing
from tests.support.house import ROOT

TEXT = (ROOT / "practice.yaml").read_text(encoding="utf-8")


def kept(text: str, key: str, year: int = 2026) -> bool:
    practice, problems = practice_editing.read(text)
    assert practice is not None, problems
    return next(each.kept for each in closed_days.holidays_of(practice, year) if each.key == key)


def test_closed_days_stand_in_order_and_taking_them_out_leaves_the_file_as_it_was() -> None:
    text = closed_days.with_closed(TEXT, date(2026, 12, 24), date(2026, 12, 24), "")
    text = closed_days.with_closed(text, date(2026, 7, 27), date(2026, 8, 7), "zomer: we zijn # weg")
    practice, _ = practice_editing.read(text)
    assert practice is not None
    assert [(each.first, each.note) for each in practice.closed] == [
        (date(2026, 7, 27), "zomer: we zijn # weg"),
        (date(2026, 12, 24), ""),
    ]
    months = closed_days.year_of(practice, 2026, "nl")
    shown = {day.on: day for month in months for week in month.weeks for day in week if day}
    assert len(shown) == 365
    assert (shown[date(2026, 8, 1)].kind, shown[date(2026, 8, 8)].kind, shown[date(2026, 8, 10)].kind) == (
        "closed",
        "shut",
        "open",
    )
    assert (shown[date(2026, 4, 27)].kind, shown[date(2026, 4, 27)].name) == ("holiday", "Koningsdag")
    fewer = closed_days.without_closed(text, date(2026, 12, 24), date(2026, 12, 24))
    assert closed_days.without_closed(fewer, date(2026, 7, 27), date(2026, 8, 7)) == TEXT
    with pytest.raises(NotFoundError):
        closed_days.without_closed(text, date(2026, 7, 27), date(2026, 8, 6))


@pytest.mark.parametrize("note", ["", "zomer"])
def test_the_same_days_are_not_written_twice(note: str) -> None:
    text = closed_days.with_closed(TEXT, date(2026, 7, 27), date(2026, 8, 7), note)
    assert closed_days.with_closed(text, date(2026, 7, 27), date(2026, 8, 7), note) == text
    other = closed_days.with_closed(text, date(2026, 7, 27), date(2026, 8, 7), "verbouwing")
    assert "verbouwing" in other, "another note is another stretch"


@pytest.mark.parametrize("key", ["goede vrijdag", "bevrijdingsdag", "koningsdag"])
def test_a_holiday_is_turned_and_turned_back_without_a_trace(key: str) -> None:
    was = kept(TEXT, key)
    turned = closed_days.with_holiday(TEXT, key, kept=not was, year=2026)
    assert kept(turned, key) is not was
    assert closed_days.with_holiday(turned, key, kept=was, year=2026) == TEXT
    practice, _ = practice_editing.read(turned)
    assert practice is not None
    day = next(each.on for each in closed_days.holidays_of(practice, 2026) if each.key == key)
    assert day is not None
    assert bool(Calendar.of(practice).holiday(day)) is not was, "what the page says is what the mails go by"


@pytest.mark.parametrize(("key", "day"), [("koningsdag", "2026-04-27"), ("goede vrijdag", "2026-04-03")])
@pytest.mark.parametrize("kept_after", [True, False])
def test_a_holiday_that_the_file_names_by_its_date_is_turned_too(key: str, day: str, kept_after: bool) -> None:
    written = "remove: []  " if kept_after else "add: []  "
    text = TEXT.replace(written, written.replace("[]", f"[{day}, 2027-05-14]"))
    assert kept(text, key) is not kept_after
    turned = closed_days.with_holiday(text, key, kept=kept_after, year=2026)
    assert kept(turned, key) is kept_after
    assert "[2027-05-14]" in turned, "another year's date stays"
    practice, _ = practice_editing.read(turned)
    assert practice is not None
    assert bool(Calendar.of(practice).holiday(date.fromisoformat(day))) is kept_after, "so do the mails"


def test_a_day_of_its_own_among_the_holidays_can_be_taken_out() -> None:
    text = TEXT.replace("add: []  ", "add: [Bevrijdingsdag, 2026-05-15]  ")
    practice, _ = practice_editing.read(text)
    assert practice is not None
    assert closed_days.own_days(practice) == (date(2026, 5, 15),)
    assert "add: [Bevrijdingsdag]" in closed_days.without_own_day(text, date(2026, 5, 15))


def test_the_made_up_facts_are_those_that_are_shipped() -> None:
    facts = practice_editing.facts(TEXT)
    assert {path: ", ".join(facts[path]) for path in practice_editing.SHIPPED} == practice_editing.SHIPPED
    assert practice_editing.still_made_up(TEXT) == set(practice_editing.SHIPPED)


def test_once_no_fact_is_made_up_any_more_the_file_says_so() -> None:
    own = {
        "address": ("Dorpsstraat 1, 1234 AB Dorp",),
        "kvk": ("12345678",),
        "phone": ("020 123 45 67",),
        "email": ("balie@praktijk.nl",),
        "staff": ("balie@praktijk.nl",),
        "privacy_url": ("https://praktijk.nl/privacy",),
        "links.article": ("https://praktijk.nl/artikel",),
    }
    text = practice_editing.with_facts(TEXT, own)
    assert practice_editing.still_made_up(text) == {"pain_check.location"}
    assert "placeholder: true" in text
    text = practice_editing.with_facts(text, {"pain_check.location": ("Dorpsstraat 1, Dorp",)})
    assert "placeholder: false" in text
    assert not practice_editing.still_made_up(text)


def test_what_nobody_changed_stays_as_it_is_written() -> None:
    text = TEXT.replace("  duration: 60 minuten\n", "  duration: >\n    60 minuten,\n    soms korter\n")
    text = text.replace("staff:\n", "staff:\n  -\n")
    facts = practice_editing.facts(text)
    assert facts["pain_check.duration"] == ("60 minuten, soms korter",)
    changed = practice_editing.with_facts(text, {**facts, "phone": ("020 123 45 67",)})
    assert changed == text.replace("020 000 00 00", "020 123 45 67")
    more = practice_editing.with_facts(text, {"staff": (*facts["staff"], "balie@praktijk.nl")})
    assert practice_editing.facts(more)["staff"] == ("praktijk@solidperformance.example", "balie@praktijk.nl")
