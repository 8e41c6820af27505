"""Whose turn it is at the one writer of a SQLite database, among the threads of a process."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple


class _Place(NamedTuple):
    gate: threading.Lock
    since: float


class FairLock:
    """First come, first served, but who is urgent before those who are not: a person waits there.

    Not before them for ever: in a flood of opt-ins somebody urgent waits at any moment, and a hand-over must be settled
    all the same. SQLite's own busy handler starves writers (p99 above a second).
    """

    _MOST_PASSED = 4  # urgent ones that go before somebody who waits, one after the other

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._urgent: deque[_Place] = deque()
        self._others: deque[_Place] = deque()
        self._passed = 0
        self._held = False

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        with self._mutex:
            return len(self._urgent) + len(self._others)

    @property
    def longest_wait(self) -> float:
        """Seconds that whoever stands there longest has stood in line; 0 where nobody does."""
        with self._mutex:
            since = [line[0].since for line in (self._urgent, self._others) if line]
        return time.monotonic() - min(since) if since else 0.0

    @contextmanager
    def held(self, *, urgent: bool = False) -> Iterator[None]:
        """Hold it for the length of the block."""
        self._acquire(self._urgent if urgent else self._others)
        try:
            yield
        finally:
            self.release()

    def take_free(self) -> bool:
        """Take it if nobody holds it, without a wait; `release` ends that."""
        with self._mutex:
            if self._held:
                return False
            self._held = True
            return True

    def release(self) -> None:
        """Pass it on to whoever is next."""
        with self._mutex:
            waiting = self._urgent or self._others
            if self._others and self._passed >= self._MOST_PASSED:
                waiting = self._others
            self._passed = self._passed + 1 if self._others and waiting is self._urgent else 0
            if waiting:
                waiting.popleft().gate.release()
            else:
                self._held = False

    def _acquire(self, waiting: deque[_Place]) -> None:
        with self._mutex:
            if not self._held:
                self._held = True
                return
            gate = threading.Lock()
            gate.acquire()
            waiting.append(_Place(gate, time.monotonic()))
        gate.acquire()
