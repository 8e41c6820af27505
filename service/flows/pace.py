"""When the mails that a full limit put off come back."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime, timedelta

from service.domain.limits import Limit

_SLACK = 1.05  # a mail leaves up to a second after it is due; without slack a line would trip over its own limit


class Pace:
    """Lines of mails, each spread over time as its limit allows: thousands put off do not come back together.

    One process's memory: another process, or the same one started again, makes lines of its own. The count at the
    hand-over decides what leaves; the pace only keeps mails from being taken in vain. Called with the limits locked.
    """

    def __init__(self) -> None:
        self._ends: dict[Hashable, datetime] = {}

    def next(self, line: Hashable, limit: Limit, *, frees_at: datetime, real_now: datetime) -> datetime:
        """A place behind the last one of this line, not before `frees_at`."""
        self._ends = {each: end for each, end in self._ends.items() if end > real_now}
        end = self._ends.get(line)
        step = timedelta(seconds=limit.seconds / limit.count * _SLACK)
        self._ends[line] = frees_at if end is None else max(frees_at, end + step)
        return self._ends[line]
