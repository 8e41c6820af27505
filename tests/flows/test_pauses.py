"""Pauses: every later mail moves along, none is cancelled; a lead ends the one she asked for, and no other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

from service.flows import my_data, resolving, under_way
from service.flows.resolving import Choice
from service.store import enrolments
from tests.support import acts
from tests.support.days import AMSTERDAM, EVERY_DAY, left_on, march
from tests.support.drafts import publish, with_steps
from tests.support.house import House, part
from tests.support.transports import Network, accepted, always, lost_after_the_dot


@pytest.mark.parametrize("worse_first", [True, False])
def test_two_pauses_end_with_the_later_and_no_answer_ends_either(house: House, worse_first: bool) -> None:
    acts.confirmed(house)
    house.live_through(days=2)
    pauses = [partial(acts.answer, house, "worse"), partial(acts.request_pain_check, house)]
    for press in pauses if worse_first else reversed(pauses):
        house.clock.advance(hours=1)
        assert press()
    last_at = house.clock.now()
    house.clock.advance(hours=1)
    assert acts.answer(house, "better")
    run = acts.enrolment(house)
    assert run.pause_reason == ("pain_check_request" if worse_first else "worse")
    assert run.paused_until == last_at + timedelta(days=14)
    assert house.live_through(days=13) == 0


def test_worse_again_on_another_day_rests_the_mails_anew_and_tells_the_practice_again(house: House) -> None:
    acts.confirmed(house)
    house.live_through(days=3)
    assert acts.answer(house, "worse")
    house.clock.advance(hours=2)
    assert not acts.answer(house, "worse")
    house.clock.advance(days=1)
    assert acts.answer(house, "worse")
    assert acts.enrolment(house).paused_until == house.clock.now() + timedelta(days=14)
    house.send_due()
    assert len(house.mails("praktijk@solidperformance.example")) == 2


def test_worse_rests_every_run_of_the_lead(house: House) -> None:
    acts.confirmed(house)
    house.clock.advance(minutes=20)
    acts.confirmed(house, topic="uitstraling-been")
    house.live_through(days=3)
    assert acts.answer(house, "worse")
    assert {run.paused_until for run in acts.runs(house)} == {house.clock.now() + timedelta(days=14)}
    assert house.live_through(days=13) == 0


def test_worse_after_the_end_tells_the_practice_and_pauses_nothing(house: House) -> None:
    acts.confirmed(house)
    house.live_through(days=60)
    assert acts.answer(house, "worse")
    house.send_due()
    [told] = house.mails("praktijk@solidperformance.example")
    assert "stil" not in part(told, "plain")
    assert acts.enrolment(house).paused_until is None


def test_a_lead_ends_the_pause_she_asked_for(house: House) -> None:
    acts.confirmed(house)
    house.live_through(days=3)
    before, anchor = planned_days(house), acts.enrolment(house).anchor
    acts.wish(house, my_data.pause)
    assert (acts.enrolment(house).pause_reason, house.live_through(days=5)) == ("wish", 0)
    acts.wish(house, my_data.go_on)
    run = acts.enrolment(house)
    assert (run.pause_reason, run.paused_until, run.anchor) == (None, None, anchor + timedelta(days=5))
    assert planned_days(house)[0] >= before[0]


def test_a_wish_asked_for_again_is_never_shorter_and_the_same_day_changes_nothing(house: House) -> None:
    acts.confirmed(house)
    acts.wish(house, my_data.pause)
    until, rows = acts.enrolment(house).paused_until, house.rows()
    house.clock.advance(hours=3)
    acts.wish(house, my_data.pause)
    assert house.rows() == rows
    house.clock.advance(days=4)
    acts.wish(house, my_data.pause)
    assert until is not None
    assert acts.enrolment(house).paused_until == until + timedelta(days=4, hours=3)


OTHERS: dict[str, Callable[[House], bool]] = {
    "worse": partial(acts.answer, value="worse"),
    "pain_check_request": acts.request_pain_check,
    "reply": acts.replied,
}


@pytest.mark.parametrize("wish_first", [True, False])
@pytest.mark.parametrize("reason", OTHERS)
def test_a_lead_never_ends_a_pause_that_has_another_reason_too(house: House, reason: str, wish_first: bool) -> None:
    acts.confirmed(house)
    house.live_through(days=3)
    if wish_first:
        acts.wish(house, my_data.pause)
    house.clock.advance(days=1)
    OTHERS[reason](house)
    if not wish_first:
        house.clock.advance(days=1)
        acts.wish(house, my_data.pause)
    run = acts.enrolment(house)
    assert run.paused_until is not None
    assert run.pause_reason == reason
    assert run.paused_until >= house.clock.now() + timedelta(days=13)
    rows = house.rows()
    acts.wish(house, my_data.go_on)
    assert house.rows() == rows
    assert acts.resume(house), "the practice may end it"


def planned_days(house: House) -> list[datetime]:
    """When the coming mails of Anna's run would leave."""
    with house.services.database.reading() as session:
        row = enrolments.of_lead(session, house.lead().id)[-1]
        coming = under_way.upcoming(session, house.services, row.lead_id, house.clock.now())[row.id]
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


