"""When follow-ups may leave, reckoned by a test in its own plain way: days, hours, holidays, days that are closed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from tests.support.days import AMSTERDAM

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Stretch = tuple[date, date]
"""The first and the last day on which the practice is closed."""


@dataclass(frozen=True, kw_only=True)
class Hours:
    """The days and hours of a sequence."""

    days: tuple[str, ...] = DAYS
    opens: time = time(0, 30)
    closes: time = time(23, 30)
    skip_holidays: bool = False

    def document(self) -> dict[str, object]:
        """As it stands in the file of a sequence."""
        return {
            "days": list(self.days),
            "from": f"{self.opens:%H:%M}",
            "to": f"{self.closes:%H:%M}",
            "skip_holidays": self.skip_holidays,
        }

    def hold(self, moment: datetime, closed: Collection[Stretch]) -> bool:
        """May a follow-up leave at this moment?"""
        local = moment.astimezone(AMSTERDAM)
        day = local.date()
        if any(first <= day <= last for first, last in closed) or (self.skip_holidays and day in holidays(day.year)):
            return False
        return DAYS[day.weekday()] in self.days and self.opens <= local.time() < self.closes


ALL_DAY = Hours()
OFFICE = Hours(days=DAYS[:5], opens=time(8, 30), closes=time(19), skip_holidays=True)
FEW = Hours(days=("tue", "thu", "sat"), opens=time(9), closes=time(12), skip_holidays=True)


def local_day(moment: datetime) -> date:
    """The practice's day."""
    return moment.astimezone(AMSTERDAM).date()


def holidays(year: int) -> frozenset[date]:
    """Those of the Netherlands that practice.yaml calls built in; Liberation Day counts once in five years."""
    easter = _easter(year)
    king = date(year, 4, 27)
    fixed = [date(year, 1, 1), date(year, 12, 25), date(year, 12, 26), king - timedelta(days=king.weekday() == 6)]
    if year % 5 == 0:
        fixed.append(date(year, 5, 5))
    return frozenset([*fixed, *(easter + timedelta(days=after) for after in (-2, 0, 1, 39, 49, 50))])


def _easter(year: int) -> date:
    """By the rule of Gauss, as it holds from 1900 to 2099."""
    moon = (19 * (year % 19) + 24) % 30
    week = (2 * (year % 4) + 4 * (year % 7) + 6 * moon + 5) % 7
    days = 22 + moon + week
    if days == 57 or (days == 56 and moon == 28 and year % 19 > 10):
        days -= 7
    return date(year, 3, 1) + timedelta(days=days - 1)
