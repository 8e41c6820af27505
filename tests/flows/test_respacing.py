"""A mail that left late takes what comes after it along; the next step waits until it has left (ACCEPTANCE L8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from service.flows import resolving, ticks, under_way
from service.store import enrolments, outbox
from service.store.tables import Message
from tests.support import acts
from tests.support.days import AMSTERDAM, left_on, march
from tests.support.drafts import publish, with_practice, with_steps
from tests.support.house import START, House
from tests.support.transports import Network, always, login_refused, lost_after_the_dot, refused_for_now

DAY = timedelta(days=1)


def every_two_days(*keys: str) -> list[dict[str, str]]:
    """Steps two days apart."""
    return [{"key": key, "wait": "2 days"} for key in keys]


def coming(house: House) -> dict[str, datetime]:
    """step -> when `lead show` says that it leaves."""
    with house.services.database.reading() as session:
        row = enrolments.of_lead(session, house.lead().id)[-1]
        told = under_way.upcoming(session, house.services, row.lead_id, house.clock.now())[row.id]
    return {each.step: each.at for each in told if each.at is not None}


# Downtime


def test_after_three_days_of_downtime_every_lead_goes_on_at_the_pace_of_the_sequence(house: House) -> None:
    publish(house, with_practice(with_steps(*every_two_days(*"abcd")), closed=["2026-03-18"]))
    addresses = [f"lead{number}@example.org" for number in range(5)]
    for address in addresses:  # one each day, so that each is at another step
        acts.confirmed(house, address)
        house.live_through(days=1)
    house.clock.advance(days=3)  # Saturday the 14th to Tuesday the 17th
    house.live_through(days=21)
    for address in addresses:
        messages = acts.follow_ups(house, address)
        assert [(each.step, each.state, each.attempts) for each in messages.values()] == [
            (key, "accepted", 1) for key in "abcd"
        ]
        moments = [each.settled_at.astimezone(AMSTERDAM) for each in messages.values() if each.settled_at]
        assert all((8, 30) <= (at.hour, at.minute) < (19, 0) for at in moments)
        assert all(at.weekday() < 5 and at.date() != march(18) for at in moments)
        assert all(later - sooner >= 2 * DAY for sooner, later in pairwise([at.date() for at in moments]))


def test_what_is_later_than_its_step_allows_is_skipped_and_what_follows_keeps_its_own_time(house: House) -> None:
    steps = [{"key": "a", "wait": "1 day", "max_late": "1 day"}, {"key": "b", "wait": "1 day", "max_late": "5 days"}]
    publish(house, with_steps(*steps, {"key": "c", "wait": "1 day"}))
    acts.confirmed(house)  # Monday the 9th; planned for Tuesday to Thursday
    house.clock.advance(days=3, hours=12)  # Thursday evening, and nothing has run since
    house.live_through(days=10)
    assert left_on(house) == {"b": march(13), "c": march(16)}
    skipped = acts.follow_ups(house)["a"]
    assert (skipped.state, skipped.reason) == ("skipped", "meer dan 1 dag te laat (gepland op dinsdag 10 maart 10:00)")
    assert acts.enrolment(house).end_reason == "all_steps_done"


def test_a_mail_that_became_too_late_in_the_outbox_is_skipped_and_the_run_goes_on_at_once(house: House) -> None:
    publish(house, with_steps({"key": "a", "wait": "1 day", "max_late": "1 day"}, {"key": "b", "wait": "1 day"}))
    acts.confirmed(house)
    house.clock.advance(days=1)
    ticks.plan(house.services)
    house.clock.advance(days=2)
    assert house.tick() == 1
    assert acts.follow_ups(house)["a"].state == "skipped"
    assert left_on(house) == {"b": march(12)}


def test_a_backlog_of_two_sequences_still_leaves_one_a_day(house: House) -> None:
    publish(house, with_steps({"key": "a", "wait": "1 day"}, {"key": "b", "wait": "1 day"}))
    acts.confirmed(house)
    house.clock.advance(hours=1)
    acts.confirmed(house, topic="uitstraling-been")
    house.clock.advance(days=3)
    house.live_through(days=9)
    days = [
        each.settled_at.astimezone(AMSTERDAM).date()
        for each in house.messages()
        if each.kind == "follow_up" and each.state == "accepted" and each.settled_at
    ]
    assert len(days) >= 4
    assert len(set(days)) == len(days)


def test_less_than_a_day_late_the_next_wait_counts_from_the_planned_time(house: House) -> None:
    publish(house, with_steps({"key": "a", "wait": "1 day"}, {"key": "b", "wait": "1 day"}))
    acts.confirmed(house)
    house.clock.advance(days=1, hours=5)
    house.tick()
    assert acts.enrolment(house).anchor == START + DAY
    house.clock.moment = START + 2 * DAY
    assert house.tick() == 1


def test_what_lead_show_tells_of_a_late_mail_is_what_then_happens(house: House) -> None:
    publish(house, with_steps(*every_two_days(*"abc")))
    acts.confirmed(house)
    house.clock.advance(days=2)
    ticks.plan(house.services)
    house.clock.advance(days=7)
    told = coming(house)
    assert list(told) == ["b", "c"]
    house.live_through(days=14)
    assert {step: at.astimezone(AMSTERDAM).date() for step, at in told.items()} == {
        step: day for step, day in left_on(house).items() if step != "a"
    }


# Whose fault it is


def test_days_without_a_way_out_move_what_comes_after(house: House) -> None:
    publish(house, with_steps(*every_two_days("a", "b")))
    acts.confirmed(house)
    down = house.with_changes(open_transport=Network(answer=always(login_refused())).open)
    for _ in range(5):  # due on Wednesday the 11th; no way out until Saturday
        down.clock.advance(days=1)
        down.tick()
    house.live_through(days=7)
    assert left_on(house) == {"a": march(16), "b": march(18)}


def test_a_recipients_refusals_move_nothing(house: House) -> None:
    publish(house, with_steps(*every_two_days("a", "b")))
    acts.confirmed(house)
    busy = house.with_changes(open_transport=Network(answer=always(refused_for_now())).open)
    busy.live_through(days=4)
    assert acts.enrolment(house).anchor == START + 2 * DAY
    house.live_through(days=3)
    assert left_on(house) == {"a": march(13), "b": march(16)}


# The next step waits for the one before


def test_the_next_step_is_not_planned_while_the_one_before_is_on_its_way(house: House) -> None:
    publish(house, with_steps({"key": "a", "wait": "1 day"}, {"key": "b", "wait": "1 day"}))
    acts.confirmed(house)
    for _ in range(5):  # planned, and nobody sends
        house.clock.advance(days=1)
        ticks.plan(house.services)
    assert list(acts.follow_ups(house)) == ["a"]
    assert acts.enrolment(house).state == "active"
    house.clock.moment = datetime(2026, 3, 16, 9, 0, tzinfo=UTC)
    house.live_through(days=2)
    assert left_on(house) == {"a": march(16), "b": march(17)}


def test_a_run_ends_when_its_last_mail_has_left_and_a_pause_still_holds_that_one(house: House) -> None:
    publish(house, with_steps({"key": "a", "wait": "1 day"}))
    acts.confirmed(house)
    house.clock.advance(days=1)
    ticks.plan(house.services)
    assert acts.enrolment(house).state == "active"
    acts.answer(house, "worse")
    assert house.live_through(days=13) == 0
    assert house.live_through(days=2) == 1
    assert (acts.enrolment(house).state, acts.enrolment(house).end_reason) == ("finished", "all_steps_done")


@pytest.mark.parametrize("fate", ["unknown", "held"])
def test_neither_an_unknown_fate_nor_a_broken_mail_holds_up_the_run(house: House, fate: str) -> None:
    publish(house, with_steps({"key": "a", "wait": "1 day"}, {"key": "b", "wait": "1 day"}))
    acts.confirmed(house)
    house.clock.advance(days=1)
    ticks.plan(house.services)
    if fate == "held":
        hold(house, "a")
    else:
        house.with_changes(open_transport=Network(answer=always(lost_after_the_dot())).open).send_due()
    assert acts.follow_ups(house)["a"].state == fate
    house.live_through(days=2)
    assert left_on(house) == {"b": march(11)}
    assert acts.enrolment(house).state == "finished"


def test_a_mail_released_after_later_ones_were_planned_moves_nothing(house: House) -> None:
    publish(house, with_steps({"key": "a", "wait": "1 day"}, *every_two_days("b", "c")))
    acts.confirmed(house)
    house.clock.advance(days=1)
    ticks.plan(house.services)
    hold(house, "a")
    house.live_through(days=3)
    assert left_on(house) == {"b": march(12)}
    ids, now = [acts.follow_ups(house)["a"].id], house.clock.now()
    acts.commit(house, resolving.resolve, house.services, ids, "resend", actor="Frank", now=now)
    anchor = acts.enrolment(house).anchor
    assert house.tick() == 1
    assert acts.enrolment(house).anchor == anchor


def hold(house: House, step: str) -> None:
    """What happens to a mail that cannot be built."""
    message_id = acts.follow_ups(house)[step].id
    acts.commit(house, lambda session: outbox.release(session.get_one(Message, message_id), "held", "kapot"))
