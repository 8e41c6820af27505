"""The backlog guard: after a stretch without mail staff approve what piled up, where it is much (ACCEPTANCE L8)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import col, select

from service.errors import RefusedError
from service.flows import alerts, brake, resolving, ticks
from service.flows.published import Published
from service.flows.resolving import Choice
from service.store import events
from service.store.db import open_database
from service.store.tables import Message
from tests.support import acts
from tests.support.crowd import gather
from tests.support.days import left_on, march
from tests.support.drafts import publish, with_steps
from tests.support.house import START, House
from tests.support.transports import Network, always, login_refused

DAY = timedelta(days=1)
FIVE = [f"lead{number}@example.org" for number in range(5)]
BACKLOG = ("held", "backlog", "achterstand: wacht op akkoord")


@pytest.fixture
def strict(house: House) -> House:
    """A house where more than two are a backlog, and each step comes a day after the one before."""
    publish(house, with_steps(*({"key": key, "wait": "1 day"} for key in "abc")))
    return house.with_changes(backlog_limit=2)


def join(house: House, addresses: list[str]) -> None:
    """Leads who opted in and confirmed just now, and the worker was there."""
    for address in addresses:
        acts.confirmed(house, address)
    house.tick()


def held(house: House) -> list[Message]:
    """What waits for staff, oldest first."""
    with house.services.database.reading() as session:
        return list(session.exec(select(Message).where(Message.state == "held").order_by(col(Message.id))))


def stands(message: Message) -> tuple[str, str | None, str | None]:
    """Where a message stands, and why."""
    return message.state, message.hold, message.reason


def resolve(house: House, choice: Choice) -> int:
    """Staff decide about all of it."""
    return resolving.resolve_backlog(house.services, choice, actor="Frank")


def gaps(house: House) -> list[dict[str, object]]:
    """The stretches that are kept."""
    with house.services.database.reading() as session:
        found: list[dict[str, object]] = (events.fact(session, "gap") or {"gaps": []})["gaps"]
        return found


# Downtime


def test_as_many_as_the_limit_go_by_themselves(strict: House) -> None:
    join(strict, FIVE[:2])
    strict.clock.advance(days=3)
    assert strict.tick() == 2
    assert (held(strict), acts.alerts(strict)) == ([], [])
    assert [gap["held"] for gap in gaps(strict)] == [False]


def test_one_more_than_the_limit_waits_for_staff_and_the_practice_is_told_once(strict: House) -> None:
    strict = strict.with_changes(alert_to=("praktijk@example.org",))
    join(strict, FIVE[:3])
    strict.clock.advance(days=3)
    assert strict.tick() == 0
    assert [stands(each) for each in held(strict)] == [BACKLOG] * 3
    strict.live_through(days=4)
    assert [stands(each) for each in held(strict)] == [BACKLOG] * 3, "nor does anything behind it leave"
    assert acts.alerts(strict) == ["backlog"]
    told = strict.mails("praktijk@example.org")
    assert len(told) == 1
    assert "3 vervolgmails" in told[0].as_string()


def test_150_leads_are_held_in_one_piece_and_once_approved_each_gets_hers_one_a_day(house: House) -> None:
    """More than one batch of the planner; the limit is the default's 100."""
    crowd = gather(house, 150)
    house.tick()
    house.clock.advance(days=5)  # the next step was due after three; no worker ran
    house.opt_in("bram@example.org")
    assert house.tick() == 1, "the advice is never held"
    waiting = held(house)
    assert {stands(each) for each in waiting} == {BACKLOG}
    assert len(waiting) == len(crowd) + 1
    assert resolve(house, "resend") == len(crowd) + 1
    assert (house.tick(), acts.alerts(house)) == (len(crowd) + 1, [])
    house.live_through(days=4)
    for member in crowd[:3] + crowd[-3:]:
        days = list(left_on(house, member.address).values())
        assert len(days) == len(set(days)) >= 2
        messages = acts.follow_ups(house, member.address).values()
        assert {each.attempts for each in messages if each.state == "accepted"} == {1}


def test_what_waits_in_the_outbox_is_held_before_a_sender_gets_at_it(strict: House) -> None:
    join(strict, FIVE[:3])
    strict.clock.advance(days=1)
    ticks.plan(strict.services)
    strict.clock.advance(days=3)
    strict.opt_in("bram@example.org")
    assert strict.send_due() == 1, "the advice"
    assert strict.send_due() == 0
    assert [stands(each) for each in held(strict)] == [BACKLOG] * 3


def test_who_wakes_up_with_much_due_holds_it_in_the_very_transaction_that_was_to_hand_it_over(strict: House) -> None:
    join(strict, FIVE[:3])
    strict.clock.advance(days=1)
    ticks.plan(strict.services)
    strict.clock.advance(minutes=5)
    ticks.plan(strict.services)
    strict.clock.advance(days=3)
    assert acts.hand_over(strict, "asleep") == []
    assert [stands(each) for each in held(strict)] == [BACKLOG] * 3


