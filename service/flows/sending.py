"""Due mail out: take it, hand it over, settle by token. No transaction is open during I/O."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import structlog
from sqlmodel import Session

from service.errors import UnavailableError, trace
from service.flows.flights import Flights, Group
from service.flows.handover import Begun
from service.flows.leases import Leases
from service.flows.off_loop import OffLoop, all_done, all_ended, cancel
from service.flows.services import Services
from service.flows.settlements import Along
from service.flows.settling import Answer
from service.flows.taking import Taken, Wanted, take
from service.flows.ways_out import Way, WaysOut
from service.mail.transport import Outcome, Transport

GROUP = 28  # mails at most in one hand-over transaction: follow-ups by the only way have room for so many
MOST_OPEN = 32  # attempts of one sender whose outcome is not written: so many a crash may leave of unknown fate
_LANES = (True, False, False)  # is a lane for what is urgent (advice, service mail), or for follow-ups?
_STOP_SECONDS = 8.5  # a container is killed ten seconds after it was asked to stop
log = structlog.get_logger()


class Sender:
    """Hands over what is due. Bound to one event loop; any number of senders may share a database.

    Each lane waits for room, takes a group, and goes on to the next one while the mails are in flight: a slow mail
    server holds up no more than its own mails. Every group has a lease token of its own, and one way out.
    """

    def __init__(self, services: Services, transport: Transport, fallback: Transport | None = None) -> None:
        self.services = services
        self.ways = WaysOut(transport, fallback, MOST_OPEN)
        off_loop = OffLoop(services.database)
        self._write = off_loop.write
        self._leases = Leases(off_loop)
        self._flights = Flights(services, off_loop, self.ways, self.ring, self._take_along)
        self._waiting = {True: 0, False: 0}  # for room: lanes for what is urgent, and for follow-ups
        self._groups: set[asyncio.Task[None]] = set()
        self._bells = [asyncio.Event() for _ in _LANES]
        self._asked_to_stop = asyncio.Event()

    async def run(self) -> None:
        """Hand over whatever becomes due, until `stop`; then finish what is in flight."""
        beat = asyncio.create_task(self._leases.beat())
        lanes = [asyncio.create_task(self._serve(lane)) for lane in range(len(_LANES))]
        try:
            await self._asked_to_stop.wait()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_STOP_SECONDS):
                    await asyncio.gather(*lanes)
                    await all_ended(self._groups)
            if self._groups:
                log.warning("stopped with mail in flight; its outcome will be listed as unknown")
        finally:
            await cancel([beat, *lanes, *self._groups, *self.ways.checks()])
            await self._flights.finish()
            await cancel([*self._groups])  # of what was taken along meanwhile, and given up

    async def send_due(self) -> int:
        """Hand over everything that is due now, advice first. Returns how many advices and follow-ups were accepted."""
        before = self._flights.accepted
        beat = asyncio.create_task(self._leases.beat())
        try:
            found = True
            while found:
                drained = [await self._drain(urgent=urgent) for urgent in (True, False)]
                checks = self.ways.checks()
                await all_done([*self._groups, *checks])
                found = any(drained) or (bool(checks) and self.ways.best() is not None)
        finally:
            await all_ended(self._groups)
            await asyncio.gather(*self.ways.checks(), return_exceptions=True)
            await cancel([beat])
        return self._flights.accepted - before

    def ring(self) -> None:
        """Something became due, or may go again. Called in the sender's own loop."""
        for bell in self._bells:
            bell.set()

    def stop(self) -> None:
        """Begin no further hand-over; what is in flight is finished. Called in the sender's own loop."""
        self._asked_to_stop.set()
        self.ways.close()
        self.ring()

    async def _serve(self, lane: int) -> None:
        bell = self._bells[lane]
        while not self._asked_to_stop.is_set():
            bell.clear()
            try:
                await self._drain(urgent=_LANES[lane])
            except UnavailableError as error:
                log.warning("sending waits for the database", reason=error.english)
            except Exception as error:
                # The lane must outlive a defect in one mail; what it left behind is reaped.
                log.error("sending failed", error=trace(error))
            if not self._asked_to_stop.is_set():
                await bell.wait()

    async def _drain(self, *, urgent: bool) -> bool:
        """Take and begin until nothing is left that may go. Was there anything?"""
        found = False
        while (way := self._way_now()) is not None:
            if way.channel.is_proven:
                more = await self._send_some(way, GROUP, urgent=urgent) is not None
            elif urgent and not way.channel.is_faulty:
                more = await self._send_one(way, urgent=urgent)  # no advice waits for a follow-up that tries
            else:
                more = await self._probe(way, urgent=urgent)
            if not more:
                break
            found = True
        return found

    def _way_now(self) -> Way | None:
        """By which way mail may go now, if by any. Whoever has rested is asked meanwhile whether it works again."""
        if self._asked_to_stop.is_set():
            return None
        for way in self.ways.to_check():
            way.checking = asyncio.create_task(self._check(way))
        return self.ways.best()

    def _may_begin(self, way: Way) -> bool:
        return not self._asked_to_stop.is_set() and way.is_usable

    async def _check(self, way: Way) -> None:
        try:
            result = await way.check()
            if result is None:
                way.channel.passed()
            else:
                way.fault(result)
                await self._flights.tell(way, result)
        except UnavailableError as error:
            log.warning("an alert waits for the database", reason=error.english)
        finally:
            way.checking = None
        self.ring()

    async def _probe(self, way: Way, *, urgent: bool) -> bool:
        """At the start, and after a fault of ours, one mail of all lanes finds out whether the way works."""
        async with way.channel.probing:
            if not self._may_begin(way) or way.channel.is_proven:
                return True  # somebody found out while we waited
            if not way.channel.is_faulty:
                return await self._send_one(way, urgent=urgent)
            first = way.channel.is_turn_of_urgent
            return await self._send_one(way, urgent=first) or await self._send_one(way, urgent=not first)

    async def _send_one(self, way: Way, *, urgent: bool) -> bool:
        group = await self._send_some(way, 1, urgent=urgent)
        if group is not None:
            await asyncio.wait({group}, timeout=self.ways.patience)
        return group is not None

    async def _send_some(self, way: Way, most: int, *, urgent: bool) -> asyncio.Task[None] | None:
        """Take what is due as room comes free, and set each mail off. Returns what ends when all of them are settled;
        None: nothing is due.

        One mail by itself finds out whether the way works; a group goes only by one that is known to.
        """
        self._waiting[urgent] += 1
        try:
            places = await way.room.take(most, urgent=urgent, patience=self.ways.patience)
        finally:
            self._waiting[urgent] -= 1
        wanted = self._wanted(way, places, urgent=urgent)
        taken = None
        try:
            if places and self._may_begin(way) and (most == 1 or way.channel.is_proven):
                taken = await self._take(wanted)
        finally:
            way.room.give_back(places - len(taken.begun if taken else ()), urgent=urgent)
        if taken is None:
            return self.set_off(way, wanted, [])
        return self.set_off(way, wanted, taken.begun) if taken.found else None

    def _wanted(self, way: Way, places: int, *, urgent: bool) -> Wanted:
        return Wanted(lease=secrets.token_hex(16), most=places, urgent=urgent, routes=self.ways.routes(way))

    def set_off(self, way: Way, wanted: Wanted, begun: Sequence[Begun]) -> asyncio.Task[None]:
        """What was begun is committed. Returns what ends when all of it is settled."""
        flying = Group()
        self._leases.held.add(wanted.lease)
        self._flights.set_off(begun, flying, way.room, urgent=wanted.urgent)
        group = asyncio.create_task(self._land(wanted.lease, flying))
        self._groups.add(group)
        group.add_done_callback(self._forget)
        return group

    def _take_along(self, answers: Sequence[Answer]) -> Along | None:
        """Where follow-ups wait for room, as many of them as were taken may begin with these answers' one commit."""
        if not self._waiting[False] or any(each.result.outcome is not Outcome.ACCEPTED for each in answers):
            return None
        way = self._way_now()
        if way is None or not way.channel.is_proven:
            return None
        places = way.room.take_along(min(GROUP, len(answers)))
        return _Along(self, way, self._wanted(way, places, urgent=False)) if places else None

    async def _take(self, wanted: Wanted) -> Taken:
        try:
            return await self._write(lambda session: take(session, self.services, wanted), urgent=wanted.urgent)
        except UnavailableError:
            raise
        except Exception as error:
            log.error("sending failed at a group", error=trace(error))
        each = replace(wanted, one_by_one=True)
        return await self._write(lambda session: take(session, self.services, each), urgent=wanted.urgent)

    async def _land(self, lease: str, flying: Group) -> None:
        """Wait until all of a group are settled."""
        try:
            await flying.all_landed()
        finally:
            self._leases.held.discard(lease)

    def _forget(self, group: asyncio.Task[None]) -> None:
        self._groups.discard(group)
        if not group.cancelled() and (error := group.exception()) is not None:
            log.error("sending failed", error=trace(error))


class _Along:
    """Follow-ups that begin in the transaction that writes what became of others."""

    def __init__(self, sender: Sender, way: Way, wanted: Wanted) -> None:
        self._sender, self._way, self._wanted = sender, way, wanted
        self._begun: Sequence[Begun] = ()

    def work(self, session: Session) -> None:
        """Take what is due."""
        self._begun = take(session, self._sender.services, self._wanted).begun

    def end(self, *, committed: bool) -> None:
        """Set it off; or leave it to a lane, which finds out what is wrong."""
        begun = self._begun if committed else ()
        self._way.room.went_along(self._wanted.most, len(begun))
        if begun:
            self._sender.set_off(self._way, self._wanted, begun)


@asynccontextmanager
async def open_sender(services: Services) -> AsyncIterator[Sender]:
    """A sender with every way out there is; they are closed at its end."""
    transport = services.open_transport()
    fallback = services.open_fallback() if services.open_fallback is not None else None
    try:
        yield Sender(services, transport, fallback)
    finally:
        await transport.close()
        if fallback is not None:
            await fallback.close()
