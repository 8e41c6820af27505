"""Which days the practice works: Dutch public holidays with the practice's exceptions, and its closed days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import holidays

from service.domain.reading import WEEKDAYS

if TYPE_CHECKING:
    from service.domain.practice import Closed, Practice

_DUTCH_AND_ENGLISH = (
    ("Nieuwjaarsdag", "New Year's Day"),
    ("Goede vrijdag", "Good Friday"),
    ("Eerste paasdag", "Easter Sunday"),
    ("Tweede paasdag", "Easter Monday"),
    ("Koningsdag", "King's Day"),
    ("Bevrijdingsdag", "Liberation Day"),
    ("Hemelvaartsdag", "Ascension Day"),
    ("Eerste pinksterdag", "Whit Sunday"),
    ("Tweede pinksterdag", "Whit Monday"),
    ("Eerste kerstdag", "Christmas Day"),
    ("Tweede kerstdag", "Boxing Day"),
)
DUTCH_HOLIDAY_NAMES: Mapping[str, str] = MappingProxyType({dutch.lower(): dutch for dutch, _ in _DUTCH_AND_ENGLISH})
"""The names staff may write, in lower case, each with its proper spelling."""
_ENGLISH = {dutch.lower(): english for dutch, english in _DUTCH_AND_ENGLISH}
_OTHER_HOLIDAY = "Feestdag"


@dataclass(frozen=True, kw_only=True)
class Holiday:
    """A day off by its Dutch and English names."""

    dutch: str
    english: str


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """The practice's days, in its own time zone.

    A working day is one of `working_weekdays` (Monday is 0), no holiday and not closed. `added` and `removed` hold
    dates and holiday names in lower case; a name counts in every year.
    """

    zone: ZoneInfo
    working_weekdays: frozenset[int] = frozenset(range(5))
    closed: tuple[Closed, ...] = ()
    added: frozenset[date | str] = field(default_factory=frozenset)
    removed: frozenset[date | str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, practice: Practice) -> Calendar:
        """The calendar of a practice; its working days are its opening days from Monday to Friday.

        A practice that opens at weekends alone works on those.
        """
        opening = frozenset(WEEKDAYS.index(day) for day in practice.opening_days)
        return cls(
            zone=ZoneInfo(practice.time_zone),
            working_weekdays=(opening & frozenset(range(5))) or opening,
            closed=practice.closed,
            added=frozenset(_in_lower_case(day) for day in practice.holidays.add),
            removed=frozenset(_in_lower_case(day) for day in practice.holidays.remove),
        )

    def holiday(self, day: date) -> Holiday | None:
        """The holiday on this day as the practice keeps it, or None. A removal goes before an addition by name."""
        if day in self.removed:
            return None
        names = [name for name in _public(day.year).get(day, ()) if name.lower() not in self.removed]
        names += [name for name in _optional(day.year).get(day, ()) if name.lower() in self.added and name not in names]
        if names:
            return Holiday(dutch=names[0], english=_ENGLISH.get(names[0].lower(), names[0]))
        return Holiday(dutch=_OTHER_HOLIDAY, english="a holiday") if day in self.added else None

    def closure(self, day: date) -> Closed | None:
        """The practice's closed days that this day belongs to, or None."""
        return next((closed for closed in self.closed if closed.first <= day <= closed.last), None)

    def is_working_day(self, day: date) -> bool:
        """Whether working days count this day."""
        return day.weekday() in self.working_weekdays and not self.closure(day) and not self.holiday(day)

    def local(self, moment: datetime) -> datetime:
        """The moment on the practice's clock."""
        return moment.astimezone(self.zone)

    def local_day(self, moment: datetime) -> date:
        """The calendar day on which the moment falls for the practice."""
        return self.local(moment).date()

    def instant(self, day: date, at: time) -> datetime:
        """The UTC moment of a local time: one skipped by summer time moves forward, one that comes twice is the first.

        Fold 0 gives both (PEP 495: in a gap it keeps the offset from before, in a fold it takes the earlier).
        """
        return datetime.combine(day, at.replace(fold=0), tzinfo=self.zone).astimezone(UTC)


def days_with_names(year: int) -> Mapping[str, date]:
    """When each holiday that staff may name falls in this year, by its name in lower case."""
    return MappingProxyType(
        {
            name.lower(): day
            for day, names in _optional(year).items()
            for name in names
            if name.lower() in DUTCH_HOLIDAY_NAMES
        }
    )


def is_public(day: date, name: str) -> bool:
    """Is this day, of itself, the holiday of this name (in lower case)?"""
    return any(each.lower() == name for each in _public(day.year).get(day, ()))


def _in_lower_case(day: date | str) -> date | str:
    return day.strip().lower() if isinstance(day, str) else day


@lru_cache(maxsize=64)
def _public(year: int) -> Mapping[date, tuple[str, ...]]:
    return _by_day(year, ("public",))


@lru_cache(maxsize=64)
def _optional(year: int) -> Mapping[date, tuple[str, ...]]:
    return _by_day(year, ("public", "optional"))


def _by_day(year: int, categories: tuple[str, ...]) -> Mapping[date, tuple[str, ...]]:
    calendar = holidays.country_holidays("NL", years=year, categories=categories, language="nl")
    return MappingProxyType({day: tuple(calendar.get_list(day)) for day in calendar})
