"""What people type on the command line, read into values; refused in one plain sentence."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from service.errors import InvalidInputError

if TYPE_CHECKING:
    from service.domain.calendar import Calendar
    from service.domain.practice import Closed

MOST = 2**63 - 1
"""The highest number that a row may have: SQLite is not to be asked for more."""
_YEARS = range(2000, 2201)
_LENGTH = re.compile(r"([0-9]{1,4})([hdw])")
Answers = Annotated[list[str] | None, typer.Option("--answer", help="NAME=VALUE, such as posture=hollow; repeatable.")]


def pairs(texts: list[str] | None) -> dict[str, str]:
    """`NAME=VALUE`, each; InvalidInputError for the first that is not."""
    found = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise InvalidInputError(
                f"{text!r} is no answer; write NAME=VALUE, such as posture=hollow",
                f"{text!r} is geen antwoord; schrijf NAAM=WAARDE, zoals posture=hollow",
            )
        found[name] = value
    return found


def moment(text: str, calendar: Calendar) -> datetime:
    """An ISO 8601 moment in UTC; without an offset it is the practice's time. Else InvalidInputError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.year not in _YEARS:
        raise InvalidInputError(
            f"{text!r} is no moment; write for example 2026-11-20T17:00",
            f"{text!r} is geen moment; schrijf bijvoorbeeld 2026-11-20T17:00",
        )
    return found.astimezone(UTC) if found.tzinfo else calendar.instant(found.date(), found.time())


def duration(text: str) -> timedelta:
    """`3h`, `2d` or `1w`. Else InvalidInputError."""
    units = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
    found = _LENGTH.fullmatch(text)
    if found is None:
        raise InvalidInputError(
            f"{text!r} is no length of time; write a number and h, d or w, such as 2d",
            f"{text!r} is geen tijdsduur; schrijf een getal met h (uren), d (dagen) of w (weken), zoals 2d",
        )
    return int(found[1]) * units[found[2]]


def days(texts: list[str] | None) -> tuple[Closed, ...]:
    """`2026-12-24` or `2026-07-27..2026-08-07` (both ends count), each. Else InvalidInputError."""
    return tuple(_closed(text) for text in texts or ())


def _closed(text: str) -> Closed:
    from service.domain.practice import Closed

    first, dots, last = text.partition("..")
    try:
        return Closed.model_validate({"from": first, "to": last} if dots else first)
    except ValueError as error:
        raise InvalidInputError(
            f"{text!r} is no closed day; write 2026-12-24, or 2026-07-27..2026-08-07 for a stretch",
            f"{text!r} is geen gesloten dag; schrijf 2026-12-24, of 2026-07-27..2026-08-07 voor een periode",
        ) from error
