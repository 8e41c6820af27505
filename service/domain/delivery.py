"""What can become of a message, and when a refused one is tried again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

FIRST_DELAY = timedelta(minutes=5)
LONGEST_DELAY = timedelta(hours=4)
GIVE_UP_AFTER = timedelta(days=4)


class State(StrEnum):
    """Where a message stands in the ledger."""

    DUE = "due"
    LEASED = "leased"
    HANDED_OVER = "handed_over"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    HELD = "held"
    FAILED = "failed"
    UNKNOWN = "unknown"


_EVENTS = frozenset({State.DELIVERED, State.BOUNCED, State.COMPLAINED})

MOVES: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        # accepted: an advice is due again, and then its first hand-over answers late
        State.DUE: frozenset({State.LEASED, State.CANCELLED, State.SKIPPED, State.HELD, State.ACCEPTED}),
        # back to due: the lease ran out, or paused, or outside its window; nothing was handed over.
        # unknown: an advice was to be repeated, and the provider would not recognise it any more
        State.LEASED: frozenset(
            {State.HANDED_OVER, State.DUE, State.CANCELLED, State.SKIPPED, State.HELD, State.ACCEPTED, State.UNKNOWN}
        ),
        # an event may come before the call has answered
        State.HANDED_OVER: frozenset({State.ACCEPTED, State.DUE, State.FAILED, State.UNKNOWN}) | _EVENTS,
        State.ACCEPTED: _EVENTS,
        State.DELIVERED: frozenset({State.BOUNCED, State.COMPLAINED}),
        State.BOUNCED: frozenset({State.COMPLAINED}),
        State.COMPLAINED: frozenset(),
        State.CANCELLED: frozenset(),
        State.SKIPPED: frozenset(),
        State.HELD: frozenset({State.DUE, State.CANCELLED}),
        State.FAILED: frozenset(),
        # due: the advice by itself, a follow-up by staff alone; failed: a late answer that it was refused for good
        State.UNKNOWN: frozenset({State.DUE, State.ACCEPTED, State.FAILED, State.CANCELLED}) | _EVENTS,
    }
)
"""Every allowed move; a stronger state is never replaced by a weaker one."""


def can_move(before: State, after: State) -> bool:
    """Whether a message may go from one state to the other."""
    return after in MOVES[before]


def backoff(
    attempt: int,
    *,
    first_tried_at: datetime,
    now: datetime,
    first_delay: timedelta = FIRST_DELAY,
    longest_delay: timedelta = LONGEST_DELAY,
    give_up_after: timedelta = GIVE_UP_AFTER,
) -> datetime | None:
    """When to try again after refusal number `attempt` (from 1): 5 minutes, doubling to 4 hours; None is give up.

    Each try lies within `give_up_after` of the first (RFC 5321 section 4.5.4.1 asks for 4 to 5 days).
    """
    if attempt < 1:
        raise ValueError("attempts count from 1")
    # beyond 2**20 the delay is long past any limit, and the power would only grow
    delay = min(first_delay * 2 ** min(attempt - 1, 20), longest_delay)
    again = now + delay
    return again if again <= first_tried_at + give_up_after else None
