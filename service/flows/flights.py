"""Mails with an open attempt: each goes by the way that is written there, and what became of it is written."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable

from service.errors import UnavailableError
from service.flows import channel, outcomes
from service.flows.handover import Begun
from service.flows.off_loop import OffLoop, cancel
from service.flows.room import Room
from service.flows.services import Services
from service.flows.settlements import Settlements, TakeAlong
from service.flows.settling import Answer
from service.flows.ways_out import Way, WaysOut
from service.mail.transport import Outcome, SendResult

_LAST_WORDS_SECONDS = 0.5
_NOT_BEGUN = SendResult(outcome=Outcome.RETRY, stage="turn", text="it had no turn", scope="channel")


class Group:
    """What is in flight of what was taken together."""

    def __init__(self) -> None:
        self._count = 0
        self._error: Exception | None = None
        self._landed = asyncio.Event()
        self._landed.set()

    def took_off(self) -> None:
        """One more."""
        self._count += 1
        self._landed.clear()

    def landed(self, error: Exception | None = None) -> None:
        """One has its outcome, or at this error none."""
        self._count -= 1
        self._error = self._error or error
        if not self._count:
            self._landed.set()

    async def all_landed(self) -> None:
        """Wait for all of them, also when one fails; then raise what the first one failed of."""
        await self._landed.wait()
        if self._error is not None:
            raise self._error


class Flights:
    """All mails of one sender that are in flight. `accepted` counts the advices and follow-ups that were taken."""

    def __init__(
        self, services: Services, off_loop: OffLoop, ways: WaysOut, ring: Callable[[], None], take_along: TakeAlong
    ) -> None:
        """`ring` is called when something may go that could not before."""
        self.accepted = 0
        self.settlements = Settlements(services, off_loop, ways.in_flight, take_along)
        self._services, self._write, self._ways, self._ring = services, off_loop.write, ways, ring
        self._seen_to: set[asyncio.Task[None]] = set()

    def set_off(self, begun: Iterable[Begun], group: Group, room: Room, *, urgent: bool) -> None:
        """Each by the way that is written in its attempt; `room` is where the places were taken."""
        by_way = defaultdict[Way, list[_Flight]](list)
        for handed in begun:
            way = self._ways[handed.channel]
            group.took_off()
            by_way[way].append(_Flight(self, handed, way, group, room, urgent))
        for way, flights in by_way.items():
            way.turns.enter(flights, urgent=urgent)

    async def finish(self) -> None:
        """Let go of what is not answered, and write what is."""
        self._ways.clear()
        await cancel(self._ways.under_way())
        await self.settlements.finish()
        if self._seen_to:  # what came of that last write
            await asyncio.wait(self._seen_to, timeout=_LAST_WORDS_SECONDS)
        await cancel([*self._seen_to])

    def see_to(self, work: Coroutine[None, None, None]) -> None:
        """Do beside all that goes on what the database or the practice must know."""
        task = asyncio.create_task(work)
        self._seen_to.add(task)
        task.add_done_callback(self._seen_to.discard)

    async def tell(self, way: Way, result: SendResult) -> None:
        """Tell the practice of a fault of this way."""
        if causes := self._ways.causes(way, result):
            await self._write(lambda session: channel.tell(session, causes, result, self._services.clock.now()))

    async def mended(self, way: Way) -> None:
        """Write that this way works again; the other lanes may go."""
        now = self._services.clock.now()
        await self._write(lambda session: channel.mended(session, self._services, way.name, now))
        self._ring()

    def came_to(self, result: SendResult, kind: str, *, back: bool) -> None:
        """The outcome of one is written; `back` says that it is due again by no fault of its own."""
        if result.outcome is Outcome.ACCEPTED and kind != "service":
            self.accepted += 1
        elif result.outcome is Outcome.UNKNOWN or (back and self._ways.best() is not None):
            self._ring()  # an advice is due again at once, and so is what may go by another way


class _Flight:
    """One mail, from its attempt until what became of it is written."""

    def __init__(self, flights: Flights, handed: Begun, way: Way, group: Group, room: Room, urgent: bool) -> None:
        self._flights, self._handed = flights, handed
        self._way, self._group, self._room, self._urgent = way, group, room, urgent
        self._result = _NOT_BEGUN
        self._began = 0.0
        self._fault = False

    async def go(self) -> None:
        """Hand it over, unless the way rests by now. What became of it is written later: the connection is free."""
        if not self._way.is_usable:
            self.give_up()
            return
        self._began = asyncio.get_running_loop().time()
        try:
            self._result = await self._way.send(self._handed.mail)
            self._fault = outcomes.is_channels(self._result)
            if self._fault:
                self._way.fault(self._result)  # at once: the next mail need not wait until this is written
        except Exception as error:  # a defect. It keeps its place, so that few can share its fate
            self._group.landed(error)
            return
        self._room.answered(1, urgent=self._urgent)
        self._settle()

    def give_up(self) -> None:
        """It was not handed over, and is looked at anew before it leaves."""
        self._room.left(1, urgent=self._urgent)
        self._settle()

    def _settle(self) -> None:
        self._flights.settlements.add(self._answer, self._written)

    @property
    def _answer(self) -> Answer:
        return Answer(opening=self._handed, result=self._result)

    def _written(self, ours: bool, error: Exception | None) -> None:
        """Told by whoever writes; `ours`: a fault of ours is behind it. Nearly always that is all there is to do."""
        ours &= self._result is not _NOT_BEGUN
        learns = self._result is not _NOT_BEGUN and not self._way.channel.is_proven
        if error is not None or ours or self._fault or learns:
            self._flights.see_to(self._see_through(error, ours=ours))
        else:
            self._room.written(1)
            self._over(fault=False)

    async def _see_through(self, error: Exception | None, *, ours: bool) -> None:
        try:
            ours = await self._keep_at_it(error, ours=ours)
            self._room.written(1)
            fault = ours or self._fault
            if not fault and self._result is not _NOT_BEGUN and self._way.works(self._began):
                await self._flights.mended(self._way)
        except Exception as failure:  # a defect; where its outcome is not written, it keeps its place as above
            self._group.landed(failure)
        else:
            self._over(fault=fault)

    async def _keep_at_it(self, error: Exception | None, *, ours: bool) -> bool:
        """Until it is written, and told, while the database is away: only a crash may leave it unwritten."""
        delay = 0.1
        while True:
            try:
                if error is not None:
                    if not isinstance(error, UnavailableError):
                        raise error
                    await asyncio.sleep(delay)
                    delay = min(delay * 2, 5.0)
                    ours |= await self._flights.settlements.settle(self._answer)
                if self._result is _NOT_BEGUN:
                    return False
                if ours and not self._fault:
                    self._way.fault(self._result)  # several domains refuse what comes by it
                if ours or self._fault:
                    await self._flights.tell(self._way, self._result)
            except UnavailableError as again:
                error = again
            else:
                return ours

    def _over(self, *, fault: bool) -> None:
        back = fault or self._result is _NOT_BEGUN
        self._flights.came_to(self._result, self._handed.message.kind, back=back)
        self._group.landed()
