"""How many mails may be in flight at once, and that there is always room for an advice."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable

_SOON_SECONDS = 0.25
"""As many places as mails were answered within this: whoever gets one now has his answer as soon, if all stays so."""
_GATHER_SECONDS = {True: 0.08, False: 0.02}  # while mails stand in line no connection waits for this; else one may


class Opened:
    """The attempts of one sender whose outcome is not written yet, over all its ways out: so many at the most."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.count = 0
        self._waiting: dict[asyncio.Future[None], Callable[[], bool]] = {}
        self._is_to_look = False

    def changed(self) -> None:
        """Wake whoever waits for what is so then, once for all that changes in this turn of the loop."""
        if self._waiting and not self._is_to_look:
            self._is_to_look = True
            asyncio.get_running_loop().call_soon(self._look)

    def _look(self) -> None:
        """To ask for them costs less than to have each wake and ask."""
        self._is_to_look = False
        for wait, is_so in self._waiting.items():
            if not wait.done() and is_so():
                wait.set_result(None)

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for it."""
        while not is_so():
            wait = asyncio.get_running_loop().create_future()
            self._waiting[wait] = is_so
            try:
                await wait
            finally:
                del self._waiting[wait]


class Room:
    """Places for mails in flight by one way: as many as its transport can work on, some kept for what is urgent.

    An attempt is opened only for a mail that has its place: whatever happens to this process then, no more than these
    (and what is answered and being settled) can be of unknown fate, and a stop waits for no queue. `opened` counts
    them over all ways, and leaves as many to what is urgent. The quicker the server answers, the more may stand in
    line, up to `deepest`: a transaction for many mails costs little more than one for few. Bound to one event loop.
    """

    def __init__(self, size: int, opened: Opened | None = None, *, deepest: int | None = None) -> None:
        self._opened = opened or Opened(size)
        self._size, self._deepest = size, max(size, deepest or size)
        self._taken = {True: 0, False: 0}  # by what is urgent, and by follow-ups
        self._answers: deque[float] = deque(maxlen=self._deepest)
        self._urgent_waiting = 0
        self._gathering = asyncio.Lock()
        self._closed = False

    async def take(self, most: int, *, urgent: bool, patience: float | None = None) -> int:
        """Wait for a place, then take up to `most` of the free ones; 0 once closed. Who is urgent goes first.

        After `patience` seconds without a place it is 0, too.
        """
        taken = 0
        self._urgent_waiting += urgent
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    if urgent:
                        taken = await self._free(most, urgent=True)
                    else:
                        async with self._gathering:  # two at once would share out what comes free, one by one
                            await self._free(most, urgent=False)
                            await self._gather(most)
                            taken = await self._free(most, urgent=False)
        finally:
            self._urgent_waiting -= urgent
            self._opened.changed()
        self._taken[urgent] += taken
        self._opened.count += taken
        return taken

    def take_along(self, most: int) -> int:
        """As `take`, for follow-ups that begin in the transaction that writes the outcome of so many others. Without
        waiting, and no attempt counts as open before `went_along`."""
        if self._closed or self._urgent_waiting:
            return 0
        places = self._places
        free = max(0, min(most, places - sum(self._taken.values()) - self._kept(places)))
        self._taken[False] += free
        return free

    def went_along(self, places: int, begun: int) -> None:
        """In these places so many have begun. The outcome of as many others is written, which `written` tells next."""
        self._opened.count += begun
        self.left(places - begun, urgent=False)

    def give_back(self, count: int, *, urgent: bool) -> None:
        """These places are free again, and no attempt is open in them."""
        self._taken[urgent] -= count
        self.written(count)

    def left(self, count: int, *, urgent: bool) -> None:
        """The next mails may have these places; the attempts stay open until what became of them is written."""
        self._taken[urgent] -= count
        self._opened.changed()

    def answered(self, count: int, *, urgent: bool) -> None:
        """As `left`, by an answer of the server's."""
        self._answers.extend([time.monotonic()] * count)
        self.left(count, urgent=urgent)

    def written(self, count: int) -> None:
        """So many attempts that gave their places back have their outcome."""
        self._opened.count -= count
        self._opened.changed()

    def close(self) -> None:
        """Nobody gets a place any more."""
        self._closed = True
        self._opened.changed()

    async def _free(self, most: int, *, urgent: bool) -> int:
        """Up to so many of the free places, once there is one; 0 once closed."""
        while not self._closed:
            free = min(most, self._open_to(urgent=urgent))  # looked at once: with time alone it changes
            if free > 0:
                return free
            await self._opened.until(lambda: self._closed or self._open_to(urgent=urgent) > 0)
        return 0

    async def _gather(self, most: int) -> None:
        """Mails end one by one; a moment's wait for a few more, or until none stands in line, makes one transaction."""
        places, few = self._places, self._size // 2
        in_line = places - self._kept(places) - (self._size - self._size // 4)
        enough = min(most, max(in_line, few))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GATHER_SECONDS[in_line >= few]):
                await self._opened.until(lambda: self._closed or not 0 < self._open_to(urgent=False) < enough)

    def _open_to(self, *, urgent: bool) -> int:
        places = self._places
        most, others = self._opened.most - self._opened.count, self._taken[False]
        if urgent:  # a line of follow-ups stands behind what is urgent, and takes no place of its
            in_the_way = min(others, self._size - self._size // 4)
            return min(most, places - in_the_way - self._taken[True], self._deepest - others - self._taken[True])
        return 0 if self._urgent_waiting else min(most, places - self._taken[True] - others) - self._kept(places)

    def _kept(self, places: int) -> int:
        """For what is urgent; fewer behind a server so quick that mails stand in line, where places come free soon."""
        return max(self._size // 4, places // 8)

    @property
    def _places(self) -> int:
        """More than connections only where one of these answered twice within the time: nobody stands there long."""
        since = time.monotonic() - _SOON_SECONDS
        while self._answers and self._answers[0] < since:
            self._answers.popleft()
        return max(self._size, len(self._answers))
