"""The states of a message."""

from __future__ import annotations

from itertools import pairwise

import pytest

from service.domain.delivery import MOVES, State, can_move


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
