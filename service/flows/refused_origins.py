"""Websites whose pages posted the form and were refused: perhaps the practice's own, with a setting forgotten."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from service.store import events

_FACT = "refused_origins"
_KEPT = 20
_ORIGIN = re.compile(r"https?://[a-z0-9.-]{1,100}(:\d{1,5})?|null", re.ASCII)
UNREADABLE = "(unreadable)"


@dataclass(frozen=True, kw_only=True)
class RefusedOrigin:
    """An origin, how often it was refused since it was last forgotten, and when that last happened."""

    origin: str
    count: int
    day: date


def told(origin: str) -> str:
    """An origin (RFC 6454) as it may be kept and shown: anybody can write anything there."""
    return origin if _ORIGIN.fullmatch(origin) else UNREADABLE


def add(session: Session, counts: Mapping[str, int], day: date) -> None:
    """Count refusals; the twenty origins that were refused last are kept."""
    kept = _kept(session, locked=True)
    for origin, count in counts.items():
        before = kept.pop(told(origin), None)
        total = count + (before.count if before else 0)
        kept[told(origin)] = RefusedOrigin(origin=told(origin), count=total, day=day)
    newest = [
        {"origin": each.origin, "count": each.count, "day": each.day.isoformat()}
        for each in list(kept.values())[-_KEPT:]
    ]
    events.set_fact(session, _FACT, {"origins": newest})


def known(session: Session, since: date) -> list[RefusedOrigin]:
    """Those refused on this day or later, the last refused first."""
    return [each for each in reversed(_kept(session).values()) if each.day >= since]


def _kept(session: Session, *, locked: bool = False) -> dict[str, RefusedOrigin]:
    """By origin, the last refused last."""
    found = (events.hold_fact if locked else events.fact)(session, _FACT) or {"origins": []}
    return {
        each["origin"]: RefusedOrigin(origin=each["origin"], count=each["count"], day=date.fromisoformat(each["day"]))
        for each in found["origins"]
    }
