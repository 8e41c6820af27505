"""What happened in each week of the practice's own calendar: the same counts as `results`, over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlmodel import Session

from service.domain.calendar import Calendar
from service.flows.services import Services
from service.store import results_by_week as store

_WEEK = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Week:
    """What happened in a sequence from Monday to Sunday; `mails` were made in it, and taken by the other side."""

    monday: date
    opt_ins: int = 0
    confirmed: int = 0
    mails: int = 0
    booked: int = 0


@dataclass(frozen=True, kw_only=True)
class Period:
    """A number of whole weeks: the Mondays they begin on, and the moments between which each lies."""

    mondays: tuple[date, ...]
    edges: tuple[datetime, ...]

    @property
    def since(self) -> datetime:
        """When it begins."""
        return self.edges[0]

    @property
    def until(self) -> datetime:
        """When it is over: the first moment that does not belong to it."""
        return self.edges[-1]


def period(calendar: Calendar, weeks: int, now: datetime) -> Period:
    """The last so many weeks, the one that `now` lies in included."""
    today = calendar.local_day(now)
    last = today - timedelta(days=today.weekday())
    mondays = tuple(last - _WEEK * back for back in reversed(range(weeks)))
    edges = tuple(calendar.instant(day, time()) for day in (*mondays, last + _WEEK))
    return Period(mondays=mondays, edges=edges)


def by_week(session: Session, services: Services, within: Period) -> Mapping[str, tuple[Week, ...]]:
    """Sequence -> its weeks, oldest first; of every sequence that is live or had anything in this period."""
    opt_ins, confirmed, booked, mails = (
        look(session, within.edges) for look in (store.opt_ins, store.confirmed, store.booked, store.mails)
    )
    live = {each.sequence.name for each in services.published.live_sequences(session)}
    names = live | {name for found in (opt_ins, confirmed, booked, mails) for name, _ in found}
    return {
        name: tuple(
            Week(
                monday=monday,
                opt_ins=opt_ins.get((name, week), 0),
                confirmed=confirmed.get((name, week), 0),
                booked=booked.get((name, week), 0),
                mails=mails.get((name, week), 0),
            )
            for week, monday in enumerate(within.mondays)
        )
        for name in sorted(names)
    }
