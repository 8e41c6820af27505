"""The same act by several people at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_T = TypeVar("_T")


def at_once(acts: Sequence[Callable[[], _T]]) -> list[_T]:
    """What each came to; none begins before all are ready."""
    ready = threading.Barrier(len(acts))

    def act(work: Callable[[], _T]) -> _T:
        ready.wait(10)
        return work()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(act, acts))
