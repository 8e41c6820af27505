"""What can become of a message."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


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
        # unknown: an advice was to be repeated, and the provider would not recognise it any more.
        # failed: the recipient's domain has turned us away for as long as we try
        State.LEASED: frozenset(
            {
                *(State.HANDED_OVER, State.DUE, State.CANCELLED, State.SKIPPED, State.HELD),
                *(State.ACCEPTED, State.UNKNOWN, State.FAILED),
            }
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
