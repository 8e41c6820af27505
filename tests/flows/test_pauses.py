"""Two reasons to pause at once: the end of one does not end the other."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service.flows import booking
from tests.support import acts
from tests.support.house import House


@pytest.mark.parametrize("worse_first", [True, False])
def test_better_does_not_end_the_pause_of_a_pain_check_request(house: House, worse_first: bool) -> None:
    acts.confirmed(house)
    house.live_through(days=2)
    if worse_first:
        acts.answer(house, "worse")
        house.clock.advance(hours=1)
    asked_at = house.clock.now()
    assert acts.request_pain_check(house)
    if not worse_first:
        house.clock.advance(hours=1)
        acts.answer(house, "worse")
    house.clock.advance(hours=1)
    assert acts.answer(house, "better")
    assert acts.enrolment(house).pause_reason == "pain_check_request"
    until = acts.enrolment(house).paused_until
    assert until is not None
    assert until >= asked_at + booking.PAUSE
    assert house.live_through(days=13) == 0
    assert house.clock.now() < asked_at + timedelta(days=14)


def test_better_still_ends_a_pause_by_worse_that_came_after_another_was_over(house: House) -> None:
    acts.confirmed(house)
    house.live_through(days=2)
    acts.request_pain_check(house)
    house.live_through(days=15)
    acts.answer(house, "worse")
    assert acts.enrolment(house).pause_reason == "worse"
    acts.answer(house, "better")
    assert acts.enrolment(house).paused_until is None