def test_outside_the_window_the_backlog_is_held_at_once_and_not_at_the_next_opening(strict: House) -> None:
    join(strict, FIVE[:3])
    strict.clock.advance(days=4, hours=13)  # Friday night
    strict.tick()
    assert len(held(strict)) == 3
    assert resolve(strict, "resend") == 3
    strict.live_through(days=3)
    assert {day for address in FIVE[:3] for day in left_on(strict, address).values()} == {march(16)}


def test_a_night_without_a_worker_is_no_gap(strict: House) -> None:
    join(strict, FIVE[:3])
    strict.live_through(hours=20)
    strict.clock.advance(hours=5)
    assert strict.tick() == 3
    assert gaps(strict) == []


def test_who_confirms_or_goes_on_again_while_no_worker_runs_does_not_hide_it(strict: House) -> None:
    strict.opt_in("bram@example.org")
    join(strict, FIVE[:3])
    strict.clock.advance(days=3)
    acts.confirm(strict, "bram@example.org")  # in a web process without a worker
    assert gaps(strict) == []
    strict.clock.advance(hours=1)
    assert strict.tick() == 0
    assert [stands(each) for each in held(strict)] == [BACKLOG] * 3
    assert [gap["since"] for gap in gaps(strict)] == [START.isoformat()]


def test_workers_that_wake_together_find_one_gap(strict: House) -> None:
    join(strict, FIVE[:3])
    strict.clock.advance(days=3)
    meet = threading.Barrier(3)

    def wake() -> None:
        own = strict.with_changes(
            database=open_database(strict.services.database.url.render_as_string(hide_password=False)),
            published=Published(),
        )
        try:
            meet.wait(30)
            ticks.plan(own.services)
        finally:
            own.services.database.close()

    with ThreadPoolExecutor(3) as pool:
        for each in [pool.submit(wake) for _ in range(3)]:
            each.result(60)
    assert len(gaps(strict)) == 1
    assert len(held(strict)) == 3


# What staff decide


def test_what_became_too_late_for_its_step_is_skipped_after_the_approval_too(house: House) -> None:
    publish(house, with_steps({"key": "a", "wait": "1 day", "max_late": "4 days"}, {"key": "b", "wait": "1 day"}))
    house = house.with_changes(backlog_limit=0)
    join(house, FIVE[:1])
    house.clock.advance(days=3)
    house.tick()
    assert len(held(house)) == 1
    house.clock.advance(days=4)
    resolve(house, "resend")
    house.live_through(days=2)
    late = acts.follow_ups(house, FIVE[0])["a"]
    assert (late.state, late.reason) == ("skipped", "te laat geworden")
    assert left_on(house, FIVE[0]) == {"b": march(16)}


def test_dropped_ones_are_never_sent_and_the_next_step_counts_from_that_day(strict: House) -> None:
    join(strict, FIVE[:3])
    strict.clock.advance(days=3)
    strict.tick()
    strict.live_through(days=4)  # Monday the 16th
    assert resolve(strict, "drop") == 3
    assert acts.alerts(strict) == []
    strict.live_through(days=3)
    assert [left_on(strict, address) for address in FIVE[:3]] == [{"b": march(17), "c": march(18)}] * 3
    assert acts.follow_ups(strict, FIVE[0])["a"].state == "cancelled"


def test_a_backlog_never_left_so_it_cannot_count_as_sent(strict: House) -> None:
    join(strict, FIVE[:3])
    strict.clock.advance(days=3)
    strict.tick()
    with pytest.raises(RefusedError):
        resolve(strict, "sent")
    assert len(held(strict)) == 3


def test_who_says_no_meanwhile_gets_nothing_after_the_approval(strict: House) -> None:
    join(strict, FIVE[:3])
    strict.clock.advance(days=3)
    strict.tick()
    acts.withdraw(strict, FIVE[0])
    assert resolve(strict, "resend") == 2
    strict.tick()
    assert (left_on(strict, FIVE[0]), list(left_on(strict, FIVE[1]))) == ({}, ["a"])


def test_what_was_approved_while_no_worker_ran_is_not_held_once_more(strict: House) -> None:
    join(strict, FIVE[:3])
    strict.clock.advance(days=3)
    strict.tick()
    strict.clock.advance(days=1)
    resolve(strict, "resend")
    strict.clock.advance(hours=2)
    assert strict.tick() == 3


def test_a_later_gap_counts_anew(strict: House) -> None:
    join(strict, FIVE[:3])
    strict.clock.advance(days=3)
    strict.tick()
    resolve(strict, "resend")
    assert strict.tick() == 3
    strict.clock.advance(days=6)
    strict.tick()
    assert len(held(strict)) == 3


