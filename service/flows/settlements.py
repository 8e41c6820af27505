"""What the transport answered, written together: answers that come while others are being written go next, as one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import Session

from service.errors import UnavailableError
from service.flows.off_loop import OffLoop
from service.flows.services import Services
from service.flows.settling import Answer, settle_all
from service.mail.transport import SendResult
from service.store.db import real_now

_GATHER_SECONDS = 0.01


@dataclass(frozen=True, kw_only=True)
class _Waiting:
    answer: Answer
    written: asyncio.Future[bool]


class Settlements:
    """One transaction at a time, with all answers that are there then. Bound to one event loop.

    A sender has few attempts open at once, so no more than these are ever written together.
    """

    def __init__(self, services: Services, off_loop: OffLoop, in_flight: Callable[[], int]) -> None:
        """`in_flight` is how many are handed over and not written yet."""
        self._services, self._off_loop, self._in_flight = services, off_loop, in_flight
        self._came = asyncio.Event()
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def settle(self, token: str, result: SendResult, *, alone: bool = False) -> bool:
        """As `settling.settle`, once it is committed. Raises UnavailableError where it was not: ask again.

        `alone`: with no others, one of which may be what the database could not do.
        """
        if alone:
            answers = [Answer(token=token, result=result)]
            return (await self._off_loop.write(lambda session: self._settle(session, answers)))[0]
        mine = _Waiting(answer=Answer(token=token, result=result), written=asyncio.get_running_loop().create_future())
        self._waiting.append(mine)
        self._came.set()
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        return await mine.written

    async def finish(self) -> None:
        """Wait until what was answered is written, though nobody waits for it any more."""
        while self._writing is not None:
            await asyncio.wait({self._writing})

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                await self._gather()
                together, self._waiting = self._waiting, []
                await self._write(together)
        finally:
            self._writing = None

    async def _gather(self) -> None:
        """Others that are on their way may be answered in a moment, and cost next to nothing beside the first."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GATHER_SECONDS):
                while self._in_flight() > len(self._waiting):
                    self._came.clear()
                    await self._came.wait()

    async def _write(self, together: list[_Waiting]) -> None:
        answers = [each.answer for each in together]
        try:
            ours = await self._off_loop.write(lambda session: self._settle(session, answers))
        except Exception as error:
            if len(together) == 1 or isinstance(error, UnavailableError):
                for each in together:
                    if not each.written.done():
                        each.written.set_exception(error)
            else:  # whichever it was, the others are not to wait for it
                for each in together:
                    await self._write([each])
        else:
            for each, mine in zip(together, ours, strict=True):
                if not each.written.done():
                    each.written.set_result(mine)

    def _settle(self, session: Session, answers: list[Answer]) -> list[bool]:
        return settle_all(session, self._services, answers, self._services.clock.now(), real_now(session))
