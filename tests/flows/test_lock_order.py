"""Whoever changes runs takes their leads first, so that nobody waits in a ring (HOUSE.md, "Hand-over")."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlmodel import select

from service.domain.feedback import FeedbackKind
from service.flows import backlog, booking, brake, outcomes, rates, refusals, settling, ticks
from service.flows.handover import Routes
from service.flows.settling import Answer
from service.flows.taking import Wanted, take
from service.store import db, domain_pauses, events, leads, outbox
from service.store.tables import DomainPause, Lead, Message
from tests.support import acts
from tests.support.crowd import gather
from tests.support.drafts import publish, with_steps
from tests.support.house import House
from tests.support.taken import comes_back, mails_taken, told
from tests.support.transports import accepted, lost_after_the_dot, refused_by_policy
from tests.support.waiting import wait_until_it_waits


def test_moving_leads_to_a_new_revision_waits_for_who_is_busy_with_one(house: House) -> None:
    acts.confirmed(house)
    began = threading.Event()

    def move() -> int:
        began.set()
        return publish(house, with_steps({"key": "nieuw", "wait": "1 day"}), move_leads=True)

    with ThreadPoolExecutor(1) as pool:
        with house.services.database.transaction() as session:
            lead = session.exec(select(Lead).with_for_update(key_share=True)).one()
            moving = pool.submit(move)
            began.wait(30)
            wait_until_it_waits(house)
            booking.booked(session, house.services, lead, "staff", house.clock.now())
        assert moving.result(30) == 1
    assert (acts.enrolment(house).state, acts.enrolment(house).end_reason) == ("finished", "booked")


def test_a_planner_that_waits_for_a_lead_keeps_nothing_that_a_hand_over_asks_for(house: House) -> None:
    acts.confirmed(house)
    house.tick(keep_house=True)
    house.clock.advance(days=3)  # its step is due, and the worker says anew that it is here
    now = house.clock.now()
    with ThreadPoolExecutor(1) as pool:
        with house.services.database.transaction() as session:
            session.exec(select(Lead).with_for_update(key_share=True)).one()
            planning = pool.submit(ticks.plan, house.services)
            wait_until_it_waits(house)
            backlog.watch(session, house.services, now)  # as `handover.begin` does, with its leads locked
        assert planning.result(30) == 1


def test_a_late_answer_looks_at_the_alerts_last(house: House) -> None:
    acts.confirmed(house)
    house.clock.advance(days=2)
    ticks.plan(house.services)
    token = acts.hand_over(house, "slow")[0].token
    now = house.clock.now()
    acts.commit(house, settling.reap, now, datetime.now(UTC) + timedelta(minutes=1))
    assert acts.alerts(house) == ["message-unknown"]
    down = DomainPause(key=domain_pauses.DOWN, strikes=1, since=now, until=now)
    acts.commit(house, lambda session: session.add(down))

    def settle() -> bool:
        return acts.commit(house, acts.settle, house.services, token, accepted(), now, datetime.now(UTC))

    with ThreadPoolExecutor(1) as pool:
        with house.services.database.transaction() as session:
            domain_pauses.hold(session)
            settling_it = pool.submit(settle)
            wait_until_it_waits(house)
            events.hold_alert(session, "message-unknown")  # as who finds that mail goes out again may do
        assert not settling_it.result(30)
    assert (acts.follow_ups(house)["hoe-ging-het"].state, acts.alerts(house)) == ("accepted", [])


def test_answers_written_together_lock_what_is_known_of_domains_before_any_alert(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of unknown fate raises an alert, one that a domain refuses pauses that: whichever of them comes first."""
    gather(house, 4)
    begun = acts.hand_over(house, "w")[:4]
    lost, refused = lost_after_the_dot(), refused_by_policy()
    together = threading.Barrier(2)
    for module, name in ((outcomes, "unknown"), (refusals, "turned_away")):
        monkeypatch.setattr(module, name, partial(_met, getattr(module, name), together))
    here, services = datetime.now(UTC), house.services
    batches = [
        [Answer(opening=begun[0], result=lost), Answer(opening=begun[1], result=refused)],
        [Answer(opening=begun[2], result=refused), Answer(opening=begun[3], result=lost)],
    ]
    with ThreadPoolExecutor(2) as pool:
        work = [
            pool.submit(acts.commit, house, settling.settle_all, services, each, services.clock.now(), here)
            for each in batches
        ]
        for each in work:
            each.result(60)
    with house.services.database.reading() as session:
        states = [session.get_one(Message, each.message.id).state for each in begun]
    assert states == ["unknown", "due", "due", "unknown"]


