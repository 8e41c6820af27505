"""The days a practice is closed, as a calendar of a year, and changing them in `practice.yaml` line by line."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from service.domain.calendar import DUTCH_HOLIDAY_NAMES, Calendar, days_with_names, is_public
from service.domain.practice import Closed, Practice
from service.errors import NotFoundError, RefusedError
from service.flows import yaml_edits
from service.flows.practice_editing import FILE, read

DayKind = Literal["open", "shut", "holiday", "closed"]


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day: what it is, and the name of the holiday or the note of the closed days. `shut`: no opening day."""

    on: date
    kind: DayKind
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Month:
    """One month, in weeks from Monday on; None for days of its neighbours."""

    first: date
    weeks: tuple[tuple[Day | None, ...], ...]


@dataclass(frozen=True, kw_only=True)
class HolidayLine:
    """A holiday that staff may name, when it falls in the year (None where it is not kept then), and if it is kept.

    `key` is the name in lower case.
    """

    key: str
    name: str
    on: date | None
    kept: bool


def year_of(practice: Practice, year: int, language: str) -> tuple[Month, ...]:
    """The twelve months of a year, each day as the practice keeps it."""
    known = Calendar.of(practice)
    names = calendar.Calendar()
    return tuple(
        Month(
            first=date(year, month, 1),
            weeks=tuple(
                tuple(_day(known, on, language) if on.month == month else None for on in week)
                for week in names.monthdatescalendar(year, month)
            ),
        )
        for month in range(1, 13)
    )


def holidays_of(practice: Practice, year: int) -> tuple[HolidayLine, ...]:
    """Every holiday with a name, in the order of the year."""
    days = days_with_names(year)
    lines = [
        HolidayLine(key=key, name=name, on=days.get(key), kept=_keeps(practice, key, days.get(key)))
        for key, name in DUTCH_HOLIDAY_NAMES.items()
    ]
    return tuple(sorted(lines, key=lambda each: each.on or date.max))


def own_days(practice: Practice) -> tuple[date, ...]:
    """Days that the file makes holidays of by their dates."""
    return tuple(each for each in practice.holidays.add if isinstance(each, date))


def with_closed(text: str, first: date, last: date, note: str) -> str:
    """The file with one more stretch of closed days, in its place by date; as it is where that very one stands there:
    it is pressed once more on a page of before."""
    practice = _practice(text)
    if any((each.first, each.last, each.note) == (first, last, note) for each in practice.closed):
        return text
    parts = [f"from: {first.isoformat()}", f"to: {last.isoformat()}"]
    if note:
        parts.append(f"note: {yaml_edits.item(note)}")
    written = first.isoformat() if first == last and not note else "{" + ", ".join(parts) + "}"
    before = [place for place, each in enumerate(practice.closed) if each.first <= first]
    after = [place for place, each in enumerate(practice.closed) if each.first > first]
    return yaml_edits.with_items(text, ("closed",), [*before, written, *after], in_lines=True)


def without_closed(text: str, first: date, last: date) -> str:
    """The file without this stretch, wherever it stands by now."""
    stretches = [(each.first, each.last) for each in _practice(text).closed]
    if (first, last) not in stretches:
        raise NotFoundError("there are no such closed days", "Die dagen staan er niet bij.")
    gone = stretches.index((first, last))
    left = [each for each in range(len(stretches)) if each != gone]
    return yaml_edits.with_items(text, ("closed",), left, in_lines=True)


def with_holiday(text: str, key: str, *, kept: bool, year: int) -> str:
    """The file by which the practice keeps this holiday, or is open on it, in this year and in every other.

    It goes by the name: one that was taken out before is put back by that, and none is written that need not be. Where
    the file says the opposite of that year's very date, that goes: it would outweigh the name.
    """
    practice = _practice(text)
    name = DUTCH_HOLIDAY_NAMES.get(key)
    if name is None:
        raise NotFoundError("there is no such holiday", "Die feestdag kennen we niet.")
    drop, put = ("remove", "add") if kept else ("add", "remove")
    on = days_with_names(year).get(key)
    entries = getattr(practice.holidays, drop)
    left = [place for place, each in enumerate(entries) if each != on and _in_lower_case(each) != key]
    if len(left) < len(entries):
        text = yaml_edits.with_items(text, ("holidays", drop), left)
    if _keeps(_practice(text), key, on) == kept:
        return text
    there = getattr(_practice(text).holidays, put)
    return yaml_edits.with_items(text, ("holidays", put), [*range(len(there)), yaml_edits.item(name)])


def without_own_day(text: str, day: date) -> str:
    """The file without this day among the holidays."""
    entries = _practice(text).holidays.add
    if day not in entries:
        raise NotFoundError("that day is not among them", "Die dag staat er niet bij.")
    return yaml_edits.with_items(
        text, ("holidays", "add"), [place for place, each in enumerate(entries) if each != day]
    )


def closed_in_order(practice: Practice) -> Sequence[Closed]:
    """Every stretch, by date."""
    return sorted(practice.closed, key=lambda each: each.first)


def _practice(text: str) -> Practice:
    practice, problems = read(text)
    if practice is None:
        said = problems[0]
        raise RefusedError(said.told("en"), said.told("nl")) if problems else RefusedError(f"{FILE} cannot be read")
    return practice


def _keeps(practice: Practice, key: str, on: date | None) -> bool:
    """Is this holiday a day off, on the day that it falls on?"""
    known = Calendar.of(practice)
    if on is None or {key, on} & known.removed:
        return False
    return bool({key, on} & known.added) or is_public(on, key)


def _in_lower_case(entry: date | str) -> date | str:
    return entry.strip().lower() if isinstance(entry, str) else entry


def _day(known: Calendar, on: date, language: str) -> Day:
    if closed := known.closure(on):
        return Day(on=on, kind="closed", name=closed.note)
    if holiday := known.holiday(on):
        return Day(on=on, kind="holiday", name=holiday.dutch if language == "nl" else holiday.english)
    return Day(on=on, kind="open" if on.weekday() in known.working_weekdays else "shut")
