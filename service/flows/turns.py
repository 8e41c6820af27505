"""Whose turn it is at one of a way's connections: who is urgent first, and nobody after standing in line for long."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Protocol

_LONGEST_LINE = 1.0  # seconds


class Flight(Protocol):
    """A mail that is to leave."""

    async def go(self) -> None:
        """It is its turn. Ends when the connection is free for the next one."""

    def give_up(self) -> None:
        """It stood in line for too long."""


class Turns:
    """So many at a time, of which follow-ups leave a quarter to what is urgent. Bound to one event loop.

    What was looked at before a hand-over (is there a no? a pause?) grows old in a line, so nobody stays there long.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = {True: capacity, False: capacity - capacity // 4}
        self._lines: dict[bool, deque[tuple[float, Flight]]] = {True: deque(), False: deque()}  # urgent or not
        self._under_way = {True: 0, False: 0}
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        self._next: dict[
            asyncio.Task[None], tuple[bool, Flight]
        ] = {}  # with what a task that has not run yet will begin
        self.tasks: set[asyncio.Task[None]] = set()

    def enter(self, flights: Iterable[Flight], *, urgent: bool) -> None:
        """Let them go now, or stand in line until it is their turn."""
        ends = asyncio.get_running_loop().time() + _LONGEST_LINE
        for flight in flights:
            if self._closed:
                flight.give_up()
            else:
                self._lines[urgent].append((ends, flight))
        self._look()

    def clear(self) -> None:
        """Who stands in line, or comes, goes no more; who is under way is for whoever ends `tasks`."""
        self._closed = True
        for line in self._lines.values():
            while line:
                line.popleft()[1].give_up()
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        while (urgent := self._whose_turn()) is not None:
            flight = self._take(urgent)
            task = asyncio.create_task(self._work(urgent, flight))
            self._next[task] = (urgent, flight)
            self.tasks.add(task)
            task.add_done_callback(self._end)
        ends = [line[0][0] for line in self._lines.values() if line]
        if ends and self._timer is None:
            self._timer = asyncio.get_running_loop().call_at(min(ends), self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._look()

    async def _work(self, urgent: bool, flight: Flight) -> None:
        """One after the other on the same connection, for as long as somebody is there."""
        if (task := asyncio.current_task()) is not None:
            del self._next[task]
        while True:
            try:
                await flight.go()
            finally:
                self._under_way[urgent] -= 1
            follows = self._whose_turn()
            if follows is None:
                return
            urgent, flight = follows, self._take(follows)

    def _end(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if task in self._next:  # cancelled before it ran at all, so nothing was handed over
            urgent, flight = self._next.pop(task)
            self._under_way[urgent] -= 1
            flight.give_up()
            self._look()

    def _take(self, urgent: bool) -> Flight:
        self._under_way[urgent] += 1
        return self._lines[urgent].popleft()[1]

    def _whose_turn(self) -> bool | None:
        """Is it that of somebody urgent, or of a follow-up? None: nobody's. Who stood too long is gone then."""
        now = asyncio.get_running_loop().time()
        for line in self._lines.values():
            while line and line[0][0] <= now:
                line.popleft()[1].give_up()
        if sum(self._under_way.values()) >= self._capacity[True]:
            return None
        if self._lines[True]:
            return True
        return False if self._lines[False] and self._under_way[False] < self._capacity[False] else None
