"""An automatic answer shifts the next mail, tells nobody, and cannot push a run on for ever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from itertools import permutations

import pytest

from service.domain.feedback import Feedback, FeedbackKind
from service.flows import away, my_data, replies
from service.store import leads, suppressions
from service.store.tables import Enrolment, Message
from tests.support import acts
from tests.support.answers import comes, out_of_office, reply
from tests.support.days import EVERY_DAY, left_on, march
from tests.support.drafts import publish, with_steps
from tests.support.house import House

WEEK = timedelta(days=7)


def daily(house: House, count: int) -> None:
    """A run of this many mails, a day apart."""
    steps = [{"key": f"stap-{number}", "wait": "1 day"} for number in range(1, count + 1)]
    publish(house, with_steps(*steps, window=EVERY_DAY))
    acts.confirmed(house)


def moved(house: House) -> list[list[int]]:
    """The runs that each automatic answer moved, by the timeline."""
    with house.services.database.reading() as session:
        return [each.details["runs"] for each in leads.timeline(session, house.lead().id) if each.kind == "away"]


def test_the_next_mail_waits_until_a_week_after_the_answer_came(house: House) -> None:
    daily(house, 2)
    house.live_through(days=1)
    comes(house, out_of_office(at=house.clock.now() - timedelta(hours=5)))
    run = acts.enrolment(house)
    assert (run.pause_reason, run.paused_until) == ("away", house.clock.now() + timedelta(days=7, hours=-5))
    house.live_through(days=20)
    assert left_on(house) == {"stap-1": march(10), "stap-2": march(18)}


def test_a_mail_in_the_outbox_waits_and_none_is_cancelled(house: House) -> None:
    message = acts.follow_up_due(house)
    comes(house, out_of_office())
    house.live_through(days=6)
    assert acts.follow_ups(house)["hoe-ging-het"].state == "due"
    house.live_through(days=2)
    assert acts.follow_ups(house)["hoe-ging-het"].state == "accepted"
    assert acts.follow_ups(house)["hoe-ging-het"].message_id == message.message_id


def test_nobody_is_suppressed_told_or_answered(house: House) -> None:
    acts.confirmed(house)
    before = house.rows()
    comes(house, out_of_office())
    house.tick(keep_house=True)
    changed = {name for name, rows in house.rows().items() if rows != before[name]}
    assert changed <= {"enrolment", "timeline", "fact", "audit"}
    with house.services.database.reading() as session:
        assert suppressions.hashes(session) == set()


def test_every_run_of_the_lead_waits(house: House) -> None:
    acts.confirmed(house)
    house.clock.advance(minutes=20)
    acts.confirmed(house, topic="uitstraling-been")
    comes(house, out_of_office())
    assert {run.paused_until for run in acts.runs(house)} == {house.clock.now() + WEEK}


def test_a_pause_that_stands_gets_no_shorter(house: House) -> None:
    acts.confirmed(house)
    house.live_through(days=3)
    acts.answer(house, "worse")
    before = acts.enrolment(house)
    comes(house, out_of_office())
    assert acts.enrolment(house) == before


def test_a_lead_cannot_end_what_stands_beside_her_own_wish(house: House) -> None:
    acts.confirmed(house)
    acts.wish(house, my_data.pause)
    comes(house, out_of_office())
    rows = house.rows()
    acts.wish(house, my_data.go_on)
    assert house.rows() == rows


def test_one_that_answers_every_mail_puts_a_run_off_three_times(house: House) -> None:
    daily(house, 5)
    for number, days in enumerate((1, 8, 8, 8), start=1):
        house.live_through(days=days)
        comes(house, out_of_office(f"weg-{number}"), about=acts.follow_ups(house)[f"stap-{number}"])
    assert [len(runs) for runs in moved(house)] == [1, 1, 1, 0]
    house.live_through(days=1)
    assert list(left_on(house).values()) == [march(10), march(18), march(26), date(2026, 4, 3), date(2026, 4, 4)]


def test_several_answers_of_one_week_are_one_absence(house: House) -> None:
    acts.confirmed(house)
    for hour in range(10):
        house.clock.advance(hours=1)
        comes(house, out_of_office(f"weg-{hour}"))
    for week in range(2):
        house.clock.advance(days=8)
        comes(house, out_of_office(f"week-{week}"))
        assert acts.enrolment(house).paused_until == house.clock.now() + WEEK
    house.clock.advance(days=8)
    comes(house, out_of_office("once too often"))
    assert [len(runs) for runs in moved(house)] == [1] * 12 + [0]


@pytest.mark.parametrize("age", [7, 30, 10_000])
def test_news_that_is_too_old_moves_nothing(house: House, age: int) -> None:
    acts.confirmed(house)
    before = acts.enrolment(house)
    comes(house, out_of_office(at=house.clock.now() - timedelta(days=age)))
    assert acts.enrolment(house) == before
    assert moved(house) == [[]]


def test_a_clock_that_is_ahead_gives_no_longer_pause(house: House) -> None:
    acts.confirmed(house)
    comes(house, out_of_office(at=house.clock.now() + timedelta(days=4_000)))
    assert acts.enrolment(house).paused_until == house.clock.now() + WEEK


def test_after_a_stop_nothing_is_paused_or_revived(house: House) -> None:
    acts.confirmed(house)
    acts.withdraw(house)
    before = acts.enrolment(house)
    comes(house, out_of_office())
    comes(house, reply())
    after = acts.enrolment(house)
    assert after.replied_at == house.clock.now()
    after.replied_at = before.replied_at
    assert after == before
    assert house.live_through(days=60) == 0


NEWS: dict[str, Callable[[str, datetime], Feedback]] = {
    "reply": lambda key, _now: reply(key),
    "away": lambda key, now: out_of_office(key, at=now),
    "away a while ago": lambda key, now: out_of_office(key, at=now - timedelta(days=2)),
    "away long ago": lambda key, now: out_of_office(key, at=now - timedelta(days=9)),
}


def standing(run: Enrolment, message: Message) -> tuple[object, ...]:
    return run.pause_reason, run.paused_until, run.anchor, run.next_at, run.replied_at, message.due_at


def test_the_order_in_which_replies_and_automatic_answers_come_is_no_matter(house: House) -> None:
    message = acts.follow_up_due(house)
    now, ends = house.clock.now(), set()
    for order in permutations(NEWS):
        with house.services.database.transaction() as session:
            lead = leads.lock_one(session, house.lead().id, house.services.hmac)
            for name in order:
                news = NEWS[name](name, now)
                act = replies.arrived if news.kind is FeedbackKind.REPLIED else away.arrived
                act(session, house.services, lead, session.get_one(Message, message.id), news, now)
            ends.add(standing(session.get_one(Enrolment, message.enrolment_id), session.get_one(Message, message.id)))
            session.rollback()
    assert [end[:2] for end in ends] == [("reply", now + WEEK)]


@pytest.mark.parametrize("reply_first", [True, False])
def test_the_one_that_lasts_longer_gives_the_reason_and_staff_may_end_it(house: House, reply_first: bool) -> None:
    acts.confirmed(house)
    house.live_through(days=3)
    anchor = acts.enrolment(house).anchor
    now = house.clock.now()
    news = [partial(comes, house, reply()), partial(comes, house, out_of_office(at=now - timedelta(days=1)))]
    for come in news if reply_first else reversed(news):
        come()
    run = acts.enrolment(house)
    assert (run.pause_reason, run.paused_until, run.anchor) == ("reply", now + WEEK, anchor + WEEK)
    assert acts.resume(house)
    assert acts.enrolment(house).anchor == anchor
