"""A year of the practice's calendar: the days on which a careless service mails at the wrong time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from service.domain.calendar import Calendar
from service.domain.practice import Closed
from service.domain.sequence import Wait, Window
from service.domain.timing import add_wait, step_due

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
CALENDAR = Calendar(zone=AMSTERDAM)
WINDOW = Window(days=("mon", "tue", "wed", "thu", "fri"), opens=time(8, 30), closes=time(19))


def local(year: int, month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=AMSTERDAM).astimezone(UTC)


def due(since: datetime, wait: str, calendar: Calendar = CALENDAR, *, at: time | None = None) -> datetime:
    return step_due(since, Wait.model_validate(wait), at, WINDOW, calendar).planned_at


@pytest.mark.parametrize(
    ("since", "wait", "planned"),
    [
        ((2026, 4, 1), "2 days", (2026, 4, 7)),  # Good Friday, the Easter weekend, Easter Monday
        ((2026, 4, 2), "1 working day", (2026, 4, 7)),
        ((2026, 5, 12), "2 days", (2026, 5, 15)),  # Ascension Day
        ((2026, 5, 22), "3 days", (2026, 5, 26)),  # Whit Monday
        ((2026, 12, 23), "2 days", (2026, 12, 28)),  # Christmas and a weekend
        ((2026, 12, 31), "1 day", (2027, 1, 4)),
        ((2025, 4, 24), "1 working day", (2025, 4, 25)),
        ((2025, 4, 25), "1 working day", (2025, 4, 28)),  # King's Day is kept on Saturday: the Sunday's Monday is open
        ((2026, 4, 24), "1 working day", (2026, 4, 28)),  # and on Monday
    ],
)
def test_a_mail_passes_over_holidays(since: tuple[int, int, int], wait: str, planned: tuple[int, int, int]) -> None:
    at = due(local(*since), wait)
    assert at.astimezone(AMSTERDAM).date() == date(*planned)


def test_a_holiday_that_the_practice_works_on_is_a_day_like_others() -> None:
    works = replace(CALENDAR, removed=frozenset({"goede vrijdag"}))
    assert due(local(2026, 4, 1), "2 days", works) == local(2026, 4, 3)


def test_kings_day_on_a_saturday_closes_a_window_that_is_open_on_saturdays() -> None:
    saturdays = WINDOW.model_copy(update={"days": ("fri", "sat", "sun")})
    moved = step_due(local(2025, 4, 25), Wait.model_validate("1 day"), None, saturdays, CALENDAR)
    assert moved.planned_at == local(2025, 4, 27, 8, 30), "the 27th itself is a Sunday like others that year"
    assert moved.reason.english.endswith("moved from King's Day to Sunday 27 April 08:30")


@pytest.mark.parametrize(
    ("since", "wait", "planned"),
    [
        ((2028, 2, 28), "1 working day", (2028, 2, 29)),
        ((2028, 2, 28), "2 working days", (2028, 3, 1)),
        ((2028, 2, 29), "1 day", (2028, 3, 1)),
        ((2027, 2, 26), "3 days", (2027, 3, 1)),  # no leap year
    ],
)
def test_a_leap_day_is_a_day(since: tuple[int, int, int], wait: str, planned: tuple[int, int, int]) -> None:
    assert due(local(*since), wait) == local(*planned)


def test_a_year_after_a_leap_day_is_the_first_of_march() -> None:
    assert add_wait(local(2028, 2, 29), Wait.model_validate("366 days"), CALENDAR) == local(2029, 3, 1)


@pytest.mark.parametrize(("month", "friday", "monday", "hours"), [(3, 27, 30, 71), (10, 23, 26, 73)])
def test_a_mail_over_the_night_the_clock_changes_leaves_at_its_local_time(
    month: int, friday: int, monday: int, hours: int
) -> None:
    began, planned = local(2026, month, friday), due(local(2026, month, friday), "3 days", at=time(9))
    assert planned == local(2026, month, monday)
    assert (planned - began).total_seconds() == hours * 3600


def test_hours_over_that_night_are_hours_and_then_the_window_counts() -> None:
    assert due(local(2026, 3, 27), "72 hours") == local(2026, 3, 30, 10)
    assert due(local(2026, 10, 23, 8, 30), "72 hours") == local(2026, 10, 26, 8, 30), "07:30 by then: the window opens"


FORTNIGHT = replace(CALENDAR, closed=(Closed(first=date(2026, 7, 27), last=date(2026, 8, 7), note="zomersluiting"),))


@pytest.mark.parametrize(
    ("since", "wait", "planned"),
    [
        ((2026, 7, 22), "2 days", (2026, 7, 24)),  # the Friday before is open
        ((2026, 7, 23), "2 days", (2026, 8, 10)),
        ((2026, 7, 24), "1 working day", (2026, 8, 10)),
        ((2026, 7, 24), "3 working days", (2026, 8, 12)),
        ((2026, 8, 5), "5 days", (2026, 8, 10)),
    ],
)
def test_nothing_leaves_in_a_closed_fortnight(
    since: tuple[int, int, int], wait: str, planned: tuple[int, int, int]
) -> None:
    assert due(local(*since), wait, FORTNIGHT).astimezone(AMSTERDAM).date() == date(*planned)


def test_a_closed_fortnight_is_the_reason_that_is_told() -> None:
    reason = step_due(local(2026, 7, 23), Wait.model_validate("4 days"), None, WINDOW, FORTNIGHT).reason
    assert reason.dutch == (
        "4 dagen na donderdag 23 juli 09:00; verschoven van gesloten dagen (zomersluiting) en het weekend naar "
        "maandag 10 augustus 08:30"
    )
