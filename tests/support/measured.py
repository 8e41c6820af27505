"""Runs work in processes of their own, each within limits that the kernel holds, and says what it took.

A process is forked for each piece of work from one that has one thread and has imported everything already.
"""

from __future__ import annotations

import os
import resource
import traceback
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Took:
    """How a process ended (negative: the signal), and the most memory that it or a process of its own had, in bytes."""

    status: int
    memory: int


def within(work: Callable[[], None], *, seconds: int) -> Took:
    """Do the work in a fork of this process; beyond so many seconds of processor time the kernel ends it (SIGKILL).

    Only for a process with a single thread. Status 1: the work raised, and said so on stderr.
    """
    pid = os.fork()
    if pid == 0:
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, ended, used = os.wait4(pid, 0)
    return Took(status=os.waitstatus_to_exitcode(ended), memory=used.ru_maxrss * 1024)
