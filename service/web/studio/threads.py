"""The threads that answer staff. They are few, and none of those by which opt-ins and unsubscribing are answered.

A page may wait for the content folder to be compiled, or for a mail server: whatever staff do, a lead gets an answer.
Whoever finds all of them busy waits on the loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

AT_ONCE = 10
_P = ParamSpec("_P")
_T = TypeVar("_T")


class StaffThreads:
    """Those of one application. Each is begun when it is first needed."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="studio")

    async def run(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """What the work returns, when there is a thread for it."""
        context = copy_context()
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: context.run(work, *args, **kwargs)
        )
