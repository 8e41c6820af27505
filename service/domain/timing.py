"""When a step is due: a wait counted from its anchor, then moved forward into the send window of the practice.

All moments are aware and come back in UTC; days and clock times are the practice's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from service.domain.calendar import Calendar, Holiday
from service.domain.reading import WEEKDAYS
from service.domain.sequence import Wait, Window
from service.domain.wording import Reason, dutch_moment, dutch_wait, english_moment, joined
from service.errors import RefusedError

_SHORTEST_DAY = timedelta(hours=23)  # when the clock is put forward

__all__ = [
    "Calendar",
    "Due",
    "Holiday",
    "Moved",
    "NeverOpensError",
    "Reason",
    "add_wait",
    "in_window",
    "into_window",
    "next_opening",
    "respaced",
    "step_due",
]

LONGEST_SEARCH_DAYS = 400
"""A window or a working day that does not come within this time will never come: closed days are wrong, say so."""


class NeverOpensError(RefusedError):
    """The calendar leaves no day for it: the practice is closed for more than a year, or no working day is left."""

    code = "window-never-opens"

    def __init__(self, moment: datetime) -> None:
        super().__init__(
            f"no mail can leave within {LONGEST_SEARCH_DAYS} days after {moment:%Y-%m-%d}: check the closed days, "
            "opening days and holidays in practice.yaml and the window of the sequence",
            f"er kan binnen {LONGEST_SEARCH_DAYS} dagen na {moment:%d-%m-%Y} geen mail weg: controleer de gesloten "
            "dagen, openingsdagen en feestdagen in practice.yaml en het venster van de reeks",
        )


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A moment in the window, and what it was moved past; no reasons when it could stay."""

    at: datetime
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, kw_only=True)
class Due:
    """The planned time of a step, always in its window, and why it is that time."""

    planned_at: datetime
    reason: Reason


def add_wait(anchor: datetime, wait: Wait, calendar: Calendar) -> datetime:
    """The anchor plus the wait: hours are absolute, days keep the local time, working days skip what is closed.

    A local time that the clock skips moves forward, one that comes twice is its first. Raises NeverOpensError when
    there are not enough working days.
    """
    if wait.unit == "hours":
        return anchor.astimezone(UTC) + timedelta(hours=wait.amount)
    local = calendar.local(anchor)
    if wait.unit == "days":
        return calendar.instant(local.date() + timedelta(days=wait.amount), local.time())
    day, left, since = local.date(), wait.amount, 0
    while left:
        day += timedelta(days=1)
        since += 1
        if calendar.is_working_day(day):
            left, since = left - 1, 0
        elif since > LONGEST_SEARCH_DAYS:
            raise NeverOpensError(anchor)
    return calendar.instant(day, local.time())


def in_window(moment: datetime, window: Window, calendar: Calendar) -> bool:
    """Whether a follow-up may leave at this moment: from opening up to, not including, closing, on an open day."""
    day = calendar.local_day(moment)
    opens, closes = _hours(day, window, calendar)
    return opens <= moment < closes and _shut(day, window, calendar, frozenset()) is None


def next_opening(
    moment: datetime, window: Window, calendar: Calendar, *, not_on: frozenset[date] = frozenset()
) -> datetime:
    """The first moment from this one on at which a follow-up may leave: the moment itself when the window is open."""
    return into_window(moment, window, None, calendar, not_on=not_on).at


def into_window(
    moment: datetime,
    window: Window,
    at: time | None,
    calendar: Calendar,
    *,
    not_on: frozenset[date] = frozenset(),
) -> Moved:
    """The first moment not before this one that lies in the window, at the local time `at` when there is one.

    Days in `not_on` (the lead already gets a follow-up then) are passed over, like closed days and holidays.
    Raises NeverOpensError when no day fits.
    """
    moment = moment.astimezone(UTC)
    first = calendar.local_day(moment)
    reasons: dict[str, Reason] = {}
    for ahead in range(LONGEST_SEARCH_DAYS + 1):
        day = first + timedelta(days=ahead)
        opens, closes = _hours(day, window, calendar)
        shut = _shut(day, window, calendar, not_on)
        if shut:
            reasons.setdefault(shut.dutch, shut)
            continue
        earliest = max(opens, moment)
        wanted = calendar.instant(day, at) if at else earliest
        if not opens <= wanted < closes:
            # on the night the clock changes `at` may fall outside the window; its opening then serves
            wanted = opens
        if earliest <= wanted < closes:
            if moment < opens and not ahead and not at:
                reasons.setdefault("hours", _hours_reason(window))
            return Moved(at=wanted, reasons=tuple(reasons.values()))
        if moment >= closes:
            reasons.setdefault("hours", _hours_reason(window))
    raise NeverOpensError(moment)


