"""What is to be done with a run through a sequence, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from service.domain.calendar import Calendar
from service.domain.enrolment import (
    MOVES,
    Enrolment,
    Facts,
    Finish,
    Send,
    Skip,
    State,
    Stop,
    Wait,
    after_step,
    can_move,
    decide,
)
from service.domain.sequence import Sequence

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
SEQUENCE = Sequence.model_validate(
    {
        "name": "lage-rug",
        "title": "Lage rugpijn",
        "topic": "lage-rug",
        "window": {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "08:30", "to": "19:00"},
        "steps": [
            {"key": "advies", "template": "advies", "purpose": "advice"},
            {"key": "hoe-ging-het", "template": "hoe-ging-het", "wait": "2 days"},
            {
                "key": "eerder",
                "template": "eerder",
                "wait": "1 day",
                "only_if": {"answer": {"helped": ["same"]}},
            },
            {
                "key": "uitnodiging",
                "variants": {"a": "kort", "b": "verhaal"},
                "wait": "4 days",
                "skip_if": {"sent": ["eerder"]},
                "max_late": "3 days",
            },
        ],
    }
)
FACTS = Facts(calendar=Calendar(zone=AMSTERDAM), may_follow_up=True)


def at(day: int, hour: int = 10, minute: int = 0) -> datetime:
    """A local moment in June 2026, whose first day is a Monday."""
    return datetime(2026, 6, day, hour, minute, tzinfo=AMSTERDAM).astimezone(UTC)


ANNA = Enrolment(state=State.ACTIVE, anchor=at(1), split_id="anna", next_step="hoe-ging-het", opted_in_at=at(1))
INVITED = replace(
    ANNA, next_step="uitnodiging", anchor=at(1), outcomes={"hoe-ging-het": "accepted", "eerder": "skipped"}
)


def test_a_step_waits_for_its_day() -> None:
    decision = decide(ANNA, SEQUENCE, FACTS, at(2))
    assert isinstance(decision, Wait)
    assert (decision.until, decision.step) == (at(3), "hoe-ging-het")


def test_a_due_step_is_sent_with_its_planned_time() -> None:
    decision = decide(ANNA, SEQUENCE, FACTS, at(3, 10, 1))
    assert isinstance(decision, Send)
    assert (decision.step, decision.template, decision.planned_at) == ("hoe-ging-het", "hoe-ging-het", at(3))
    assert decision.not_after is None
    assert decision.reason.dutch == "2 dagen na maandag 1 juni 10:00"


def test_an_answer_never_given_is_unknown_and_skips_the_step() -> None:
    waiting = replace(ANNA, next_step="eerder", anchor=at(3), outcomes={"hoe-ging-het": "accepted"})
    decision = decide(waiting, SEQUENCE, FACTS, at(4))
    assert isinstance(decision, Skip)
    assert (decision.reason.code, decision.planned_at) == ("only_if", at(4))


def test_an_answer_given_in_time_sends_the_step() -> None:
    asked = replace(ANNA, next_step="eerder", anchor=at(3), outcomes={"hoe-ging-het": "accepted"})
    waiting = replace(asked, answers={"helped": "same"})
    assert isinstance(decide(waiting, SEQUENCE, FACTS, at(4)), Send)


@pytest.mark.parametrize("outcome", ["accepted", "unknown", "delivered", "held"])
def test_a_step_that_went_out_skips_the_one_it_replaces(outcome: str) -> None:
    replaced = replace(INVITED, outcomes={"eerder": outcome})
    decision = decide(replaced, SEQUENCE, FACTS, at(5))
    assert isinstance(decision, Skip)
    assert decision.reason.code == "skip_if"


@pytest.mark.parametrize("outcome", ["skipped", "failed", "cancelled"])
def test_a_step_that_never_went_out_replaces_nothing(outcome: str) -> None:
    assert isinstance(decide(replace(INVITED, outcomes={"eerder": outcome}), SEQUENCE, FACTS, at(5)), Send)


def test_a_send_carries_its_last_moment() -> None:
    decision = decide(INVITED, SEQUENCE, FACTS, at(5))
    assert isinstance(decision, Send)
    assert decision.not_after == at(8)
    assert decision.template in {"kort", "verhaal"}


def test_a_step_later_than_its_max_late_is_skipped_and_says_so() -> None:
    decision = decide(INVITED, SEQUENCE, FACTS, at(8, 10, 1))
    assert isinstance(decision, Skip)
    assert (decision.reason.code, decision.planned_at) == ("too_late", at(5))


def test_a_late_step_that_cannot_leave_before_its_last_moment_is_skipped() -> None:
    decision = decide(INVITED, SEQUENCE, replace(FACTS, follow_up_days=frozenset({at(8).date()})), at(6, 10))
    assert isinstance(decision, Skip)


def test_a_late_step_leaves_now_when_the_window_is_open() -> None:
    decision = decide(ANNA, SEQUENCE, FACTS, at(5, 15))
    assert isinstance(decision, Send)
    assert decision.planned_at == at(3)


def test_a_late_step_waits_for_the_next_opening() -> None:
    decision = decide(ANNA, SEQUENCE, FACTS, at(5, 21))
    assert isinstance(decision, Wait)
    assert decision.until == at(8, 8, 30)


def test_a_late_step_leaves_a_day_with_another_follow_up_alone() -> None:
    decision = decide(ANNA, SEQUENCE, replace(FACTS, follow_up_days=frozenset({at(4).date()})), at(4))
    assert isinstance(decision, Wait)
    assert decision.until == at(5, 8, 30)


def test_nothing_is_planned_before_the_confirmation() -> None:
    decision = decide(replace(ANNA, state=State.AWAITING_CONFIRMATION), SEQUENCE, FACTS, at(30))
    assert isinstance(decision, Wait)
    assert (decision.until, decision.reason.code) == (None, "awaiting_confirmation")


def test_nothing_is_planned_without_consent() -> None:
    decision = decide(ANNA, SEQUENCE, replace(FACTS, may_follow_up=False), at(30))
    assert isinstance(decision, Wait)
    assert decision.reason.code == "no_consent"


def test_a_pause_waits_until_its_end_and_then_goes_on() -> None:
    paused = replace(ANNA, pause_reason="worse", paused_until=at(16))
    decision = decide(paused, SEQUENCE, FACTS, at(4))
    assert isinstance(decision, Wait)
    assert decision.until == at(16)
    assert isinstance(decide(paused, SEQUENCE, FACTS, at(16)), Send)


def test_a_pause_without_an_end_waits_for_staff() -> None:
    decision = decide(replace(ANNA, pause_reason="staff"), SEQUENCE, FACTS, at(30))
    assert isinstance(decision, Wait)
    assert decision.until is None


def test_a_booking_ends_the_run_also_in_a_pause() -> None:
    decision = decide(replace(ANNA, goal_at=at(2), paused_until=at(30)), SEQUENCE, FACTS, at(3))
    assert isinstance(decision, Stop)
    assert decision.reason.code == "booked"


def test_a_booking_ends_nothing_where_the_sequence_goes_on_after_it() -> None:
    goes_on = SEQUENCE.model_copy(update={"exit_on": ()})
    assert isinstance(decide(replace(ANNA, goal_at=at(2)), goes_on, FACTS, at(3)), Send)


def test_an_unsubscribe_ends_the_run() -> None:
    decision = decide(ANNA, SEQUENCE, replace(FACTS, stop_reason="unsubscribe"), at(1))
    assert isinstance(decision, Stop)
    assert decision.reason.code == "unsubscribe"


def test_after_the_last_step_the_run_is_finished() -> None:
    done = replace(ANNA, next_step=None, outcomes={step.key: "accepted" for step in SEQUENCE.follow_ups})
    assert isinstance(decide(done, SEQUENCE, FACTS, at(3)), Finish)
    assert isinstance(decide(replace(done, outcomes={}), SEQUENCE, FACTS, at(1)), Wait), "its steps came later"


def test_a_removed_step_strands_nobody() -> None:
    removed = replace(ANNA, next_step="verdwenen", outcomes={"hoe-ging-het": "accepted"})
    decision = decide(removed, SEQUENCE, FACTS, at(1, 11))
    assert isinstance(decision, Wait)
    assert decision.step == "eerder"
    all_done = replace(removed, outcomes={"uitnodiging": "accepted"})
    assert isinstance(decide(all_done, SEQUENCE, FACTS, at(1)), Finish)
    assert after_step(replace(removed, outcomes={}), SEQUENCE, "verdwenen") == "hoe-ging-het"


def test_a_new_step_in_front_of_the_next_one_comes_first_and_one_that_is_passed_never() -> None:
    assert decided(replace(ANNA, next_step="uitnodiging", outcomes={"hoe-ging-het": "accepted"})) == "eerder"
    assert decided(replace(ANNA, next_step="uitnodiging", outcomes={})) == "hoe-ging-het"
    assert decided(replace(ANNA, next_step="uitnodiging", outcomes={"eerder": "skipped"})) == "uitnodiging"


def decided(enrolment: Enrolment) -> str | None:
    """The step that is looked at, a moment after its anchor."""
    decision = decide(enrolment, SEQUENCE, FACTS, at(1))
    assert isinstance(decision, Wait)
    return decision.step


def test_a_step_with_an_outcome_is_never_decided_again() -> None:
    again = replace(ANNA, outcomes={"hoe-ging-het": "unknown"})
    decision = decide(again, SEQUENCE, FACTS, at(1))
    assert isinstance(decision, Wait)
    assert decision.step == "eerder"


def test_the_step_after_one_is_the_next_without_an_outcome() -> None:
    assert after_step(ANNA, SEQUENCE, "advies") == "hoe-ging-het"
    assert after_step(replace(ANNA, outcomes={"eerder": "skipped"}), SEQUENCE, "hoe-ging-het") == "uitnodiging"
    assert after_step(ANNA, SEQUENCE, "uitnodiging") is None


def test_a_closed_run_is_only_opened_again_by_who_stopped_it() -> None:
    assert can_move(State.AWAITING_CONFIRMATION, State.ACTIVE)
    assert set(MOVES) == set(State)
    for closed in (State.FINISHED, State.EXPIRED):
        assert not any(can_move(closed, state) for state in State)
    assert [state for state in State if can_move(State.STOPPED, state)] == [State.ACTIVE]  # by pressing /c/ again
    for closed in (State.FINISHED, State.STOPPED, State.EXPIRED):
        assert isinstance(decide(replace(ANNA, state=closed), SEQUENCE, FACTS, at(30)), Stop)


def test_nothing_leaves_a_minute_before_its_time() -> None:
    assert isinstance(decide(ANNA, SEQUENCE, FACTS, at(3) - timedelta(minutes=1)), Wait)