def test_better_after_worse_is_kept_and_the_pause_lasts_all_the_same(house: House) -> None:
    acts.confirmed(house)
    house.live_through(days=3)
    acts.answer(house, "worse")
    paused = acts.enrolment(house)
    house.clock.advance(days=1)
    assert acts.answer(house, "better")
    run = acts.enrolment(house)
    assert (run.paused_until, run.anchor, run.answers["helped"]) == (paused.paused_until, paused.anchor, "better")


def test_what_comes_behind_two_pauses_counts_from_its_own_time_of_day(house: House) -> None:
    acts.confirmed(house)
    house.live_through(days=3)
    acts.answer(house, "worse")
    house.clock.advance(hours=30)
    acts.request_pain_check(house)
    coming = planned_days(house)
    house.live_through(days=60)
    left = [each.settled_at for each in acts.follow_ups(house).values() if each.state == "accepted"]
    assert left[1:] == coming


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


def test_who_confirms_in_a_pause_waits_from_its_end_and_no_step_is_too_late_by_then(house: House) -> None:
    publish(house, with_steps({"key": "a", "wait": "2 days", "max_late": "1 day"}, window=EVERY_DAY))
    house.opt_in()
    house.send_due()
    house.clock.advance(days=9)
    assert acts.request_pain_check(house)
    house.clock.advance(days=1)
    acts.confirm(house)
    run = acts.enrolment(house)
    assert run.anchor == run.paused_until == house.clock.now() + timedelta(days=13)
    house.live_through(days=20)
    assert left_on(house) == {"a": date(2026, 4, 3)}


def test_a_pause_of_before_the_button_that_staff_end_shortens_no_wait(house: House) -> None:
    house.opt_in()
    house.send_due()
    house.clock.advance(days=9)
    assert acts.request_pain_check(house)
    house.clock.advance(days=1)
    acts.confirm(house)
    house.clock.advance(days=1)
    assert acts.resume(house)
    assert acts.enrolment(house).anchor == house.clock.now()
    assert house.live_through(days=1) == 0
    assert house.live_through(days=3) == 1


def test_who_stops_in_a_pause_and_says_yes_again_waits_from_that_press(house: House) -> None:
    acts.confirmed(house)
    house.live_through(days=3)
    acts.answer(house, "worse")
    house.clock.advance(days=1)
    acts.withdraw(house)
    house.clock.advance(days=1)
    assert acts.confirm(house) == "started"
    run = acts.enrolment(house)
    assert (run.paused_until, run.anchor) == (None, house.clock.now())
    assert house.live_through(days=3) == 1


def test_in_a_pause_the_step_behind_one_that_staff_dropped_counts_from_its_end(house: House) -> None:
    strict = house.with_changes(backlog_limit=0)
    a, b = {"key": "a", "wait": "1 day"}, {"key": "b", "wait": "2 days", "max_late": "1 day"}
    publish(strict, with_steps(a, b, window=EVERY_DAY))
    acts.confirmed(strict)
    strict.tick()
    strict.clock.advance(days=10)
    strict.tick()
    assert acts.follow_ups(strict)["a"].state == "held"
    assert acts.replied(strict)
    strict.clock.advance(hours=1)
    assert resolving.resolve_backlog(strict.services, "drop", actor="Frank") == 1
    strict.live_through(days=12)
    assert left_on(strict) == {"b": march(9 + 10 + 7 + 2)}, "a pause cancels no mail"


def test_what_staff_send_again_in_a_pause_leaves_after_it_and_is_not_too_late(posted: House, network: Network) -> None:
    a, b = {"key": "a", "wait": "1 day", "max_late": "2 days"}, {"key": "b", "wait": "9 days"}
    publish(posted, with_steps(a, b, window=EVERY_DAY))
    acts.confirmed(posted)
    network.answer = always(lost_after_the_dot())
    posted.live_through(days=1)
    assert acts.follow_ups(posted)["a"].state == "unknown"
    network.answer = always(accepted())
    assert acts.replied(posted)
    resolve(posted, "resend")
    posted.live_through(days=8)
    assert left_on(posted) == {"a": march(9 + 1 + 7)}


def test_a_mail_that_was_leaving_when_a_pause_began_was_hers_of_that_day(house: House) -> None:
    acts.follow_up_due(house)
    [begun] = acts.hand_over(house, "a worker")
    assert acts.replied(house)
    acts.commit(house, acts.settle, house.services, begun, lost_after_the_dot(), house.clock.now(), datetime.now(UTC))
    assert acts.follow_ups(house)["hoe-ging-het"].state == "unknown"
    resolve(house, "sent")
    assert acts.follow_ups(house)["hoe-ging-het"].settled_at == house.clock.now()


def resolve(house: House, choice: Choice) -> None:
    """Staff decide about the first follow-up."""
    (number,) = [each.id for each in acts.follow_ups(house).values()]
    acts.commit(house, resolving.resolve, house.services, [number], choice, actor="Frank", now=house.clock.now())
