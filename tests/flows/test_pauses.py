"""Pauses: every later mail moves along, none is cancelled; with two reasons at once the end of one ends only that."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from service.flows import booking, simulation
from service.store import enrolments
from tests.support import acts
from tests.support.days import AMSTERDAM, left_on, march
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


def planned_days(house: House) -> list[datetime]:
    """When the coming mails of Anna's run would leave."""
    with house.services.database.reading() as session:
        row = enrolments.of_lead(session, house.lead().id)[-1]
        coming = simulation.upcoming(session, house.services, row, house.clock.now())
    return [each.at for each in coming if each.at is not None]


def test_a_pause_moves_every_coming_mail_by_its_whole_length(house: House) -> None:
    acts.confirmed(house)
    house.live_through(days=3)
    before = planned_days(house)
    anchor = acts.enrolment(house).anchor
    assert acts.answer(house, "worse")
    assert acts.enrolment(house).anchor == anchor + timedelta(days=14)
    local = [each.astimezone(AMSTERDAM) for each in (before[0], before[1], *planned_days(house)[:2])]
    fortnight = timedelta(days=14)  # on the practice's clock: summer time begins in between
    assert [each.replace(tzinfo=None) for each in local[2:]] == [
        each.replace(tzinfo=None) + fortnight for each in local[:2]
    ]
    house.live_through(days=13)
    assert list(left_on(house)) == ["hoe-ging-het"]
    house.live_through(days=6)
    assert list(left_on(house)) == ["hoe-ging-het", "check"]


def test_a_pause_ended_at_once_changes_nothing_and_ended_later_moves_by_what_it_lasted(house: House) -> None:
    acts.confirmed(house)
    house.live_through(days=3)
    before, anchor = planned_days(house), acts.enrolment(house).anchor
    acts.answer(house, "worse")
    assert acts.resume(house)
    assert (planned_days(house), acts.enrolment(house).anchor) == (before, anchor)
    assert not acts.resume(house), "there is no pause any more"
    assert acts.request_pain_check(house)
    house.clock.advance(days=5)
    assert acts.resume(house)
    assert acts.enrolment(house).anchor == anchor + timedelta(days=5)


def test_better_ends_the_pause_that_worse_began(house: House) -> None:
    acts.confirmed(house)
    house.live_through(days=3)
    anchor = acts.enrolment(house).anchor
    acts.answer(house, "worse")
    house.clock.advance(days=1)
    acts.answer(house, "better")
    run = acts.enrolment(house)
    assert (run.pause_reason, run.paused_until, run.anchor) == (None, None, anchor + timedelta(days=1))


def test_a_second_pause_lengthens_the_first_by_what_it_adds(house: House) -> None:
    acts.confirmed(house)
    anchor = acts.enrolment(house).anchor
    acts.answer(house, "worse")
    house.clock.advance(days=4)
    assert acts.request_pain_check(house)
    run = acts.enrolment(house)
    assert run.paused_until == house.clock.now() + timedelta(days=14)
    assert run.anchor == anchor + timedelta(days=18)


def test_a_pause_before_the_confirmation_holds_the_first_follow_up_until_it_ends(house: House) -> None:
    house.opt_in()
    house.send_due()
    acts.answer(house, "worse")
    house.clock.advance(days=1)
    acts.confirm(house)
    house.live_through(days=12)
    assert left_on(house) == {}
    house.live_through(days=10)
    assert min(left_on(house).values()) >= march(23)