def respaced(planned_at: datetime, left_at: datetime, calendar: Calendar) -> datetime:
    """What the next wait counts from when a mail planned for one moment left at another.

    The planned time, as long as the mail was less than a day late; else that local time on the day it left, so that
    the mails behind it keep their distance instead of following day after day.
    """
    if left_at - planned_at < _SHORTEST_DAY:
        return planned_at
    planned = calendar.local(planned_at)
    if left_at < calendar.instant(planned.date() + timedelta(days=1), planned.time()):
        return planned_at
    return calendar.instant(calendar.local_day(left_at), planned.time())


def step_due(
    anchor: datetime,
    wait: Wait | None,
    at: time | None,
    window: Window,
    calendar: Calendar,
    *,
    not_on: frozenset[date] = frozenset(),
) -> Due:
    """When a step is due that counts from this anchor, and why then, in both languages."""
    waited = add_wait(anchor, wait, calendar) if wait else anchor.astimezone(UTC)
    moved = into_window(waited, window, at, calendar, not_on=not_on)
    since, until = calendar.local(anchor), calendar.local(moved.at)
    dutch = f"{dutch_wait(wait)} na {dutch_moment(since)}" if wait else f"meteen na {dutch_moment(since)}"
    english = f"{wait} after {english_moment(since)}" if wait else f"right after {english_moment(since)}"
    if moved.at == waited:
        return Due(planned_at=moved.at, reason=Reason(code="on_time", dutch=dutch, english=english))
    if moved.reasons:
        past_dutch = f" van {joined([reason.dutch for reason in moved.reasons], last='en')}"
        past_english = f" from {joined([reason.english for reason in moved.reasons], last='and')}"
        code = "moved_" + "_".join(dict.fromkeys(reason.code for reason in moved.reasons))
    else:
        past_dutch = past_english = ""
        code = "moved_at"
    return Due(
        planned_at=moved.at,
        reason=Reason(
            code=code,
            dutch=f"{dutch}; verschoven{past_dutch} naar {dutch_moment(until)}",
            english=f"{english}; moved{past_english} to {english_moment(until)}",
        ),
    )


def _hours(day: date, window: Window, calendar: Calendar) -> tuple[datetime, datetime]:
    return calendar.instant(day, window.opens), calendar.instant(day, window.closes)


def _shut(day: date, window: Window, calendar: Calendar, not_on: frozenset[date]) -> Reason | None:
    """Why no follow-up leaves on this day, or None when the window opens."""
    closure = calendar.closure(day)
    holiday = calendar.holiday(day) if window.skip_holidays else None
    if holiday:
        return Reason(code="holiday", dutch=holiday.dutch, english=holiday.english)
    if closure:
        note = f" ({closure.note})" if closure.note else ""
        return Reason(code="closed", dutch=f"gesloten dagen{note}", english=f"closed days{note}")
    if WEEKDAYS[day.weekday()] not in window.days:
        if day.weekday() >= 5:
            return Reason(code="weekend", dutch="het weekend", english="the weekend")
        return Reason(code="not_a_day", dutch="een dag buiten het venster", english="a day outside the window")
    if day in not_on:
        return Reason(code="one_a_day", dutch="een dag met al een mail", english="a day that has a mail already")
    return None


def _hours_reason(window: Window) -> Reason:
    hours = f"{window.opens:%H:%M}-{window.closes:%H:%M}"
    return Reason(
        code="hours", dutch=f"een tijd buiten het venster ({hours})", english=f"a time outside the window ({hours})"
    )
