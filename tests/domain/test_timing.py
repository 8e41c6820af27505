"""When a step is due: examples that people can check on a calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from service.domain.calendar import Calendar
from service.domain.practice import Closed
from service.domain.sequence import Wait, Window
from service.domain.timing import NeverOpensError, add_wait, in_window, into_window, next_opening, step_due

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
CALENDAR = Calendar(zone=AMSTERDAM)
WINDOW = Window(days=("mon", "tue", "wed", "thu", "fri"), opens=time(8, 30), closes=time(19))


def local(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=AMSTERDAM).astimezone(UTC)


def wait(text: str) -> Wait:
    return Wait.model_validate(text)


def test_hours_are_absolute_over_the_night_the_clock_changes() -> None:
    assert add_wait(local(2026, 3, 28, 12), wait("24 hours"), CALENDAR) == local(2026, 3, 29, 13)


@pytest.mark.parametrize("month_and_day", [(3, 28), (10, 24)])
def test_days_keep_the_local_time_over_the_night_the_clock_changes(month_and_day: tuple[int, int]) -> None:
    month, day = month_and_day
    assert add_wait(local(2026, month, day, 12), wait("1 day"), CALENDAR) == local(2026, month, day + 1, 12)


def test_a_day_is_counted_over_a_leap_day() -> None:
    assert add_wait(local(2028, 2, 28, 10), wait("1 day"), CALENDAR) == local(2028, 2, 29, 10)
    assert add_wait(local(2028, 2, 28, 10), wait("2 days"), CALENDAR) == local(2028, 3, 1, 10)


def test_working_days_skip_the_weekend_a_holiday_and_closed_days() -> None:
    # Friday, then King's Day on Monday
    assert add_wait(local(2026, 4, 24, 10), wait("1 working day"), CALENDAR) == local(2026, 4, 28, 10)
    closed = replace(CALENDAR, closed=(Closed(first=date(2026, 4, 28), last=date(2026, 4, 29)),))
    assert add_wait(local(2026, 4, 24, 10), wait("2 working days"), closed) == local(2026, 5, 1, 10)


def test_the_window_holds_its_opening_and_not_its_closing() -> None:
    assert not in_window(local(2026, 6, 1, 8, 29), WINDOW, CALENDAR)
    assert in_window(local(2026, 6, 1, 8, 30), WINDOW, CALENDAR)
    assert in_window(local(2026, 6, 1, 18, 59), WINDOW, CALENDAR)
    assert not in_window(local(2026, 6, 1, 19), WINDOW, CALENDAR)


def test_a_moment_in_the_window_stays() -> None:
    moved = into_window(local(2026, 6, 1, 10), WINDOW, None, CALENDAR)
    assert moved.at == local(2026, 6, 1, 10)
    assert moved.reasons == ()


def test_a_moment_after_closing_goes_to_the_next_opening() -> None:
    moved = into_window(local(2026, 6, 1, 21), WINDOW, None, CALENDAR)
    assert moved.at == local(2026, 6, 2, 8, 30)
    assert [reason.code for reason in moved.reasons] == ["hours"]


def test_a_moment_in_the_weekend_goes_to_monday() -> None:
    assert next_opening(local(2026, 6, 6, 10), WINDOW, CALENDAR) == local(2026, 6, 8, 8, 30)


def test_a_fixed_time_already_past_is_taken_the_next_open_day() -> None:
    assert into_window(local(2026, 6, 1, 10), WINDOW, time(9), CALENDAR).at == local(2026, 6, 2, 9)
    assert into_window(local(2026, 6, 1, 9), WINDOW, time(9), CALENDAR).at == local(2026, 6, 1, 9)


def test_holidays_are_only_skipped_where_the_window_says_so() -> None:
    kings_day = local(2026, 4, 27, 10)
    assert into_window(kings_day, WINDOW, None, CALENDAR).at == local(2026, 4, 28, 8, 30)
    every_day = WINDOW.model_copy(update={"skip_holidays": False})
    assert into_window(kings_day, every_day, None, CALENDAR).at == kings_day


def test_a_mail_waits_while_the_practice_is_closed() -> None:
    closed = replace(CALENDAR, closed=(Closed(first=date(2026, 7, 27), last=date(2026, 8, 7), note="zomersluiting"),))
    due = step_due(local(2026, 7, 24, 10), wait("3 days"), None, WINDOW, closed)
    assert due.planned_at == local(2026, 8, 10, 8, 30)
    assert "zomersluiting" in due.reason.dutch


def test_a_day_with_another_follow_up_is_passed_over() -> None:
    due = step_due(local(2026, 6, 1, 10), wait("1 day"), None, WINDOW, CALENDAR, not_on=frozenset({date(2026, 6, 2)}))
    assert due.planned_at == local(2026, 6, 3, 8, 30)
    assert due.reason.code == "moved_one_a_day"


def test_the_reason_reads_as_a_sentence_in_both_languages() -> None:
    due = step_due(local(2026, 4, 24, 9), wait("3 days"), time(9), WINDOW, CALENDAR)
    assert due.reason.dutch == (
        "3 dagen na vrijdag 24 april 09:00; verschoven van Koningsdag naar dinsdag 28 april 09:00"
    )
    assert due.reason.english == "3 days after Friday 24 April 09:00; moved from King's Day to Tuesday 28 April 09:00"


def test_a_step_that_needs_no_move_says_only_what_it_counts_from() -> None:
    due = step_due(local(2026, 6, 1, 9), wait("1 working day"), time(9), WINDOW, CALENDAR)
    assert due.reason.code == "on_time"
    assert due.reason.dutch == "1 werkdag na maandag 1 juni 09:00"


def test_a_closure_of_more_than_a_year_is_told_and_not_searched_for_ever() -> None:
    years = (
        Closed(first=date(2026, 1, 1), last=date(2026, 12, 31)),
        Closed(first=date(2027, 1, 1), last=date(2027, 12, 31)),
    )
    closed = replace(CALENDAR, closed=years)
    with pytest.raises(NeverOpensError, match=r"closed days.*practice\.yaml"):
        into_window(local(2026, 1, 5, 10), WINDOW, None, closed)
    with pytest.raises(NeverOpensError):
        add_wait(local(2026, 1, 5, 10), wait("1 working day"), closed)


def test_a_window_in_the_hour_that_is_skipped_opens_on_another_day() -> None:
    night = Window(days=("sun", "mon"), opens=time(2, 15), closes=time(2, 45), skip_holidays=False)
    opening = next_opening(local(2026, 3, 29, 0), night, CALENDAR)
    assert in_window(opening, night, CALENDAR)
    assert opening == local(2026, 3, 29, 3, 15)
    assert next_opening(local(2026, 3, 29, 4), night, CALENDAR) == local(2026, 3, 30, 2, 15)
