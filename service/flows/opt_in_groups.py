"""Opt-ins that wait for SQLite's one writer at the same time are written together, and committed once.

A commit waits for the disk, and all who come meanwhile wait for it: one by one each would wait for the disks of all
before it. On PostgreSQL each goes alone: somebody may hold a lead there for seconds, and strangers are not to wait for
one that asks for the advice just then, nor to be turned away with her.
"""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

import structlog

from service.errors import UnavailableError, trace
from service.flows import clock_check, signup
from service.flows.opt_in_check import OptInRequest
from service.flows.services import Services

log = structlog.get_logger()

MOST = 8
"""Opt-ins in one transaction on SQLite: whatever else is to be written waits for no more than these."""
_AT_ONCE = 16
"""Transactions on PostgreSQL, of the 20 connections that a process may have."""


class _Asked:
    """One opt-in that waits, and what is to be told of it."""

    def __init__(self, request: OptInRequest) -> None:
        self.request = request
        self.answer: Future[None] = Future()

    def tell(self, error: Exception | None) -> None:
        """Taken where there is no error."""
        if error is None:
            self.answer.set_result(None)
        elif isinstance(error, StopIteration):  # no future takes that one, and nobody would ever be answered
            self.answer.set_exception(RuntimeError("a generator ended too soon"))
        else:
            self.answer.set_exception(error)


class OptInGroups:
    """Who waits, on whatever event loop, and the threads that write for them."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._waiting: deque[_Asked] = deque()
        self._most, threads = (MOST, 1) if services.database.is_sqlite else (1, _AT_ONCE)
        self._writers = ThreadPoolExecutor(threads, thread_name_prefix="opt-ins")

    @property
    def waiting(self) -> int:
        """How many are not being written yet."""
        return len(self._waiting)

    async def register(self, request: OptInRequest) -> None:
        """As `signup.register`, in a transaction that is committed when this returns.

        Raises what that raises, and UnavailableError where the database is away: nothing of it was written then.
        """
        mine = _Asked(request)
        self._waiting.append(mine)
        self._writers.submit(self._write)
        await asyncio.wrap_future(mine.answer)

    def _write(self) -> None:
        """Write those who have waited longest; nobody, where the last group took all who were there.

        A fault of ours in one of them undoes them all: each goes alone then, and meets it by itself or not at all.
        """
        if not self._waiting:
            return
        group: list[_Asked] = []
        tried = False
        try:
            with self._services.database.transaction(urgent=True) as session:
                group = self._next()  # now, not before: more came while we waited for the writer
                if not group:
                    return  # another thread was quicker
                requests = [each.request for each in group]
                errors = signup.register_all(
                    session, self._services, requests, clock_check.now(session, self._services)
                )
                session.flush()  # what is wrong with a row shows here, and not at the commit
                tried = True
        except UnavailableError as error:
            for each in group or self._next():
                each.tell(UnavailableError(error.english, error.dutch))
        except Exception as error:
            # Tried, it may stand after all, and nobody is to get the advice twice.
            again = len(group) > 1 and not tried
            log.error("opt-ins written together failed", error=trace(error), again=again)
            for each in group or self._next():
                each.tell(self._alone(each.request) if again else error)
        else:
            for each, refused in zip(group, errors, strict=True):
                each.tell(refused)

    def _next(self) -> list[_Asked]:
        """Those who have waited longest; they wait no longer. Whoever went away meanwhile is not among them."""
        found: list[_Asked] = []
        with suppress(IndexError):  # nobody waits any more
            while len(found) < self._most:
                first = self._waiting.popleft()
                if first.answer.set_running_or_notify_cancel():
                    found.append(first)
        return found

    def _alone(self, request: OptInRequest) -> Exception | None:
        try:
            with self._services.database.transaction(urgent=True) as session:
                signup.register(session, self._services, request, clock_check.now(session, self._services))
        except Exception as error:
            return error
        return None
