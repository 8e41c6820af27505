"""How often something may happen: limits as they are written, and the caps on opt-ins."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_LONGEST = 30 * 86_400
"""What is counted goes when no limit looks at it any more, and docs/privacy.md promises leads when that is."""
_LIMIT = re.compile(r"(?P<count>\d{1,9})/(?P<units>\d{0,4})(?P<unit>[smhd])")
_FIELDS = {"address": "address", "network": "network", "domain": "domain", "all": "everyone"}


@dataclass(frozen=True, kw_only=True)
class Limit:
    """At most `count` of them in any stretch of `seconds`."""

    count: int
    seconds: int


@dataclass(frozen=True, kw_only=True)
class OptInLimits:
    """The caps of one installation; within a scope all of them hold at once.

    `address` counts one normalised address, `network` one client network (a /24 or a /56), `domain` one mail
    domain, `everyone` every opt-in there is.
    """

    address: tuple[Limit, ...]
    network: tuple[Limit, ...]
    domain: tuple[Limit, ...]
    everyone: tuple[Limit, ...]

    def by_scope(self) -> dict[str, tuple[Limit, ...]]:
        """The caps by what they count: `address`, `network`, `domain` and `all`, as the setting names them."""
        return {name: getattr(self, field) for name, field in _FIELDS.items()}


def longest_seconds(limits: Iterable[Limit]) -> int:
    """How long one can still count against any of these limits: what is older may be forgotten."""
    return max(limit.seconds for limit in limits)


def parse_limits(text: str) -> OptInLimits:
    """Read `address=1/15m,2/24h; network=30/h; …`; a scope that is left out keeps its default.

    Raises ValueError with a plain sentence that says which part cannot be read and what to write.
    """
    found = {_FIELDS[scope]: limit_list(limits) for scope, limits in by_scope(text, _FIELDS).items()}
    return replace(DEFAULT_LIMITS, **found)


def by_scope(text: str, known: Collection[str]) -> dict[str, str]:
    """Scope -> what stands behind its equals sign, of `scope=…; scope=…`. ValueError for one unknown or repeated."""
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        scope, equals, value = (piece.strip() for piece in part.partition("="))
        if scope not in known or not equals:
            raise ValueError(f"{part!r} does not start with one of {', '.join(f'{each}=' for each in known)}")
        if scope in found:
            raise ValueError(f"{scope} stands there twice; give its limits as one list, as in {scope}=1/15m,2/24h")
        found[scope] = value
    return found


def limit_list(text: str) -> tuple[Limit, ...]:
    """Read `1/15m,2/24h`. ValueError names the part that is no limit, and what to write."""
    return tuple(_parse_limit(limit.strip()) for limit in text.split(","))


def _parse_limit(text: str) -> Limit:
    match = _LIMIT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no limit; write a number and a time, as in 3/30d (units: s, m, h, d)")
    count, units = int(match["count"]), int(match["units"] or 1)
    if count < 1 or units < 1:
        raise ValueError(f"{text!r} would let nothing through; both numbers must be at least 1")
    seconds = units * _SECONDS[match["unit"]]
    if seconds > _LONGEST:
        raise ValueError(
            f"{text!r} looks back further than 30 days, and nothing is kept so long for it; write 30d at most"
        )
    return Limit(count=count, seconds=seconds)


_HOUR, _DAY = 3_600, 86_400
DEFAULT_LIMITS = OptInLimits(
    address=(
        Limit(count=1, seconds=_HOUR // 4),
        Limit(count=2, seconds=_DAY),
        Limit(count=3, seconds=30 * _DAY),
    ),
    network=(Limit(count=30, seconds=_HOUR),),
    domain=(Limit(count=200, seconds=_HOUR),),
    everyone=(Limit(count=500, seconds=_HOUR),),
)
