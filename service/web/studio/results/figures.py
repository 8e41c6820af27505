"""The figures of every sequence, counted when somebody looks, and kept for a while where there is much to count.

Of some thousands of mails they are always of this moment. Of a million a year takes most of a second to count: whoever
looks next then sees the same figures, for sixty times as long as counting took.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from service.flows import results, results_by_week
from service.flows.results import SequenceResult
from service.flows.results_by_week import Period, Week
from service.flows.services import Services
from service.store import message_rows
from service.web.studio.doors import Visit

WEEKS = (4, 12, 52)
"""The periods there are, in weeks."""
_FEW = 20_000  # mails: so many are counted anew each time
_TIMES = 60


@dataclass(frozen=True, kw_only=True)
class Figures:
    """All sequences over one period. `counted_at`: as of when, by the service's own clock."""

    period: Period
    sequences: tuple[SequenceResult, ...]
    weeks: Mapping[str, tuple[Week, ...]]
    counted_at: datetime


class Counter:
    """Counts for all threads of one process: of several that ask for the same at once, one counts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[int, date], tuple[float, Figures]] = {}

    def figures(self, services: Services, weeks: int) -> Figures:
        """The last so many weeks. Raises UnavailableError before anything is published."""
        now = services.clock.now()
        with services.database.reading() as session:
            period = results_by_week.period(services.published.calendar(session), weeks, now)
            few = message_rows.newest(session) <= _FEW
        key = (weeks, period.mondays[-1])
        with self._lock:
            until, kept = self._kept.get(key, (0.0, None))
            if kept is not None and time.monotonic() < until:
                return kept
            began = time.monotonic()
            found = _count(services, period, now)
            took = time.monotonic() - began
            self._kept = {each: it for each, it in self._kept.items() if each[1] == key[1] and each != key}
            if not few:
                self._kept[key] = (time.monotonic() + _TIMES * took, found)
            return found


def _count(services: Services, period: Period, now: datetime) -> Figures:
    with services.database.reading() as session:
        return Figures(
            period=period,
            sequences=tuple(results.results(session, services, period.since, period.until)),
            weeks=results_by_week.by_week(session, services, period),
            counted_at=now,
        )


def figures(visit: Visit, weeks: int) -> Figures:
    """What the counter of this process has for the last so many weeks."""
    return cast("Counter", visit.request.app.state.results_counter).figures(visit.services, weeks)