def test_a_backlog_that_waits_holds_nobody_elses_mail_after_a_night_without_a_worker(strict: House) -> None:
    join(strict, FIVE[:3])
    strict.clock.advance(days=3)
    strict.tick()
    acts.confirmed(strict, "bram@example.org")
    strict.live_through(hours=16)
    strict.clock.advance(hours=9)  # a laptop that was shut
    assert strict.tick() == 1
    assert list(left_on(strict, "bram@example.org")) == ["a"]
    assert len(held(strict)) == 3


# The brake


def test_under_the_brake_nothing_is_planned_and_after_ten_days_it_goes_through_the_guard(strict: House) -> None:
    join(strict, FIVE)
    acts.pull_the_brake(strict)
    strict.live_through(days=10)
    assert acts.follow_ups(strict, FIVE[0]) == {}
    released = acts.commit(strict, brake.release, strict.services, name=None, actor="Frank", now=strict.clock.now())
    assert released == 5
    assert strict.live_through(days=1) == 0
    assert len(held(strict)) == 5
    assert gaps(strict)[0]["since"] == START.isoformat()
    resolve(strict, "resend")
    assert strict.tick() == 5
    strict.live_through(days=5)
    days = list(left_on(strict, FIVE[0]).values())
    assert len(days) == len(set(days)) == 3


def test_a_brake_that_a_version_before_this_one_left_behind_goes_through_the_guard(strict: House) -> None:
    join(strict, FIVE)
    acts.commit(strict, events.set_fact, "paused", {"all_mail": False, "follow_ups": True, "sequences": []})
    strict.live_through(days=10)
    acts.release_the_brake(strict)
    assert strict.tick() == 0
    assert len(held(strict)) == 5


def test_a_few_behind_the_brake_go_when_it_is_released(strict: House) -> None:
    join(strict, FIVE[:2])
    acts.pull_the_brake(strict)
    strict.live_through(days=3)
    acts.release_the_brake(strict)
    assert strict.tick() == 2


def test_the_brake_on_one_sequence_counts_that_one_alone(strict: House) -> None:
    join(strict, FIVE[:3])
    acts.confirmed(strict, "bram@example.org", topic="uitstraling-been")
    acts.pull_the_brake(strict, name="lage-rug")
    strict.live_through(days=3)
    assert acts.follow_ups(strict, FIVE[0]) == {}
    assert list(left_on(strict, "bram@example.org")) == ["hoe-ging-het"]
    acts.release_the_brake(strict, name="lage-rug")
    strict.live_through(days=10)
    assert [each.recipient for each in held(strict)] == FIVE[:3]
    assert len(left_on(strict, "bram@example.org")) >= 2


# No way out


def test_a_day_without_a_way_out_goes_through_the_guard(strict: House) -> None:
    join(strict, FIVE)
    down = strict.with_changes(open_transport=Network(answer=always(login_refused())).open)
    down.live_through(days=1)
    assert acts.alerts(strict) == ["channel-down"]
    down.live_through(hours=8)
    strict.opt_in("bram@example.org")
    strict.live_through(hours=1)
    assert acts.advice(strict, "bram@example.org").state == "accepted"
    left = [address for address in FIVE if left_on(strict, address)]
    assert len(left) + len(held(strict)) == len(FIVE)
    assert len(held(strict)) >= 3
    assert acts.alerts(strict) == ["backlog"]


# A backup that was put back, the demo


def test_after_a_restore_even_one_is_held_because_it_may_have_left(house: House) -> None:
    join(house, FIVE[:1])
    house.live_through(days=1)
    gap = {"since": START.isoformat(), "until": (START + 5 * DAY).isoformat(), "kind": "restored"}
    acts.commit(house, events.set_fact, "gap", {"gaps": [gap]})
    house.live_through(days=3)
    assert [stands(each) for each in held(house)] == [("held", "restored", "teruggezet: misschien al verstuurd")]
    resolve(house, "resend")
    assert house.tick() == 1


def test_the_demos_clock_jumps_and_nothing_is_held(strict: House) -> None:
    demo = strict.with_changes(demo=True, backlog_limit=0)
    join(demo, FIVE[:3])
    demo.clock.advance(days=3)
    assert demo.tick() == 3
    acts.pull_the_brake(demo)
    demo.clock.advance(days=4)  # Monday
    acts.release_the_brake(demo)
    assert demo.tick() == 3
    assert gaps(demo) == []


def test_the_alert_stands_while_something_waits(strict: House) -> None:
    join(strict, FIVE[:3])
    strict.clock.advance(days=3)
    strict.tick()
    first = held(strict)[0].id
    now = strict.clock.now()
    acts.commit(strict, resolving.resolve, strict.services, [first], "drop", actor="Frank", now=now)
    acts.commit(strict, alerts.review, now)
    assert acts.alerts(strict) == ["backlog"]
    resolve(strict, "drop")
    assert acts.alerts(strict) == []
