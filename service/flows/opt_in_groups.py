"""Opt-ins that wait for SQLite's one writer at the same time are written together, and committed once.

A commit waits for the disk, and all who come meanwhile wait for it: one by one each would wait for the disks of all
before it. PostgreSQL commits for several connections at once by itself, and there leads are locked in the order of
their ids, which opt-ins that come as they come do not have.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence

import structlog
from sqlmodel import Session

from service.errors import NurtureError, UnavailableError, trace
from service.flows import signup
from service.flows.opt_in_check import OptInRequest
from service.flows.services import Services
from service.store.new_rows import all_or_none

log = structlog.get_logger()

MOST = 8
"""Opt-ins in one transaction: whatever else is to be written waits for no more than these."""


class _Asked:
    """One opt-in that waits. Its gate opens when it was written or refused, or else when it is to lead or go alone."""

    def __init__(self, request: OptInRequest) -> None:
        self.request = request
        self.gate = threading.Lock()
        self.gate.acquire()
        self.is_to_lead = False
        self.is_written = False
        self.error: Exception | None = None


class OptInGroups:
    """Who waits. Threads share it: each brings one opt-in, and one of them writes for those who wait with it."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: deque[_Asked] = deque()
        self._is_led = False

    @property
    def waiting(self) -> int:
        """How many are not being written yet."""
        with self._mutex:
            return len(self._waiting)

    def register(self, services: Services, request: OptInRequest) -> None:
        """As `signup.register`, in a transaction that is committed when this returns.

        Raises what that raises, and UnavailableError where the database is away: nothing of it was written then.
        """
        if not services.database.is_sqlite:
            _alone(services, request)
            return
        mine = _Asked(request)
        with self._mutex:
            self._waiting.append(mine)
            mine.is_to_lead, self._is_led = not self._is_led, True
        if not mine.is_to_lead:
            mine.gate.acquire()
        if mine.is_to_lead:
            self._lead(services)
        if mine.error is not None:
            raise mine.error
        if not mine.is_written:
            _alone(services, request)

    def _lead(self, services: Services) -> None:
        """Write those who have waited longest, the caller among them; whoever waits then has the next one lead.

        A fault of ours in one of them undoes them all: each goes alone then, and meets it by itself or not at all.
        """
        group: list[_Asked] = []
        tried = False
        try:
            with services.database.transaction(urgent=True) as session:
                group = self._next()  # now, not before: more came while we waited for the writer
                for each in group:
                    _one(session, services, each)
                tried = True
            for each in group:
                each.is_written = each.error is None
        except UnavailableError as error:
            group = group or self._next()
            for each in group:
                each.error = UnavailableError(error.english, error.dutch)
        except Exception as error:
            log.error("opt-ins written together failed", error=trace(error), alone=not tried)
            for each in group:  # tried, it may stand after all, and nobody is to get the advice twice
                each.error = error if tried else None
        finally:
            self._let_go(group or self._next())

    def _next(self) -> list[_Asked]:
        """Those who have waited longest; they wait no longer."""
        with self._mutex:
            return [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]

    def _let_go(self, group: Sequence[_Asked]) -> None:
        with self._mutex:
            following = self._waiting[0] if self._waiting else None
            self._is_led = following is not None
        for each in group:
            each.gate.release()
        if following is not None:
            following.is_to_lead = True
            following.gate.release()


def _one(session: Session, services: Services, asked: _Asked) -> None:
    """Write one, or know why it is refused; what the others wrote stands."""
    try:
        with all_or_none(session):
            signup.register(session, services, asked.request, services.clock.now())
    except NurtureError as error:
        asked.error = error


def _alone(services: Services, request: OptInRequest) -> None:
    with services.database.transaction(urgent=True) as session:
        signup.register(session, services, request, services.clock.now())
