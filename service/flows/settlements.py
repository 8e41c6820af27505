"""What the transport answered, written together: answers that come while others are being written go next, as one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog
from sqlmodel import Session

from service.errors import UnavailableError, trace
from service.flows import clock_check
from service.flows.off_loop import OffLoop
from service.flows.services import Services
from service.flows.settling import Answer, settle_all
from service.store.db import real_now

_GATHER_SECONDS = 0.02
log = structlog.get_logger()


Written = Callable[[bool, Exception | None], None]
"""Told once an answer is committed, with its `Settled.ours`; or at what error it was not (UnavailableError: again)."""


class Along(Protocol):
    """What is done in the transaction that writes answers, behind them: one commit for both."""

    def work(self, session: Session) -> None:
        """In that transaction."""

    def end(self, *, committed: bool) -> None:
        """After it, before anybody is told of the answers."""


TakeAlong = Callable[[Sequence[Answer]], Along | None]
"""What is to go along with these answers, if anything."""


class Settlements:
    """One transaction at a time, with all answers that are there then. Bound to one event loop.

    A sender has few attempts open at once, so no more than these are ever written together.
    """

    def __init__(
        self, services: Services, off_loop: OffLoop, in_flight: Callable[[], int], take_along: TakeAlong
    ) -> None:
        """`in_flight` is how many are handed over and not written yet."""
        self._services, self._off_loop, self._in_flight = services, off_loop, in_flight
        self._take_along = take_along
        self._waiting: list[tuple[Answer, Written]] = []
        self._all_came: asyncio.Future[None] | None = None
        self._writing: asyncio.Task[None] | None = None

    def add(self, answer: Answer, written: Written) -> None:
        """Write it with others that are there, or come in a moment."""
        self._waiting.append((answer, written))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        elif self._all_came is not None and self._is_last:
            _end(self._all_came)

    async def settle(self, answer: Answer) -> bool:
        """By itself, once it is committed: of several, one may be what could not be written. As `Settled.ours`."""
        return (await self._off_loop.write(lambda session: self._settle(session, [answer])))[0]

    async def finish(self) -> None:
        """Wait until what was answered is written."""
        while self._writing is not None:
            await asyncio.wait({self._writing})

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                await self._gather()
                together, self._waiting = self._waiting, []
                await self._write(together, self._take_along([answer for answer, _ in together]))
        finally:
            self._writing = None

    @property
    def _is_last(self) -> bool:
        return self._in_flight() <= len(self._waiting)

    async def _gather(self) -> None:
        """Others that are on their way may be answered in a moment, and cost next to nothing beside the first."""
        if self._is_last:
            return
        loop = asyncio.get_running_loop()
        self._all_came = loop.create_future()
        timer = loop.call_later(_GATHER_SECONDS, _end, self._all_came)
        try:
            await self._all_came
        finally:
            timer.cancel()
            self._all_came = None

    async def _write(self, together: list[tuple[Answer, Written]], along: Along | None = None) -> None:
        answers = [answer for answer, _ in together]
        try:
            ours = await self._off_loop.write(lambda session: self._settle(session, answers, along))
        except Exception as error:
            if along is not None:
                along.end(committed=False)
                log.warning("nothing was taken along", error=trace(error))
            if isinstance(error, UnavailableError) or (along is None and len(together) == 1):
                for _, written in together:
                    written(False, error)
            else:  # whichever it was, the others are not to wait for it
                for each in together:
                    await self._write([each])
        else:
            if along is not None:
                along.end(committed=True)
            for (_, written), mine in zip(together, ours, strict=True):
                written(mine, None)

    def _settle(self, session: Session, answers: list[Answer], along: Along | None = None) -> list[bool]:
        moment = real_now(session)
        now = clock_check.right(session, self._services, self._services.clock.now(), moment)
        settled = settle_all(session, self._services, answers, now, moment)
        if along is not None and settled.plain:  # else it would wait for others with locks that come last
            along.work(session)
        return settled.ours


def _end(wait: asyncio.Future[None]) -> None:
    if not wait.done():
        wait.set_result(None)
