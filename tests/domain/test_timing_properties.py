"""What holds for every planned time, whatever the window, the calendar and the moment."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.calendar import Calendar
from service.domain.practice import Closed
from service.domain.reading import WEEKDAYS
from service.domain.sequence import Wait, Window
from service.domain.timing import add_wait, in_window, into_window, next_opening, step_due

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
CHANGES = [
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2028, 2, 29, tzinfo=UTC),
]

moments = st.one_of(
    st.datetimes(datetime(2025, 1, 1), datetime(2032, 12, 31), timezones=st.just(UTC)),
    st.builds(
        lambda change, minutes: change + timedelta(minutes=minutes), st.sampled_from(CHANGES), st.integers(-3000, 3000)
    ),
)
clock_times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
windows = st.builds(
    lambda days, hours, skip: Window(days=tuple(days), opens=min(hours), closes=max(hours), skip_holidays=skip),
    st.lists(st.sampled_from(WEEKDAYS), min_size=1, unique=True),
    st.lists(clock_times, min_size=2, max_size=2, unique=True),
    st.booleans(),
)
closures = st.builds(
    lambda first, length: Closed(first=first, last=first + timedelta(days=length)),
    st.dates(date(2025, 1, 1), date(2032, 12, 31)),
    st.integers(0, 90),
)
calendars = st.builds(
    lambda zone, closed: Calendar(zone=ZoneInfo(zone), closed=tuple(closed)),
    st.sampled_from(["Europe/Amsterdam", "America/Curacao", "Australia/Lord_Howe", "UTC"]),
    st.lists(closures, max_size=2),
)
waits = st.one_of(
    st.builds(Wait, amount=st.integers(1, 200), unit=st.just("hours")),
    st.builds(Wait, amount=st.integers(1, 40), unit=st.sampled_from(["days", "working_days"])),
)
fixed_times = st.none() | clock_times
quickly = settings(max_examples=100)


@quickly
@given(moment=moments, wait=waits, at=fixed_times, window=windows, calendar=calendars)
def test_a_planned_time_is_in_the_window_and_never_before_the_wait_is_over(
    moment: datetime, wait: Wait, at: time | None, window: Window, calendar: Calendar
) -> None:
    due = step_due(moment, wait, at, window, calendar)
    assert in_window(due.planned_at, window, calendar)
    assert due.planned_at >= add_wait(moment, wait, calendar) > moment
    assert due.planned_at.tzinfo is UTC


@quickly
@given(moment=moments, later=st.timedeltas(timedelta(0), timedelta(days=3)), window=windows, calendar=calendars)
def test_the_window_keeps_the_order_of_moments(
    moment: datetime, later: timedelta, window: Window, calendar: Calendar
) -> None:
    assert next_opening(moment, window, calendar) <= next_opening(moment + later, window, calendar)


@quickly
@given(moment=moments, at=fixed_times, window=windows, calendar=calendars)
def test_what_is_in_the_window_already_stays_there(
    moment: datetime, at: time | None, window: Window, calendar: Calendar
) -> None:
    once = into_window(moment, window, at, calendar).at
    assert into_window(once, window, at, calendar).at == once
    assert next_opening(once, window, calendar) == once


@quickly
@given(moment=moments, window=windows, calendar=calendars)
def test_there_is_no_earlier_opening(moment: datetime, window: Window, calendar: Calendar) -> None:
    opening = next_opening(moment, window, calendar)
    for part in range(1, 20):
        between = moment + (opening - moment) * part / 20
        assert between == opening or not in_window(between, window, calendar)


@quickly
@given(
    moment=moments,
    wait=waits,
    window=windows,
    calendar=calendars,
    taken=st.sets(st.integers(0, 30), max_size=10),
)
def test_no_planned_time_falls_on_a_day_that_has_a_follow_up(
    moment: datetime, wait: Wait, window: Window, calendar: Calendar, taken: set[int]
) -> None:
    first = calendar.local_day(add_wait(moment, wait, calendar))
    not_on = frozenset(first + timedelta(days=ahead) for ahead in taken)
    due = step_due(moment, wait, None, window, calendar, not_on=not_on)
    assert calendar.local_day(due.planned_at) not in not_on


@quickly
@given(moment=moments, amount=st.integers(1, 60))
def test_days_keep_the_clock_time_but_for_the_hour_that_is_skipped(moment: datetime, amount: int) -> None:
    calendar = Calendar(zone=AMSTERDAM)
    then = calendar.local(add_wait(moment, Wait(amount=amount, unit="days"), calendar))
    began = calendar.local(moment)
    assert then.date() - began.date() == timedelta(days=amount)
    assert then.time() == began.time() or (then.time().hour == 3 and began.time().hour == 2)


@quickly
@given(moment=moments, amount=st.integers(1, 30), calendar=calendars)
def test_working_days_end_on_a_working_day_and_count_each(moment: datetime, amount: int, calendar: Calendar) -> None:
    began = calendar.local_day(moment)
    ended = calendar.local_day(add_wait(moment, Wait(amount=amount, unit="working_days"), calendar))
    days = [began + timedelta(days=n) for n in range(1, (ended - began).days + 1)]
    assert calendar.is_working_day(ended)
    assert sum(calendar.is_working_day(day) for day in days) == amount
