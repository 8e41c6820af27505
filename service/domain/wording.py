"""Dutch and English words for moments and waits, and the reasons built from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from service.domain.waits import Unit, Wait

_DUTCH_DAYS = ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag")
_ENGLISH_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DUTCH_MONTHS = (
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
)
ENGLISH_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_DUTCH_UNITS: dict[Unit, tuple[str, str]] = {
    "hours": ("uur", "uur"),
    "days": ("dag", "dagen"),
    "working_days": ("werkdag", "werkdagen"),
}


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why something happens at a moment or not at all: a stable code and a sentence in both languages."""

    code: str
    dutch: str
    english: str


def dutch_moment(local: datetime, *, year: bool = False) -> str:
    """A local moment such as "dinsdag 28 april 09:00", with its year where that is asked for."""
    day = f"{_DUTCH_DAYS[local.weekday()]} {local.day} {DUTCH_MONTHS[local.month - 1]}"
    return f"{day} {local:%Y %H:%M}" if year else f"{day} {local:%H:%M}"


def dutch_short_moment(local: datetime) -> str:
    """A local moment for a column, such as "di 28 apr 2026 09:00"."""
    month = "mrt" if local.month == 3 else DUTCH_MONTHS[local.month - 1][:3]
    return f"{_DUTCH_DAYS[local.weekday()][:2]} {local.day:02} {month} {local:%Y %H:%M}"


def english_moment(local: datetime, *, year: bool = False) -> str:
    """A local moment such as "Tuesday 28 April 09:00", with its year where that is asked for."""
    day = f"{_ENGLISH_DAYS[local.weekday()]} {local.day} {ENGLISH_MONTHS[local.month - 1]}"
    return f"{day} {local:%Y %H:%M}" if year else f"{day} {local:%H:%M}"


def dutch_wait(wait: Wait) -> str:
    """A wait such as "2 werkdagen"."""
    return f"{wait.amount} {_DUTCH_UNITS[wait.unit][wait.amount > 1]}"


def joined(words: Sequence[str], *, last: str) -> str:
    """The words as people list them: "a, b en c" with `last` "en"."""
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else ""
