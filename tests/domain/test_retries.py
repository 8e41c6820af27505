"""When a refused mail is tried again, and how staff may change that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from service.domain.retries import DEFAULT_RETRIES, Retries, backoff, parse_retries

FIRST = datetime(2026, 6, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attempt", "minutes"), [(1, 5), (2, 10), (3, 20), (4, 40), (5, 80), (6, 160), (7, 240), (8, 240), (1000, 240)]
)
def test_the_delay_doubles_from_five_minutes_to_four_hours(attempt: int, minutes: int) -> None:
    assert backoff(attempt, first_tried_at=FIRST, now=FIRST) == FIRST + timedelta(minutes=minutes)


def test_after_four_days_a_message_is_given_up() -> None:
    now, tries = FIRST, 1
    while (again := backoff(tries, first_tried_at=FIRST, now=now)) is not None:
        now, tries = again, tries + 1
    assert timedelta(days=3, hours=20) <= now - FIRST <= timedelta(days=4)
    assert 20 < tries < 40


def test_refusals_count_from_one() -> None:
    with pytest.raises(ValueError, match="from 1"):
        backoff(0, first_tried_at=FIRST, now=FIRST)


def test_what_is_left_out_keeps_its_default() -> None:
    assert parse_retries("") == parse_retries("first=5m; longest=4h; give_up=4d") == DEFAULT_RETRIES
    day = timedelta(days=1)
    assert parse_retries("give_up = 1d; first=90s") == Retries(first=timedelta(seconds=90), give_up=day)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fist=5m", "'fist=5m' does not start with one of first="),
        ("first", "does not start with"),
        ("first=5m; first=6m", "first stands there twice"),
        ("first=5", "'5' is no time; write a number and a unit"),
        ("first=٥m", "is no time"),
        ("first=0s", "write a time from 1s to 30d"),
        ("give_up=31d", "write a time from 1s to 30d"),
        ("first=5h", "first may not be more than longest"),
        ("longest=5d", "nor longest more than give_up"),
    ],
)
def test_what_cannot_be_read_is_said_plainly(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        parse_retries(text)


def test_the_settings_shape_every_delay() -> None:
    retries = parse_retries("first=1m; longest=3m; give_up=10m")
    delays = [retries.delay(refusals) // timedelta(minutes=1) for refusals in (1, 2, 3, 4)]
    assert delays == [1, 2, 3, 3]
    assert backoff(3, first_tried_at=FIRST, now=FIRST + timedelta(minutes=7), retries=retries) is not None
    assert backoff(3, first_tried_at=FIRST, now=FIRST + timedelta(minutes=8), retries=retries) is None