def _met(work: Callable[..., object], together: threading.Barrier, *given: object) -> object:
    """Do it, and wait a moment for the other one to come so far."""
    done = work(*given)
    with contextlib.suppress(threading.BrokenBarrierError):
        together.wait(1)
    return done


def test_who_lets_the_brake_go_waits_for_no_mail_that_a_bounce_has_in_hand(house: House) -> None:
    crowd = gather(house, 6)
    acts.pull_the_brake(house)
    now = house.clock.now()

    def let_go() -> int:
        few = house.with_changes(backlog_limit=1)
        held = acts.commit(few, lambda s: brake.release(s, few.services, name=None, actor="Frank", now=now))
        assert held is not None, "the brake was on"
        return held

    with ThreadPoolExecutor(1) as pool:
        with house.services.database.transaction() as session:
            leads.lock(session, [crowd[0].lead_id], [])
            outbox.cancel_follow_ups(session, crowd[0].lead_id, "test", now)
            for member in crowd[:5]:
                told(session, FeedbackKind.HARD_BOUNCE, member.message_id, now)
            letting_go = pool.submit(let_go)
            if not house.services.database.is_sqlite:  # there nobody writes beside us
                assert letting_go.result(30) >= 5
            rates.after_hard_bounce(session, house.services, now)
        assert letting_go.result(30) >= 5
    assert "hard-bounces" in acts.alerts(house)


def test_a_late_bounce_and_the_housekeeping_look_at_alerts_one_after_another(house: House) -> None:
    ids = mails_taken(house, 6)
    comes_back(house, FeedbackKind.HARD_BOUNCE, *ids[:5])
    acts.release_the_brake(house)
    now = house.clock.now()
    with ThreadPoolExecutor(1) as pool:
        with house.services.database.transaction() as session:
            told(session, FeedbackKind.HARD_BOUNCE, ids[5], now)
            rates.after_hard_bounce(session, house.services, now)
            looking = pool.submit(ticks.housekeeping, house.services)
            wait_until_it_waits(house)
            events.hold_alert(session, "message-unknown")  # as a late answer does after it
        looking.result(30)
    assert acts.alerts(house) == ["hard-bounces"]


def test_several_names_are_taken_in_one_order_whatever_order_they_are_given_in(house: House) -> None:
    names = [f"name {number}" for number in range(30)]

    def take(some: list[str]) -> None:
        with house.services.database.transaction() as session:
            db.take_locks(session, some)

    with ThreadPoolExecutor(2) as pool:
        with house.services.database.transaction() as session:
            db.take_locks(session, [min(names)])
            waiting = pool.submit(take, [*reversed(names), names[3]])
            wait_until_it_waits(house)
            others = pool.submit(take, sorted(names)[1:])
            if not house.services.database.is_sqlite:  # where the writer is the one lock there is
                others.result(30)  # who waits for the first has none of the others
        waiting.result(30)
        others.result(30)


def test_who_takes_what_is_due_has_no_mail_of_a_lead_whom_another_has(house: House) -> None:
    first, second = gather(house, 2)
    now, wanted = house.clock.now(), Wanted(lease="worker", most=24, urgent=False, routes=Routes())
    taken, ends = threading.Event(), threading.Event()

    def take_and_stay() -> list[int]:
        with house.services.database.transaction() as session:
            begun = take(session, house.services, wanted).begun
            taken.set()
            assert ends.wait(20)
            return [each.message.id for each in begun]

    with ThreadPoolExecutor(1) as pool:
        with house.services.database.transaction() as session:
            leads.lock(session, [first.lead_id], [house.services.hmac(first.address)])
            taking = pool.submit(take_and_stay)
            if not house.services.database.is_sqlite:  # there it cannot even begin
                assert taken.wait(20)
            assert outbox.cancel_follow_ups(session, first.lead_id, "test", now) == 1, "and waits for nobody"
        ends.set()
        begun = taking.result(30)
    assert second.message_id in begun
    assert first.message_id not in begun
