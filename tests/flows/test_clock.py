"""Clocks: nights on which they change, leap days, jumps, and a machine that has another time than the database."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlmodel import Session, select

from service.domain.clock import RealClock
from service.domain.staff import Role
from service.flows import my_data, staff_acts, ticks
from service.store import events, suppressions
from service.store.tables import Enrolment, Message
from tests.support import acts
from tests.support.agendas import AGENDAS, SECRET, as_body, own
from tests.support.days import AMSTERDAM, EVERY_DAY, left_on
from tests.support.drafts import publish, with_steps
from tests.support.fakes.lettermint import Lettermint
from tests.support.hooks import caller, sample
from tests.support.house import START, House, WrongClock, link
from tests.support.studio import FRANK, desk, hire
from tests.support.transports import Network, always, refused_for_now
from tests.support.website import opt_in, website

BRAM = "bram@example.org"
on_postgres = pytest.mark.parametrize(
    "migrated_database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
"""The only one with a clock of its own beside the machine's."""
far_off = pytest.mark.parametrize("off_by", [timedelta(days=-400), timedelta(days=400)])


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


@on_postgres
@pytest.mark.parametrize("off_by", [timedelta(minutes=6), timedelta(days=-1), timedelta(days=400)])
def test_a_worker_whose_clock_differs_from_the_databases_sends_the_advice_alone_until_it_is_right(
    house: House, off_by: timedelta
) -> None:
    publish(house, with_steps({"key": "a", "wait": "1 day"}, window=EVERY_DAY | {"from": "00:00", "to": "23:59"}))
    house.clock.moment = datetime.now(UTC) - timedelta(days=2)
    acts.confirmed(house)
    run = acts.enrolment(house).id
    acts.commit(house, lambda session: _due_since_yesterday(session, run))
    wrong = house.with_changes(clock=WrongClock(off_by=off_by))
    house.clock.moment -= timedelta(days=2)
    house.opt_in("bram@example.org")
    for _ in range(2):
        ticks.plan(wrong.services)
        wrong.send_due()
    assert acts.advice(house, "bram@example.org").state == "accepted"
    assert acts.follow_ups(house) == {}
    assert [each.cause for each in acts.all_alerts(house)] == ["clock-differs"]
    right = house.with_changes(clock=RealClock())
    ticks.plan(right.services)
    assert list(acts.follow_ups(house)) == ["a"], "others go on meanwhile"
    wrong.send_due()
    assert acts.follow_ups(house)["a"].attempts == 0
    assert acts.alerts(house) == ["clock-differs"]
    long_ago = (datetime.now(UTC) - timedelta(minutes=4)).isoformat()
    acts.commit(house, events.set_fact, "clock_differs", {"at": long_ago})
    ticks.plan(right.services)
    assert acts.alerts(house) == []


@on_postgres
def test_that_a_clock_differs_is_over_also_where_the_one_that_was_wrong_was_the_databases(house: House) -> None:
    ticks.plan(house.with_changes(clock=WrongClock(off_by=timedelta(minutes=6))).services)
    assert acts.alerts(house) == ["clock-differs"]
    ahead = (datetime.now(UTC) + timedelta(days=400)).isoformat()
    acts.commit(house, events.set_fact, "clock_differs", {"at": ahead})
    ticks.plan(house.with_changes(clock=RealClock()).services)
    assert acts.alerts(house) == []


@on_postgres
@far_off
def test_what_becomes_of_an_advice_at_a_worker_whose_clock_is_wrong_is_dated_by_the_databases(
    house: House, off_by: timedelta
) -> None:
    house.clock.moment = datetime.now(UTC)
    refuses = Network(answer=always(refused_for_now()))
    wrong = house.with_changes(clock=WrongClock(off_by=off_by), open_transport=refuses.open)
    house.opt_in()
    for tries in (1, 2):
        assert wrong.send_due() == 0
        waits = acts.advice(house)
        assert (waits.state, waits.attempts) == ("due", tries), "it is given up after days, and these were none"
        assert timedelta(0) < waits.due_at - datetime.now(UTC) < timedelta(hours=1)
        acts.commit(house, _is_due_now, waits.id)
    acts.hand_over(house, "a" * 32)
    acts.commit(house, _is_out, "a" * 32)
    assert ticks.reap(wrong.services) == 1
    assert timedelta(0) <= acts.advice(house).due_at - datetime.now(UTC) + timedelta(minutes=1) < timedelta(hours=1)


