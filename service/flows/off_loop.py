"""What a sender does beside its event loop: its transactions, and waiting for several things at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TypeVar

from sqlmodel import Session

from service.store.db import Database

_T = TypeVar("_T")


class OffLoop:
    """One transaction each. Waiting for the writer must not hold up a mail in flight, so whoever has to wait does so
    off the loop. Where nobody has to, a few milliseconds of work are cheaper done at once than handed to a thread.

    An urgent one has a thread of its own: the others may all be waiting for the database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._urgent_thread = ThreadPoolExecutor(1, "urgent")  # ends with the sender

    async def write(self, work: Callable[[Session], _T], *, urgent: bool = False, thread: Executor | None = None) -> _T:
        """What the work returns, once it is committed. Raises UnavailableError where nothing was written. `thread`
        is where it waits, where it has to, that has one of its own."""
        await asyncio.sleep(0)  # between two of them the loop sees to its connections
        with self._database.at_once() as session:
            if session is not None:
                return work(session)

        def run() -> _T:
            with self._database.transaction(urgent=urgent) as session:
                return work(session)

        own = thread or (self._urgent_thread if urgent else None)
        return await asyncio.get_running_loop().run_in_executor(own, run)


async def all_done(work: Iterable[Awaitable[_T]]) -> list[_T]:
    """Wait for all of them, also when one fails: what is in flight is settled before the failure is told."""
    done = await asyncio.gather(*work, return_exceptions=True)
    for each in done:
        if isinstance(each, BaseException):
            raise each
    return [each for each in done if not isinstance(each, BaseException)]


async def all_ended(tasks: set[asyncio.Task[None]]) -> None:
    """Wait until each has left this set, as it does once it has ended; those too that come meanwhile.

    Not by `gather`: from Python 3.12 on that does not wait for what has ended and not left yet, so nothing ever would.
    """
    while tasks:
        await asyncio.wait(tasks)


async def cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    """End them, and wait until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
