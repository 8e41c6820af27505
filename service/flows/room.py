"""How many mails may be in flight at once, and that there is always room for an advice."""

from __future__ import annotations

import asyncio

_GATHER_SECONDS = 0.005


class Room:
    """Places for mails in flight: as many as the transport can work on, a quarter kept for what is urgent.

    An attempt is opened only for a mail that has its place: whatever happens to this process then, no more than these
    (and what is answered and being settled) can be of unknown fate, and a stop waits for no queue. Bound to one event
    loop.
    """

    def __init__(self, size: int) -> None:
        self._free = size
        self._kept = size // 4
        self._urgent_waiting = 0
        self._closed = False
        self._changed = asyncio.Event()

    async def take(self, most: int, *, urgent: bool) -> int:
        """Wait for a place, then take up to `most` of the free ones; 0 once closed. Who is urgent goes first."""
        self._urgent_waiting += urgent
        try:
            await self._wait_for_one(urgent=urgent)
            if self._open_to(urgent=urgent) < most:
                # Mails end one by one; a moment's wait for a few more makes one transaction of them, not several.
                await asyncio.sleep(_GATHER_SECONDS)
                await self._wait_for_one(urgent=urgent)
        finally:
            self._urgent_waiting -= urgent
            self._changed.set()
        taken = 0 if self._closed else min(most, self._open_to(urgent=urgent))
        self._free -= taken
        return taken

    def give_back(self, count: int) -> None:
        """These places are free again."""
        self._free += count
        self._changed.set()

    def close(self) -> None:
        """Nobody gets a place any more."""
        self._closed = True
        self._changed.set()

    async def _wait_for_one(self, *, urgent: bool) -> None:
        while not self._closed and self._open_to(urgent=urgent) <= 0:
            self._changed.clear()
            await self._changed.wait()

    def _open_to(self, *, urgent: bool) -> int:
        if urgent:
            return self._free
        return 0 if self._urgent_waiting else self._free - self._kept
