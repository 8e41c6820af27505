"""How much mail may leave: limits per stretch of time, per recipient domain, and a warm-up that grows by day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from service.domain.limits import Limit, by_scope, limit_list

WARM_UP_DAYS = 30
_DAY = 86_400
_KNOWN = ("all", "domain", "warm_up")
_COUNT = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, kw_only=True)
class SendLimits:
    """The limits of one installation; all of them hold at once, over every process together. None is the default.

    `everyone` counts every hand-over there is, `domain` those to one recipient domain, `warm_up` is how many may leave
    in the first 24 hours.
    """

    everyone: tuple[Limit, ...] = ()
    domain: tuple[Limit, ...] = ()
    warm_up: int | None = None

    @property
    def are_on(self) -> bool:
        """Is there anything to count?"""
        return bool(self.everyone or self.domain or self.warm_up)

    @property
    def longest_seconds(self) -> int:
        """How long a hand-over can still count, a day at the least: what is older may be forgotten."""
        return max([_DAY, *(limit.seconds for limit in (*self.everyone, *self.domain))])

    def overall(self, warming_for: timedelta) -> tuple[Limit, ...]:
        """The limits over all mail, when the first mail under the warm-up left this long ago."""
        if self.warm_up is None or warming_for >= timedelta(days=WARM_UP_DAYS):
            return self.everyone
        return (*self.everyone, Limit(count=grown(self.warm_up, max(warming_for.days, 0)), seconds=_DAY))


def grown(first_day: int, days: int) -> int:
    """How many may leave in 24 hours when this many days have passed: half as much more each day, rounded down."""
    return int(first_day * 3**days // 2**days)


def for_follow_ups(limit: Limit) -> Limit:
    """The part of a limit that follow-ups may fill, three quarters rounded up: the rest is there for an advice."""
    return Limit(count=-(-3 * limit.count // 4), seconds=limit.seconds)


def parse_send_limits(text: str) -> SendLimits:
    """Read `all=60/m,2000/d; domain=20/m,500/d; warm_up=50`; what is left out is not limited.

    Raises ValueError with a plain sentence that says which part cannot be read and what to write.
    """
    found = by_scope(text, _KNOWN)
    return SendLimits(
        everyone=limit_list(found["all"]) if "all" in found else (),
        domain=limit_list(found["domain"]) if "domain" in found else (),
        warm_up=_first_day(found["warm_up"]) if "warm_up" in found else None,
    )


def _first_day(text: str) -> int:
    if not _COUNT.fullmatch(text):
        raise ValueError(f"{text!r} is no number of mails; write how many may leave on the first day, as in warm_up=50")
    return int(text)


NO_LIMITS = SendLimits()
