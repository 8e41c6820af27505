"""The states of a message, and when a refused one is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from service.domain.delivery import MOVES, State, backoff, can_move

FIRST = datetime(2026, 6, 1, 10, tzinfo=UTC)


def test_every_state_has_its_moves() -> None:
    assert set(MOVES) == set(State)


def test_a_message_goes_from_due_to_delivered() -> None:
    way = [State.DUE, State.LEASED, State.HANDED_OVER, State.ACCEPTED, State.DELIVERED]
    assert all(can_move(before, after) for before, after in pairwise(way))


def test_nothing_handed_over_is_due_without_a_refusal_or_an_unknown_outcome() -> None:
    assert [state for state in State if can_move(state, State.DUE)] == [
        State.LEASED,
        State.HANDED_OVER,
        State.HELD,
        State.UNKNOWN,
    ]


@pytest.mark.parametrize("stronger", [State.BOUNCED, State.COMPLAINED])
def test_a_stronger_state_is_never_replaced_by_a_weaker_one(stronger: State) -> None:
    assert not can_move(stronger, State.DELIVERED)
    assert not can_move(stronger, State.ACCEPTED)
    assert not can_move(State.DELIVERED, State.ACCEPTED)
    assert not can_move(State.COMPLAINED, State.BOUNCED)


def test_nothing_leaves_an_end_state() -> None:
    assert not MOVES[State.CANCELLED] | MOVES[State.SKIPPED] | MOVES[State.FAILED] | MOVES[State.COMPLAINED]


@pytest.mark.parametrize(
    ("attempt", "minutes"), [(1, 5), (2, 10), (3, 20), (4, 40), (5, 80), (6, 160), (7, 240), (8, 240), (1000, 240)]
)
def test_the_delay_doubles_from_five_minutes_to_four_hours(attempt: int, minutes: int) -> None:
    assert backoff(attempt, first_tried_at=FIRST, now=FIRST) == FIRST + timedelta(minutes=minutes)


def test_after_four_days_a_message_is_given_up() -> None:
    now, tries = FIRST, 1
    while (again := backoff(tries, first_tried_at=FIRST, now=now)) is not None:
        now, tries = again, tries + 1
    assert timedelta(days=3, hours=20) <= now - FIRST <= timedelta(days=4)
    assert 20 < tries < 40


def test_attempts_count_from_one() -> None:
    with pytest.raises(ValueError, match="from 1"):
        backoff(0, first_tried_at=FIRST, now=FIRST)