def _is_due_now(session: Session, message_id: int) -> None:
    session.get_one(Message, message_id).due_at = datetime.now(UTC) - timedelta(hours=1)


def _is_out(session: Session, lease: str) -> None:
    for each in session.exec(select(Message).where(Message.lease_token == lease)):
        each.lease_until = datetime.now(UTC) - timedelta(seconds=1)


@on_postgres
def test_a_clock_that_is_a_day_ahead_makes_no_stretch_without_mail(house: House) -> None:
    right = house.with_changes(clock=RealClock())
    house.clock.moment = datetime.now(UTC)
    right.tick()
    right.opt_in()
    wrong = house.with_changes(clock=WrongClock(off_by=timedelta(days=1)))
    assert wrong.send_due() == 1, "the advice goes on"
    with house.services.database.reading() as session:
        assert events.fact(session, "gap") is None
        assert datetime.fromisoformat((events.fact(session, "worker_seen") or {})["at"]) <= datetime.now(UTC)


@on_postgres
def test_a_clock_that_is_ahead_makes_no_long_outage_of_a_short_one(house: House) -> None:
    house.clock.moment = now = datetime.now(UTC)
    with house.services.database.transaction() as session:
        events.raise_alert(session, "channel-down", dutch="stil", english="down", now=now)
    house.opt_in()
    assert house.with_changes(clock=WrongClock(off_by=timedelta(hours=7))).send_due() == 1
    assert acts.alerts(house) == []
    with house.services.database.reading() as session:
        assert events.fact(session, "gap") is None


@on_postgres
def test_a_worker_whose_clock_is_ahead_erases_nobody_before_her_time(house: House) -> None:
    house.clock.moment = datetime.now(UTC)
    house.opt_in()
    acts.confirmed(house, "bram@example.org")
    before = house.rows()
    wrong = house.with_changes(clock=WrongClock(off_by=timedelta(days=400)))
    ticks.housekeeping(wrong.services)
    after = house.rows()
    for table in ("lead", "opt_in", "message", "timeline"):
        assert after[table] == before[table]


@pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)
def test_a_clock_that_leaps_a_year_erases_nobody_before_it_has_stood_for_a_day(house: House) -> None:
    """Of the one machine there is, so that no other clock tells."""
    real = house.with_changes(clock=RealClock())
    with time_machine.travel(START, tick=False) as time:
        real.opt_in()
        real.send_due()
        acts.confirmed(house, "bram@example.org")
        ticks.housekeeping(real.services)
        before = house.rows()
        for leap in (timedelta(days=400), timedelta(hours=23), timedelta(days=-401)):  # and right again
            time.shift(leap)
            ticks.housekeeping(real.services)
            after = house.rows()
            assert [each for each in ("lead", "opt_in", "message", "timeline") if after[each] != before[each]] == []
        for leap in (timedelta(days=400), timedelta(days=1)):
            time.shift(leap)
            ticks.housekeeping(real.services)
        assert len(house.rows()["lead"]) < len(before["lead"])


@on_postgres
@far_off
def test_a_website_whose_clock_is_wrong_keeps_nobody_waiting_and_erases_nobody(house: House, off_by: timedelta) -> None:
    wrong = house.with_changes(clock=WrongClock(off_by=off_by))
    right = house.with_changes(clock=RealClock())
    with website(wrong) as client:
        opt_in(client)
        assert right.send_due() == 1, "at once"
        ticks.housekeeping(right.services)
        assert client.post(link(house.mails(acts.ANNA)[0], "c")).is_success
        assert client.post(link(house.mails(acts.ANNA)[0], "p"), data={"action": "pause"}).is_success
    run = acts.enrolment(house)
    assert run.paused_until is not None
    assert abs(run.paused_until - datetime.now(UTC) - timedelta(days=14)) < timedelta(hours=1)


@on_postgres
@far_off
def test_a_website_whose_clock_is_wrong_hears_that_a_mailbox_is_gone_for_thirty_days(
    house: House, off_by: timedelta
) -> None:
    house.clock.moment = datetime.now(UTC)
    acts.confirmed(house)
    calling = caller(house.with_changes(clock=WrongClock(off_by=off_by)), Lettermint)
    assert calling.post(sample(Lettermint, "hard_bounce").about(acts.advice(house))).is_success
    hmac = house.services.hmac(acts.ANNA)
    with house.services.database.reading() as session:
        (rule,) = suppressions.of(session, [hmac])[hmac]
    assert rule.until is not None
    assert abs(rule.until - datetime.now(UTC) - timedelta(days=30)) < timedelta(hours=1)
    assert acts.enrolment(house).state == "stopped"


