"""Which days count as working days, with Dutch holidays and the practice's own exceptions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from service.domain.calendar import Calendar
from service.domain.practice import Closed, Practice

CALENDAR = Calendar(zone=ZoneInfo("Europe/Amsterdam"))


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 1, 1), "Nieuwjaarsdag"),
        (date(2026, 4, 3), "Goede vrijdag"),
        (date(2026, 4, 6), "Tweede paasdag"),
        (date(2026, 4, 27), "Koningsdag"),
        (date(2025, 4, 26), "Koningsdag"),  # the 27th was a Sunday
        (date(2026, 5, 14), "Hemelvaartsdag"),
        (date(2025, 5, 5), "Bevrijdingsdag"),
        (date(2026, 12, 26), "Tweede kerstdag"),
    ],
)
def test_dutch_public_holidays_are_known(day: date, name: str) -> None:
    holiday = CALENDAR.holiday(day)
    assert holiday is not None
    assert holiday.dutch == name
    assert not CALENDAR.is_working_day(day)


def test_liberation_day_is_no_holiday_in_most_years_unless_added() -> None:
    assert CALENDAR.holiday(date(2026, 5, 5)) is None
    added = replace(CALENDAR, added=frozenset({"bevrijdingsdag"}))
    assert added.holiday(date(2026, 5, 5)) is not None
    assert added.holiday(date(2026, 5, 6)) is None


def test_a_holiday_is_removed_by_name_or_by_date() -> None:
    assert replace(CALENDAR, removed=frozenset({"goede vrijdag"})).is_working_day(date(2026, 4, 3))
    assert replace(CALENDAR, removed=frozenset({date(2026, 4, 27)})).is_working_day(date(2026, 4, 27))


def test_an_added_date_is_a_holiday() -> None:
    added = replace(CALENDAR, added=frozenset({date(2026, 5, 15)}))
    assert not added.is_working_day(date(2026, 5, 15))


def test_weekends_and_closed_days_are_no_working_days() -> None:
    closed = replace(CALENDAR, closed=(Closed(first=date(2026, 7, 27), last=date(2026, 7, 28)),))
    assert not closed.is_working_day(date(2026, 7, 25))
    assert not closed.is_working_day(date(2026, 7, 27))
    assert not closed.is_working_day(date(2026, 7, 28))
    assert closed.is_working_day(date(2026, 7, 29))


def test_a_time_skipped_by_summer_time_moves_forward() -> None:
    assert CALENDAR.instant(date(2026, 3, 29), time(2, 30)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert CALENDAR.local(CALENDAR.instant(date(2026, 3, 29), time(2, 30))).time() == time(3, 30)


def test_a_time_that_comes_twice_is_its_first() -> None:
    assert CALENDAR.instant(date(2026, 10, 25), time(2, 30)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def _practice(**facts: object) -> Practice:
    return Practice.model_validate(
        {
            "name": "Solid Performance",
            "address": "Voorbeeldstraat 1",
            "kvk": "00000000",
            "phone": "020 000 00 00",
            "email": "a@praktijk.example",
            "staff": ["a@praktijk.example"],
            "opening_days": ["mon", "tue", "sat"],
            "booking": {"kind": "request"},
            "pain_check": dict.fromkeys(
                ("price", "duration", "location", "reimbursement", "bring", "cancellation"), "x"
            ),
            "privacy_url": "https://praktijk.example/privacy",
            **facts,
        }
    )


def test_the_calendar_of_a_practice_works_on_its_opening_days_but_never_at_weekends() -> None:
    calendar = Calendar.of(_practice(holidays={"add": ["2026-06-02"], "remove": ["Koningsdag"]}))
    assert calendar.is_working_day(date(2026, 6, 1))
    assert not calendar.is_working_day(date(2026, 6, 2))
    assert not calendar.is_working_day(date(2026, 6, 3))
    assert not calendar.is_working_day(date(2026, 6, 6))
    assert calendar.is_working_day(date(2026, 4, 27))


def test_a_practice_that_opens_at_weekends_alone_works_then() -> None:
    assert Calendar.of(_practice(opening_days=["sat"])).is_working_day(date(2026, 6, 6))
