"""A reply in the lead's own words: the mails wait a week, none is lost, and conditions know of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from service.flows import lead_report, letters
from service.store import leads
from tests.support import acts
from tests.support.answers import STAFF, comes, comes_untied, desk_mails, out_of_office, reply
from tests.support.days import AMSTERDAM, EVERY_DAY, left_on, march
from tests.support.drafts import publish, with_steps
from tests.support.house import House


def test_a_reply_moves_every_later_mail_by_a_week(house: House) -> None:
    publish(house, with_steps({"key": "een", "wait": "2 days"}, {"key": "twee", "wait": "2 days"}, window=EVERY_DAY))
    acts.confirmed(house)
    house.live_through(days=1)
    assert acts.replied(house)
    run = acts.enrolment(house)
    assert (run.pause_reason, run.paused_until) == ("reply", house.clock.now() + timedelta(days=7))
    house.live_through(days=20)
    assert left_on(house) == {"een": march(18), "twee": march(20)}


def test_a_mail_in_the_outbox_waits_too_and_is_not_cancelled(house: House) -> None:
    message = acts.follow_up_due(house)
    acts.replied(house)
    house.live_through(days=6)
    assert acts.follow_ups(house)["hoe-ging-het"].state == "due"
    house.live_through(days=2)
    assert acts.follow_ups(house)["hoe-ging-het"].state == "accepted"
    assert acts.follow_ups(house)["hoe-ging-het"].message_id == message.message_id


def test_after_a_week_both_runs_go_on_by_themselves_one_mail_a_day_and_none_is_lost(house: House) -> None:
    acts.confirmed(house)
    house.clock.advance(minutes=20)
    acts.confirmed(house, topic="uitstraling-been")
    house.live_through(days=2)
    comes(house, reply())
    assert house.live_through(days=6) == 0
    house.live_through(days=12)
    mails = [each for each in house.messages() if each.kind == "follow_up"]
    assert {each.state for each in mails} <= {"accepted", "skipped"}
    days = [
        each.settled_at.astimezone(AMSTERDAM).date() for each in mails if each.state == "accepted" and each.settled_at
    ]
    assert len(days) == len(set(days)) >= 6


def test_nothing_is_written_to_the_lead_in_answer_to_whatever_she_sends(house: House) -> None:
    acts.confirmed(house)
    known = {each.id for each in house.messages()}
    comes(house, reply("een"))
    comes(house, out_of_office("twee"))
    comes_untied(house, reply("drie"))
    house.tick(keep_house=True)
    assert {each.recipient for each in house.messages() if each.id not in known} == {STAFF}


def test_the_words_of_a_lead_who_was_erased_meanwhile_are_told_of_nobody_else(house: House) -> None:
    house.opt_in()
    anna = house.lead()
    acts.replaced(house, anna, "carla@example.org")
    letters.from_somebody(house.services, anna, reply(), house.clock.now())
    assert {each.template for each in house.messages("carla@example.org")} == {"advies-lage-rug"}
    assert "dienst-antwoord" not in str(house.rows()["message"])


@pytest.mark.parametrize("stop_first", [True, False])
def test_a_stop_beside_the_reply_holds_in_whatever_order_they_come(house: House, stop_first: bool) -> None:
    acts.confirmed(house)
    acts_in_turn: list[Callable[[], object]] = [partial(acts.withdraw, house), partial(comes, house, reply())]
    for act in acts_in_turn if stop_first else reversed(acts_in_turn):
        act()
    run = acts.enrolment(house)
    assert (run.state, run.pause_reason, run.paused_until, run.next_at) == ("stopped", None, None, None)
    assert run.replied_at == house.clock.now()
    assert len(desk_mails(house)) == 1
    assert house.live_through(days=60) == 0


def test_a_reply_tells_on_which_mail_it_was(house: House) -> None:
    acts.confirmed(house)
    comes(house, reply(), about=acts.advice(house))
    with house.services.database.reading() as session:
        [note] = [each for each in leads.timeline(session, house.lead().id) if each.kind == "replied"]
    assert note.details == {"source": "replies", "message": acts.advice(house).id}


def test_staff_end_that_pause_early(house: House) -> None:
    publish(house, with_steps({"key": "een", "wait": "2 days"}, window=EVERY_DAY))
    acts.confirmed(house)
    acts.replied(house)
    house.live_through(days=1)
    assert acts.resume(house)
    house.live_through(days=20)
    assert left_on(house) == {"een": march(12)}


def test_a_condition_may_ask_whether_there_was_a_reply(house: House) -> None:
    only, skip = {"only_if": {"replied": True}}, {"skip_if": {"replied": True}}
    steps = [{"key": "na-antwoord", "wait": "1 day", **only}, {"key": "zonder", "wait": "1 day", **skip}]
    publish(house, with_steps(*steps, window=EVERY_DAY))
    acts.confirmed(house)
    acts.confirmed(house, "bram@example.org")
    acts.replied(house)
    house.live_through(days=20)
    assert {step: each.state for step, each in acts.follow_ups(house).items()} == {
        "na-antwoord": "accepted",
        "zonder": "skipped",
    }
    publish(house, with_steps(*steps[:1], window=EVERY_DAY))  # why it was skipped is told as it was then
    with house.services.database.reading() as session:
        shown = lead_report.report(session, house.services, house.lead(), house.clock.now())
    told = next(each for each in shown.messages if each.step == "zonder")
    assert (told.dutch_reason, told.reason) == ("niet als er een antwoord per mail kwam", "not if a reply came by mail")
    assert {step: each.state for step, each in acts.follow_ups(house, "bram@example.org").items()} == {
        "na-antwoord": "skipped",
        "zonder": "accepted",
    }


def test_a_reply_after_the_end_pauses_nothing_and_is_kept(house: House) -> None:
    acts.confirmed(house)
    acts.withdraw(house)
    assert not acts.replied(house)
    assert acts.enrolment(house).paused_until is None


def test_the_press_on_the_button_is_what_confirmed_asks_for(house: House) -> None:
    asked = {"stap-true": True, "stap-false": False}
    steps = [{"key": key, "wait": "1 day", "only_if": {"confirmed": value}} for key, value in asked.items()]
    publish(house, with_steps(*steps, window=EVERY_DAY, confirmation="single"))
    acts.confirmed(house)
    house.opt_in("bram@example.org")
    house.live_through(days=5)
    states = {step: each.state for step, each in acts.follow_ups(house).items()}
    assert states == {"stap-true": "accepted", "stap-false": "skipped"}
    states = {step: each.state for step, each in acts.follow_ups(house, "bram@example.org").items()}
    assert states == {"stap-true": "skipped", "stap-false": "accepted"}