@on_postgres
@far_off
def test_at_a_website_whose_clock_is_wrong_a_no_and_an_appointment_are_dated_right(
    house: House, off_by: timedelta
) -> None:
    house.clock.moment = datetime.now(UTC)
    for address in (acts.ANNA, BRAM):
        acts.confirmed(house, address)
    wrong = house.with_changes(clock=WrongClock(off_by=off_by), webhook_secrets={"generic": (SECRET,)})
    with website(wrong) as client:
        assert client.post(link(house.mails(acts.ANNA)[0], "u")).is_success
        now = datetime.now(UTC)
        body = as_body(own(at=now, email=BRAM, starts_at=now + timedelta(days=7)))
        headers = AGENDAS["generic"].signed(body)
        assert client.post("/webhooks/bookings/generic", content=body, headers=headers).is_success
    for address, state in ((acts.ANNA, "stopped"), (BRAM, "finished")):
        run = acts.enrolment(house, address)
        assert (run.state, run.ended_at is not None) == (state, True)
        assert run.ended_at is not None
        assert abs(run.ended_at - datetime.now(UTC)) < timedelta(hours=1)
    erase_at = house.lead().erase_at
    assert erase_at is not None
    assert erase_at - datetime.now(UTC) < timedelta(days=14), "not kept for as long as the clock is ahead"


@on_postgres
@far_off
def test_the_link_to_all_data_works_for_a_day_whatever_the_clock_of_the_website_says(
    house: House, off_by: timedelta
) -> None:
    house.clock.moment = datetime.now(UTC)
    acts.confirmed(house)
    acts.commit(house, lambda session: my_data.mail_link(session, house.services, house.lead(), house.clock.now()))
    house.send_due()
    fresh = link(house.mails(acts.ANNA)[-1], "d")
    with website(house.with_changes(clock=WrongClock(off_by=off_by))) as client:
        assert client.post(fresh, data={"action": "json"}).headers["content-type"] == "application/json"
        acts.commit(house, _left_a_day_ago)
        assert client.post(fresh, data={"action": "json"}).headers["content-type"].startswith("text/html")


@on_postgres
@far_off
def test_what_staff_do_where_the_clock_is_wrong_counts_from_the_databases_time(house: House, off_by: timedelta) -> None:
    house.clock.moment = datetime.now(UTC)
    acts.confirmed(house)
    house.opt_in(BRAM, trapped=True)
    wrong = house.with_changes(clock=WrongClock(off_by=off_by))
    here = desk(wrong, hire(wrong, FRANK, Role.MANAGER, "Frank"))
    for address, action in ((acts.ANNA, "replied"), (BRAM, "again")):
        lead = house.lead(address)
        with house.services.database.reading() as session:
            mark = staff_acts.mark(session, house.services, lead)
        assert here.post(f"/studio/leads/{lead.id}", action=action, mark=mark).status_code == 303
    for path, fields in (("/studio/pause", {"what": "follow_ups"}), ("/studio/resume", {})):
        assert here.post(path, **fields).status_code == 303
    paused_until = acts.enrolment(house).paused_until
    assert paused_until is not None
    assert abs(paused_until - datetime.now(UTC) - timedelta(days=7)) < timedelta(hours=1)
    assert abs(acts.advice(house, BRAM).due_at - datetime.now(UTC)) < timedelta(hours=1), "let go, it leaves now"
    with house.services.database.reading() as session:
        (gap,) = (events.fact(session, "gap") or {})["gaps"]
    assert abs(datetime.fromisoformat(gap["until"]) - datetime.now(UTC)) < timedelta(hours=1)


def _due_since_yesterday(session: Session, enrolment_id: int) -> None:
    run = session.get_one(Enrolment, enrolment_id)
    run.next_at = datetime.now(UTC) - timedelta(hours=2)


def _left_a_day_ago(session: Session) -> None:
    for each in session.exec(select(Message)):
        each.first_handed_at = datetime.now(UTC) - timedelta(hours=25)
