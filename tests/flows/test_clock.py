"""Clocks: nights on which they change, leap days, jumps, and a machine that has another time than the database."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tests.support import acts
from tests.support.days import AMSTERDAM, EVERY_DAY, left_on
from tests.support.drafts import publish, with_steps
from tests.support.house import House


@pytest.mark.parametrize(
    ("opt_in_at", "leaves_at"),
    [
        # 02:30 does not exist on 29 March: it moves forward. On 25 October it comes twice: the first counts.
        (datetime(2026, 3, 27, 12, 0, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        (datetime(2026, 10, 23, 12, 0, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (datetime(2028, 2, 27, 12, 0, tzinfo=UTC), datetime(2028, 2, 29, 1, 30, tzinfo=UTC)),
    ],
)
def test_on_the_night_the_clock_changes_each_step_leaves_once(
    house: House, opt_in_at: datetime, leaves_at: datetime
) -> None:
    steps = [{"key": "a", "wait": "1 day", "at": "02:30"}, {"key": "b", "wait": "1 day", "at": "02:30"}]
    publish(house, with_steps(*steps, window=EVERY_DAY))
    house.clock.moment = opt_in_at
    acts.confirmed(house)
    house.clock.moment = leaves_at - timedelta(hours=2)
    for _ in range(24):
        house.tick()
        house.clock.advance(minutes=10)
    assert acts.follow_ups(house)["a"].settled_at == leaves_at
    house.live_through(days=2)
    second = acts.follow_ups(house)["b"].settled_at
    assert second is not None
    assert second.astimezone(AMSTERDAM).strftime("%H:%M") in {"02:30", "03:30"}
    assert [each.step for each in house.messages()].count("a") == 1


@pytest.mark.parametrize("jump", [timedelta(days=1), timedelta(days=-1)])
def test_a_clock_that_jumps_a_day_sends_each_step_once(house: House, jump: timedelta) -> None:
    publish(house, with_steps(*({"key": key, "wait": "1 day"} for key in "abc")))
    acts.confirmed(house)
    house.live_through(days=1)
    assert list(left_on(house)) == ["a"]
    house.clock.moment += jump
    house.live_through(hours=2)
    house.clock.moment -= jump
    house.live_through(days=6)
    messages = Counter(each.step for each in house.messages() if each.kind == "follow_up")
    assert messages == {"a": 1, "b": 1, "c": 1}
    assert list(left_on(house)) == ["a", "b", "c"]
    assert len(set(left_on(house).values())) >= 2
