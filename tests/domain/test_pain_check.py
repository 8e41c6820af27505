"""When the practice answers, which moment is proposed, and how long that is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain import pain_check
from service.domain.calendar import Calendar
from service.domain.practice import Practice
from tests.support.sample_pages import PRACTICE

ZONE = ZoneInfo("Europe/Amsterdam")


def practice(**changes: Any) -> Practice:
    return Practice.model_validate(PRACTICE.model_dump(mode="json") | changes)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("asked", "by"),
    [
        ("2026-11-30 10:00", "2026-12-01"),  # Monday: "uiterlijk dinsdag 1 december"
        ("2026-11-27 16:00", "2026-11-30"),  # Friday
        ("2026-11-28 23:59", "2026-11-30"),  # Saturday night
        ("2026-12-24 12:00", "2026-12-28"),  # both days of Christmas and a weekend
        ("2026-04-02 12:00", "2026-04-07"),  # Good Friday until Easter Monday
    ],
)
def test_the_practice_answers_on_its_next_working_day(asked: str, by: str) -> None:
    promised = pain_check.promise(at(asked), Calendar.of(practice()))
    assert promised is not None
    assert (promised.by.isoformat(), promised.closed_until) == (by, None)
    assert promised.late_at.astimezone(ZONE).strftime("%H:%M") == asked[-5:]


def test_days_on_which_this_practice_is_closed_do_not_count() -> None:
    calendar = Calendar.of(practice(opening_days=["tue", "thu"], closed=["2026-12-01"]))
    promised = pain_check.promise(at("2026-11-28 10:00"), calendar)
    assert promised is not None
    assert (promised.by, promised.closed_until) == (date(2026, 12, 3), None)


def test_a_long_closure_is_told() -> None:
    summer = [{"from": "2026-07-27", "to": "2026-08-07", "note": "zomersluiting"}]
    promised = pain_check.promise(at("2026-07-24 17:00"), Calendar.of(practice(closed=summer)))
    assert promised is not None
    assert (promised.by, promised.closed_until) == (date(2026, 8, 10), date(2026, 8, 9))


def test_a_practice_that_never_opens_again_promises_nothing() -> None:
    years = [{"from": f"{year}-01-01", "to": f"{year}-12-31"} for year in (2026, 2027, 2028)]
    shut = practice(closed=years)
    assert pain_check.promise(at("2026-03-09 10:00"), Calendar.of(shut)) is None
    assert pain_check.proposed_start(at("2026-03-09 10:00"), (), (), shut, Calendar.of(shut)) is None


@given(st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2030, 1, 1), timezones=st.just(UTC)))
def test_a_promise_lies_ahead_and_on_a_working_day(asked: datetime) -> None:
    calendar = Calendar.of(practice())
    promised = pain_check.promise(asked, calendar)
    assert promised is not None
    assert promised.by > calendar.local_day(asked)
    assert calendar.is_working_day(promised.by)
    assert calendar.local_day(promised.late_at) == promised.by


@pytest.mark.parametrize(
    ("weekdays", "parts", "starts"),
    [
        ((), (), "2026-12-01 09:00"),
        ((3,), ("afternoon",), "2026-12-03 13:00"),
        ((2, 3), ("morning", "afternoon"), "2026-12-02 09:00"),
        ((0,), (), "2026-12-07 09:00"),  # today is a Monday: the next one
        ((6,), ("afternoon",), "2026-12-01 13:00"),  # never open on Sundays: any day will do
    ],
)
def test_the_first_moment_that_fits_wishes_and_opening_days_is_proposed(
    weekdays: tuple[int, ...], parts: tuple[pain_check.PartOfDay, ...], starts: str
) -> None:
    asked, own = at("2026-11-30 10:00"), practice()
    found = pain_check.proposed_start(asked, weekdays, parts, own, Calendar.of(own))
    assert found == at(starts)


def test_a_practice_that_is_open_on_saturdays_proposes_one_and_no_holiday() -> None:
    own = practice(opening_days=["sat"])
    calendar = Calendar.of(own)
    found = pain_check.proposed_start(at("2026-12-21 10:00"), (5,), (), own, calendar)
    assert found == at("2027-01-02 09:00")  # 26 December is Boxing Day


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("60 minuten", 60),
        ("45 min", 45),
        ("30 min.", 30),
        ("1 minuut", 1),
        ("1 uur", 60),
        ("1,5 uur", 90),
        ("0 minuten", None),
        ("een uurtje", None),
        ("60 tot 75 minuten", None),
        ("", None),
    ],
)
def test_a_duration_reads_as_minutes_or_as_nothing(text: str, minutes: int | None) -> None:
    assert pain_check.minutes(text) == minutes


def test_a_late_evening_is_late_at_the_same_hour_also_when_the_clock_changes() -> None:
    promised = pain_check.promise(at("2026-03-27 23:30"), Calendar.of(practice()))  # Friday; summer time on Sunday
    assert promised is not None
    assert promised.late_at - at("2026-03-27 23:30").astimezone(UTC) == timedelta(days=3, hours=-1)
