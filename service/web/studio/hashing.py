"""Passwords are compared here: two at once, away from the threads that everybody's requests share.

Each takes 46 MiB for a while. Whoever waits does so on the loop, so that a flood of log-ins takes neither the memory
of the machine nor the threads by which opt-ins and unsubscribing are answered.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from service.errors import TooManyError

_AT_ONCE, _MOST_WAITING = 2, 30
_P = ParamSpec("_P")
_T = TypeVar("_T")


class Hashing:
    """The line of one application. Its threads are begun when they are first needed."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="passwords")
        self._lock = threading.Lock()
        self._in_line = 0

    async def run(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Do it when it is its turn. Raises TooManyError where the line is too long to join."""
        with self._lock:
            if self._in_line >= _AT_ONCE + _MOST_WAITING:
                raise TooManyError(
                    "many people log in just now; try again in a moment",
                    "Er loggen nu veel mensen tegelijk in. Probeer het zo nog eens.",
                    retry_after=5,
                )
            self._in_line += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: work(*args, **kwargs))
        finally:
            with self._lock:
                self._in_line -= 1
