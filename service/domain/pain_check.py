"""When the practice answers a request for a pain check, and which moment it is proposed for: from its own calendar."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Literal

from service.domain.calendar import Calendar
from service.domain.practice import Practice
from service.domain.reading import WEEKDAYS
from service.domain.timing import LONGEST_SEARCH_DAYS, NeverOpensError, add_wait
from service.domain.waits import Wait

PartOfDay = Literal["morning", "afternoon"]
PROPOSED_AT = MappingProxyType[PartOfDay, time]({"morning": time(9), "afternoon": time(13)})
_ONE_WORKING_DAY = Wait(amount=1, unit="working_days")
_LONG = timedelta(days=5)
"""More than a weekend with holidays round it: then it is said why it takes so long."""
_MINUTES = re.compile(r"(\d{1,3}) ?min(?:\.|uut|uten)?")
_HOURS = re.compile(r"(\d)(?:[.,](5))? ?uur")


@dataclass(frozen=True, kw_only=True)
class Promise:
    """By which local day the practice answers, from when on that is late, and the last day it is closed for long."""

    by: date
    late_at: datetime
    closed_until: date | None = None


def promise(asked_at: datetime, calendar: Calendar) -> Promise | None:
    """The next working day after the request; late at the hour it came in. None where no working day ever comes."""
    try:
        late_at = add_wait(asked_at, _ONE_WORKING_DAY, calendar)
    except NeverOpensError:
        return None
    asked, by = calendar.local_day(asked_at), calendar.local_day(late_at)
    between = [asked + timedelta(days=ahead) for ahead in range(1, (by - asked).days)]
    closed = by - asked > _LONG and any(calendar.closure(day) for day in between)
    return Promise(by=by, late_at=late_at, closed_until=by - timedelta(days=1) if closed else None)


def proposed_start(
    asked_at: datetime,
    weekdays: Collection[int],
    parts: Collection[PartOfDay],
    practice: Practice,
    calendar: Calendar,
) -> datetime | None:
    """The first moment after today that fits both the wishes (none: any) and the days on which the practice is open.

    `weekdays` count from Monday, 0. In UTC; None where no day fits within a year.
    """
    open_days = {WEEKDAYS.index(day) for day in practice.opening_days}
    wanted = (open_days & set(weekdays)) or open_days
    at = min((PROPOSED_AT[part] for part in parts), default=PROPOSED_AT["morning"])
    today = calendar.local_day(asked_at)
    for ahead in range(1, LONGEST_SEARCH_DAYS):
        day = today + timedelta(days=ahead)
        if day.weekday() in wanted and not calendar.closure(day) and not calendar.holiday(day):
            return calendar.instant(day, at)
    return None


def minutes(duration: str) -> int | None:
    """How long "60 minuten", "45 min" or "1,5 uur" is; None for what does not read as one length of time."""
    text = duration.strip().lower()
    if found := _MINUTES.fullmatch(text):
        return int(found[1]) or None
    if found := _HOURS.fullmatch(text):
        return int(found[1]) * 60 + (30 if found[2] else 0) or None
    return None
