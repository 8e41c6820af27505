"""How long to wait after a refusal, and when to give up."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_TIME = re.compile(r"(?P<units>\d{1,6})(?P<unit>[smhd])", re.ASCII)
_FIELDS = ("first", "longest", "give_up")
_LONGEST_OF_ALL = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Retries:
    """The first delay, which doubles up to the longest, and how long after the first try there may be another.

    The same delays hold for one mail that is put off and for a domain that turns us away.
    """

    first: timedelta = timedelta(minutes=5)
    longest: timedelta = timedelta(hours=4)
    give_up: timedelta = timedelta(days=4)  # RFC 5321 section 4.5.4.1 asks for 4 to 5 days

    def delay(self, refusals: int) -> timedelta:
        """How long to wait after so many refusals in a row (from 1)."""
        if refusals < 1:
            raise ValueError("refusals count from 1")
        # beyond 2**20 the delay is long past any limit, and the power would only grow
        return min(self.first * (1 << min(refusals - 1, 20)), self.longest)


DEFAULT_RETRIES = Retries()


def backoff(
    attempt: int, *, first_tried_at: datetime, now: datetime, retries: Retries = DEFAULT_RETRIES
) -> datetime | None:
    """When to try again after refusal number `attempt` (from 1); None is give up: no try lies beyond `give_up`."""
    again = now + retries.delay(attempt)
    return again if again <= first_tried_at + retries.give_up else None


def parse_retries(text: str) -> Retries:
    """Read `first=5m; longest=4h; give_up=4d`; what is left out keeps its default.

    Raises ValueError with a plain sentence that says which part cannot be read and what to write.
    """
    found: dict[str, timedelta] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, equals, time = (piece.strip() for piece in part.partition("="))
        if name not in _FIELDS or not equals:
            raise ValueError(f"{part!r} does not start with one of first=, longest=, give_up=")
        if name in found:
            raise ValueError(f"{name} stands there twice; write it once")
        found[name] = _parse_time(time)
    retries = replace(DEFAULT_RETRIES, **found)
    if not retries.first <= retries.longest <= retries.give_up:
        raise ValueError("first may not be more than longest, nor longest more than give_up (give_up=4d if left out)")
    return retries


def _parse_time(text: str) -> timedelta:
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no time; write a number and a unit, as in 5m (units: s, m, h, d)")
    time = timedelta(seconds=int(match["units"]) * _SECONDS[match["unit"]])
    if not timedelta(seconds=1) <= time <= _LONGEST_OF_ALL:
        raise ValueError(f"{text!r} is out of reach; write a time from 1s to 30d")
    return time
