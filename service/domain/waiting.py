"""Why a mail waits for a person, as one of few cases, and what staff may do with those of each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from service.domain.screening import Held

Choice = Literal["sent", "resend", "drop"]
"""It arrived, it leaves (again), or it never does."""


class Why(StrEnum):
    """A case; its value stands in addresses of pages."""

    OPT_IN_CROWDED = "opt-in-crowded"
    OPT_IN_PROOF = "opt-in-proof"
    OPT_IN_FAST = "opt-in-fast"
    OPT_IN_TRAP = "opt-in-trap"
    UNKNOWN_ADVICE = "unknown-advice"
    UNKNOWN_FOLLOW_UP = "unknown-follow-up"
    UNKNOWN_SERVICE = "unknown-service"
    RESTORED_ASKED = "restored-asked"
    RESTORED = "restored"
    BACKLOG = "backlog"
    OTHER = "other"


_OPT_INS: Mapping[str, Why] = MappingProxyType(
    {
        Held.CROWDED: Why.OPT_IN_CROWDED,
        Held.NO_PROOF: Why.OPT_IN_PROOF,
        Held.TOO_FAST: Why.OPT_IN_FAST,
        Held.HONEYPOT: Why.OPT_IN_TRAP,
    }
)
_UNKNOWN: Mapping[str, Why] = MappingProxyType(
    {"advice": Why.UNKNOWN_ADVICE, "follow_up": Why.UNKNOWN_FOLLOW_UP, "service": Why.UNKNOWN_SERVICE}
)
_ONE_BY_ONE = frozenset({Why.UNKNOWN_FOLLOW_UP, Why.UNKNOWN_SERVICE})


def why(*, state: str, kind: str, hold: str | None, reason: str | None) -> Why | None:
    """The case of a message by what its row says; None where it waits for nobody."""
    if state == "unknown":
        return _UNKNOWN[kind]
    if state != "held":
        return None
    if kind == "advice" and reason is not None and reason in _OPT_INS:
        return _OPT_INS[reason]
    if hold == "restored":
        return Why.RESTORED if kind == "follow_up" else Why.RESTORED_ASKED
    return Why.BACKLOG if hold is not None and kind == "follow_up" else Why.OTHER


def choices(case: Why) -> tuple[Choice, ...]:
    """What may be done with one mail of this case: what was held never left, so it cannot have arrived."""
    return ("sent", "resend", "drop") if case in _UNKNOWN.values() else ("resend", "drop")


def choices_for_all(case: Why) -> tuple[Choice, ...]:
    """What may be done with all of them at once.

    Nobody waits for a follow-up whose fate is unknown, and who has it gets it twice: that is decided one by one.
    """
    return tuple(each for each in choices(case) if each != "resend" or case not in _ONE_BY_ONE)
