"""In a thread of its own: that of a browser has a loop already, in which no mail can be sent."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


def aside(*works: Callable[[], object]) -> None:
    """Do them one after the other, and wait. Raises what they raise."""
    with ThreadPoolExecutor(1) as thread:
        for work in works:
            thread.submit(work).result()
