"""Limits on sending, read from their setting, and how a warm-up grows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service.domain.limits import Limit
from service.domain.send_limits import NO_LIMITS, SendLimits, for_follow_ups, grown, parse_send_limits

MINUTE, DAY = 60, 86_400


def test_nothing_is_limited_unless_somebody_says_so() -> None:
    assert parse_send_limits("") == NO_LIMITS
    assert not NO_LIMITS.are_on
    assert NO_LIMITS.overall(timedelta(0)) == ()


def test_every_scope_is_read() -> None:
    assert parse_send_limits("all=60/m, 2000/d; domain=20/m,500/d;warm_up = 50;") == SendLimits(
        everyone=(Limit(count=60, seconds=MINUTE), Limit(count=2_000, seconds=DAY)),
        domain=(Limit(count=20, seconds=MINUTE), Limit(count=500, seconds=DAY)),
        warm_up=50,
    )


@pytest.mark.parametrize("text", ["all=1/m", "domain=1/m", "warm_up=1"])
def test_one_limit_is_enough_to_count(text: str) -> None:
    assert parse_send_limits(text).are_on


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("60/m", "start with one of all=, domain=, warm_up="),
        ("address=1/h", "start with one of"),
        ("all=60", "write a number and a time"),
        ("all=0/m", "nothing through"),
        ("all=1/m; all=2/d", "as in all="),
        ("warm_up=", "as in warm_up=50"),
        ("warm_up=0", "as in warm_up=50"),
        ("warm_up=50/d", "as in warm_up=50"),
        ("warm_up=-5", "as in warm_up=50"),
        ("warm_up=1234567890", "as in warm_up=50"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_send_limits(text)


def test_a_warm_up_grows_by_half_each_day_rounded_down() -> None:
    assert [grown(50, day) for day in range(6)] == [50, 75, 112, 168, 253, 379]
    assert [grown(1, day) for day in range(5)] == [1, 1, 2, 3, 5]


@pytest.mark.parametrize(
    ("warming_for", "count"),
    [
        (timedelta(seconds=-5), 50),  # a clock was set back
        (timedelta(0), 50),
        (timedelta(hours=23, minutes=59), 50),
        (timedelta(days=1), 75),
        (timedelta(days=2, hours=1), 112),
    ],
)
def test_the_warm_up_is_one_more_limit_over_a_day(warming_for: timedelta, count: int) -> None:
    limits = parse_send_limits("all=60/m; warm_up=50")
    assert limits.overall(warming_for) == (Limit(count=60, seconds=MINUTE), Limit(count=count, seconds=DAY))


def test_after_thirty_days_the_warm_up_is_over() -> None:
    limits = parse_send_limits("all=60/m; warm_up=50")
    assert len(limits.overall(timedelta(days=30) - timedelta(seconds=1))) == 2
    assert limits.overall(timedelta(days=30)) == limits.everyone


@pytest.mark.parametrize(("count", "part"), [(1, 1), (2, 2), (3, 3), (4, 3), (5, 4), (20, 15), (2_000, 1_500)])
def test_follow_ups_may_fill_three_quarters(count: int, part: int) -> None:
    assert for_follow_ups(Limit(count=count, seconds=MINUTE)) == Limit(count=part, seconds=MINUTE)


def test_hand_overs_are_kept_as_long_as_a_limit_looks_at_them_and_a_day_at_the_least() -> None:
    assert parse_send_limits("all=1/m").longest_seconds == DAY
    assert parse_send_limits("warm_up=1").longest_seconds == DAY
    assert parse_send_limits("all=1/m; domain=3/30d,1/h").longest_seconds == 30 * DAY
