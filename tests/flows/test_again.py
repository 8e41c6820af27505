"""Somebody asks again: while the mails run, after them, after a "no", after a booking; and a second topic beside it."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from service.domain.enrolment import State
from tests.support import acts
from tests.support.days import AMSTERDAM, EVERY_DAY
from tests.support.drafts import publish, with_practice, with_sequence, with_steps, with_topic
from tests.support.house import House

SHORT = [{"key": key, "wait": "1 day"} for key in ("een", "twee")]
DAY = timedelta(days=1)


def short(house: House) -> None:
    """lage-rug as two follow-ups, a day apart."""
    publish(house, with_steps(*SHORT, window=EVERY_DAY))


def advices(house: House) -> int:
    return sum(each.kind == "advice" and each.state == "accepted" for each in house.messages())


def gone(house: House, run: int) -> list[str]:
    """The follow-ups of a run that left, in their order."""
    enrolment_id = acts.runs(house)[run].id
    mine = [each for each in house.messages() if each.enrolment_id == enrolment_id and each.kind == "follow_up"]
    return [each.step or "" for each in mine if each.state == "accepted"]


def test_asking_again_while_the_mails_run_brings_the_advice_and_starts_nothing_over(house: House) -> None:
    short(house)
    acts.confirmed(house)
    house.live_through(days=1, hours=1)
    house.opt_in()
    house.live_through(hours=1)
    assert acts.confirm(house) == "started"
    house.live_through(days=3)
    assert advices(house) == 2
    assert len(acts.runs(house)) == 1
    assert gone(house, 0) == ["een", "twee"]


def test_who_had_all_mails_lately_gets_the_advice_alone_also_after_a_press(house: House) -> None:
    short(house)
    acts.confirmed(house)
    house.live_through(days=100)
    house.opt_in()
    house.live_through(hours=1)
    assert acts.confirm(house) == "ended"
    house.live_through(days=5)
    assert advices(house) == 2
    assert [run.state for run in acts.runs(house)] == [State.FINISHED]
    assert gone(house, 0) == ["een", "twee"]


def test_long_after_the_last_mail_all_of_them_come_anew(house: House) -> None:
    short(house)
    acts.confirmed(house)
    house.live_through(days=3)
    house.clock.moment = ended(house) + 180 * DAY - timedelta(hours=2)  # the clock changed meanwhile
    assert asks(house) == 1
    house.clock.moment = ended(house) + 180 * DAY
    assert asks(house) == 2
    assert acts.confirm(house) == "started"
    house.live_through(days=3)
    assert gone(house, 1) == ["een", "twee"]


def test_how_long_is_the_sequences_own_to_say(house: House) -> None:
    def change(document: dict[str, Any]) -> None:
        document["again_after"] = "1 hour"

    short(house)
    acts.confirmed(house)
    house.live_through(days=3)
    publish(house, with_sequence(change))
    assert asks(house) == 2


def test_the_advice_comes_also_while_the_calendar_leaves_no_working_day_to_count(house: House) -> None:
    def change(document: dict[str, Any]) -> None:
        document["again_after"] = "10 working days"

    draft = with_sequence(change, with_steps(*SHORT, window=EVERY_DAY))
    publish(house, draft)
    acts.confirmed(house)
    house.live_through(days=3)
    closed = [{"from": "2026-03-13", "to": "2027-03-10"}, {"from": "2027-03-11", "to": "2028-03-01"}]
    publish(house, with_practice(draft, closed=closed))
    assert asks(house) == 1
    assert advices(house) == 2


@pytest.mark.parametrize("days", [1, 100])
def test_a_topic_under_a_new_name_brings_nobody_its_mails_twice(house: House, days: int) -> None:
    short(house)
    acts.confirmed(house)
    house.live_through(days=days, hours=1)
    publish(house, with_topic("rug", with_steps(*SHORT, window=EVERY_DAY)))
    house.opt_in(topic="rug")
    house.live_through(hours=1)
    assert acts.confirm(house) == ("started" if days == 1 else "ended")
    house.live_through(days=5)
    assert advices(house) == 2
    assert len(acts.runs(house)) == 1
    assert gone(house, 0) == ["een", "twee"]
    assert acts.confirm(house, which=0) == "ended"


def test_who_goes_on_where_the_topics_name_is_another_sequences_by_now_has_both_runs(house: House) -> None:
    def takes_the_name(document: dict[str, Any]) -> None:
        document["topic"] = "lage-rug"

    short(house)
    acts.confirmed(house)
    renamed = with_topic("rug", with_steps(*SHORT, window=EVERY_DAY))
    publish(house, with_sequence(takes_the_name, renamed, "uitstraling-been"))
    house.live_through(hours=1)
    house.opt_in(topic="rug")  # joins the run that goes by the old name
    house.live_through(hours=1)
    acts.withdraw(house)
    house.live_through(days=1)
    house.opt_in(topic="lage-rug")
    house.live_through(hours=1)
    assert [(run.sequence, run.topic) for run in acts.runs(house)] == [
        ("lage-rug", "lage-rug"),
        ("uitstraling-been", "lage-rug"),
    ]
    assert acts.confirm(house, which=1) == "started"
    house.live_through(days=5)
    assert gone(house, 0) == ["een", "twee"]
    assert acts.confirm(house) == "started"


def test_the_button_of_an_old_advice_counts_as_pressed_in_the_run_that_it_starts(house: House) -> None:
    short(house)
    acts.confirmed(house)
    house.live_through(days=184)
    assert asks(house) == 2
    house.clock.advance(hours=1)
    assert acts.confirm(house, which=0) == "started"
    assert acts.enrolment(house).confirmed_at == house.clock.now()


@pytest.mark.parametrize("end", ["stopped", "booked"])
def test_who_ended_it_before_its_end_starts_anew_with_a_fresh_yes(house: House, end: str) -> None:
    short(house)
    acts.confirmed(house)
    house.live_through(days=1, hours=1)
    assert acts.withdraw(house) if end == "stopped" else acts.booked(house)
    assert asks(house) == 2
    house.live_through(days=3)
    assert gone(house, 1) == [], "nothing without the button"
    assert acts.confirm(house) == "started"
    house.live_through(days=3)
    assert gone(house, 1) == ["een", "twee"]


def test_an_old_advices_button_does_not_wake_a_run_that_was_stopped_before_a_whole_one(house: House) -> None:
    short(house)
    acts.confirmed(house)
    house.live_through(days=1, hours=1)
    acts.withdraw(house)
    asks(house)
    acts.confirm(house)
    house.live_through(days=3)
    assert acts.confirm(house, which=0) == "ended"
    house.live_through(days=3)
    assert (gone(house, 0), gone(house, 1)) == (["een"], ["een", "twee"])


def test_who_stopped_and_presses_the_old_button_goes_on_where_it_was(house: House) -> None:
    short(house)
    acts.confirmed(house)
    house.live_through(days=1, hours=1)
    acts.withdraw(house)
    house.live_through(days=2)
    assert acts.confirm(house) == "started"
    house.live_through(days=3)
    assert gone(house, 0) == ["een", "twee"]


def test_two_topics_take_turns_and_neither_waits_for_the_others_end(house: House) -> None:
    """A mail a day from each, at the same time: at most one goes a day, and they go in turns."""
    one = {"wait": "1 day", "at": "09:00", "template": "hoe-ging-het"}
    daily = [{"key": f"stap-{number}", **one} for number in range(4)]

    def change(document: dict[str, Any]) -> None:
        document["steps"] = [document["steps"][0], *daily]
        document["window"] = EVERY_DAY

    publish(house, with_sequence(change, with_sequence(change), "uitstraling-been"))
    acts.confirmed(house)
    house.clock.advance(minutes=20)  # opt-ins of one address come no closer
    acts.confirmed(house, topic="uitstraling-been")
    house.live_through(days=12)
    follow_ups = [each for each in house.messages() if each.kind == "follow_up"]
    days = [
        each.settled_at.astimezone(AMSTERDAM).date()
        for each in follow_ups
        if each.state == "accepted" and each.settled_at
    ]
    assert len(days) == len(set(days)) == 8, "one a day, and all of both"
    assert max(later - day for day, later in pairwise(sorted(days))) == DAY, "no day is lost"
    order = [each.sequence for each in sorted(follow_ups, key=lambda each: each.planned_at)]
    assert all(one != other for one, other in pairwise(order)), order


def test_a_second_topics_mail_moves_to_the_next_day_and_its_own_next_one_counts_from_there(house: House) -> None:
    step = [{"key": f"stap-{number}", "wait": "2 days", "template": "hoe-ging-het"} for number in range(2)]

    def change(document: dict[str, Any]) -> None:
        document["steps"] = [document["steps"][0], *step]
        document["window"] = EVERY_DAY

    publish(house, with_sequence(change, with_sequence(change), "uitstraling-been"))
    acts.confirmed(house)
    house.clock.advance(minutes=20)
    acts.confirmed(house, topic="uitstraling-been")
    house.live_through(days=8)
    gone = [each for each in house.messages() if each.step and each.settled_at]
    left = [(each.sequence, each.settled_at.astimezone(AMSTERDAM).day) for each in gone if each.settled_at]
    assert sorted(left, key=lambda each: each[1]) == [
        ("lage-rug", 11),
        ("uitstraling-been", 12),
        ("lage-rug", 13),
        ("uitstraling-been", 14),
    ]


def asks(house: House) -> int:
    """Opt in once more. Returns how many runs there are then."""
    house.opt_in()
    house.live_through(seconds=1)
    return len(acts.runs(house))


def ended(house: House) -> Any:
    """When the first run ended."""
    return acts.runs(house)[0].ended_at
