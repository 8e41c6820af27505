"""The states of a message."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.delivery import (
    MOVES,
    SOFT_BOUNCES,
    State,
    Told,
    can_move,
    counts_as_hard,
    told,
)
from service.domain.feedback import FeedbackKind
from service.domain.mail_reasons import DOMAIN_REFUSES, GIVEN_UP


def test_every_state_has_its_moves() -> None:
    assert set(MOVES) == set(State)


def test_a_message_goes_from_due_to_delivered() -> None:
    way = [State.DUE, State.HANDED_OVER, State.ACCEPTED, State.DELIVERED]
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
    assert told(State.FAILED, "552 too large", FeedbackKind.ACCEPTED) is None


@pytest.mark.parametrize("why", [GIVEN_UP, DOMAIN_REFUSES])
def test_what_we_had_only_given_up_was_taken_where_an_event_says_so(why: str) -> None:
    assert told(State.FAILED, why, FeedbackKind.ACCEPTED) == Told(state=State.ACCEPTED)


def test_no_mail_leaves_from_an_end_state() -> None:
    ends = (State.CANCELLED, State.SKIPPED, State.FAILED, State.COMPLAINED, State.BOUNCED, State.DELIVERED)
    on_the_way = {State.DUE, State.LEASED, State.HANDED_OVER, State.HELD, State.UNKNOWN}
    assert not any(MOVES[state] & on_the_way for state in ends)


@pytest.mark.parametrize("start", list(State))
def test_in_whatever_order_news_comes_it_ends_in_one_state_for_one_reason(start: State) -> None:
    def after(order: tuple[FeedbackKind, ...]) -> tuple[State, str | None]:
        state, reason = start, None
        for kind in order:
            if (news := told(state, reason, kind)) is not None:
                state, reason = news.state, news.reason
        return state, reason

    for kinds in itertools.combinations(FeedbackKind, 3):
        assert len({after(order) for order in itertools.permutations((*kinds, kinds[0]))}) == 1, kinds


DAY = timedelta(days=1)
NOON = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("soft", "day"),
    [
        ([], None),
        ([(1, 0), (1, 1), (1, 2), (2, 3)], None),
        ([(1, 0), (2, 1), (3, 2)], 2),
        ([(3, 2), (1, 0), (2, 1)], 2),
        ([(1, 0), (2, 1), (3, 30)], None),
        ([(1, 0), (2, 1), (3, 29)], 29),
        ([(1, 0), (2, 1), (3, 2), (1, 30), (2, 90)], 30),
    ],
)
def test_three_mails_that_came_back_within_thirty_days_count_as_a_hard_bounce(
    soft: list[tuple[int, int]], day: int | None
) -> None:
    found = counts_as_hard((mail, NOON + DAY * days) for mail, days in soft)
    assert found == (None if day is None else NOON + DAY * day)


def test_ten_thousand_reports_about_one_mail_are_one_mail_and_soon_counted() -> None:
    reports = [(1, NOON + timedelta(seconds=number)) for number in range(10_000)]
    assert counts_as_hard(reports) is None
    assert counts_as_hard([*reports, (2, NOON), (3, NOON + DAY)]) == NOON + DAY


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 70)), max_size=12))
def test_it_counts_as_the_definition_does(soft: list[tuple[int, int]]) -> None:
    last = [day for _, day in soft if len({mail for mail, other in soft if day - 30 < other <= day}) >= SOFT_BOUNCES]
    found = counts_as_hard((mail, NOON + DAY * day) for mail, day in soft)
    assert found == (NOON + DAY * max(last) if last else None)
