"""Mails that a full limit put off come back one after the other, not all together."""

from __future__ import annotations

from datetime import timedelta

from service.domain.limits import Limit
from service.flows.pace import Pace
from tests.support.house import START

PER_MINUTE = Limit(count=20, seconds=60)
FREES_AT = START + timedelta(seconds=40)


def places(pace: Pace, count: int, line: str = "a") -> list[float]:
    """Seconds from START at which this many mails come back."""
    found = (pace.next(line, PER_MINUTE, frees_at=FREES_AT, real_now=START) for _ in range(count))
    return [(each - START).total_seconds() for each in found]


def test_the_first_comes_when_the_window_frees_and_no_minute_holds_more_than_the_limit() -> None:
    moments = places(Pace(), 10_000)
    assert moments[0] == 40
    assert all(later - moment > 60 for moment, later in zip(moments, moments[20:], strict=False))
    assert moments[-1] < 10_000 / 20 * 60 * 1.1, "nor does a line take much longer than it must"


def test_each_line_is_its_own() -> None:
    pace = Pace()
    places(pace, 100)
    assert places(pace, 1, line="b") == [40]


def test_a_line_whose_last_place_has_passed_begins_anew() -> None:
    pace = Pace()
    places(pace, 100)
    later = START + timedelta(hours=1)
    assert pace.next("a", PER_MINUTE, frees_at=later, real_now=later) == later
