"""Due mail out: claim, compose, hand over, settle by token. No transaction is open during I/O."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import structlog
from sqlmodel import Session

from service.errors import UnavailableError, trace
from service.flows import allowance, clock_check
from service.flows.flights import Flights, Group
from service.flows.handover import Routes, begin
from service.flows.leases import Leases
from service.flows.making import Making
from service.flows.off_loop import OffLoop, all_done, cancel
from service.flows.services import Services
from service.flows.ways_out import Way, WaysOut
from service.mail.transport import Transport
from service.store import outbox
from service.store.db import real_now
from service.store.leaving import Opening

GROUP = 24  # mails in one claim, and at most in one hand-over transaction: what all follow-ups have room for
MOST_OPEN = 32  # attempts of one sender whose outcome is not written: so many a crash may leave of unknown fate
_LANES = (True, False, False)  # is a lane for what is urgent (advice, service mail), or for follow-ups?
_STOP_SECONDS = 8.5  # a container is killed ten seconds after it was asked to stop
log = structlog.get_logger()


class Sender:
    """Hands over what is due. Bound to one event loop; any number of senders may share a database.

    Each lane claims a group, waits for room, and goes on to the next group while the mails are in flight: a slow mail
    server holds up no more than its own mails. Every group has a lease token of its own, and one way out.
    """

    def __init__(self, services: Services, transport: Transport, fallback: Transport | None = None) -> None:
        self._services = services
        self.ways = WaysOut(transport, fallback, MOST_OPEN)
        off_loop = OffLoop(services.database)
        self._write = off_loop.write
        self._making = Making(services, off_loop)
        self._leases = Leases(off_loop)
        self._flights = Flights(services, off_loop, self.ways, self.ring)
        self._groups: set[asyncio.Task[None]] = set()
        self._bells = [asyncio.Event() for _ in _LANES]
        self._asked_to_stop = asyncio.Event()

    async def run(self) -> None:
        """Hand over whatever becomes due, until `stop`; then finish what is in flight, and give back the rest."""
        beat = asyncio.create_task(self._leases.beat())
        lanes = [asyncio.create_task(self._serve(lane)) for lane in range(len(_LANES))]
        try:
            await self._asked_to_stop.wait()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_STOP_SECONDS):
                    await asyncio.gather(*lanes)
                    await asyncio.gather(*self._groups, return_exceptions=True)
            if self._groups:
                log.warning("stopped with mail in flight; its outcome will be listed as unknown")
        finally:
            await cancel([beat, *lanes, *self._groups, *self.ways.checks()])
            await self._flights.finish()
            await self._leases.give_back(*self._leases.held)

    async def send_due(self) -> int:
        """Hand over everything that is due now, advice first. Returns how many advices and follow-ups were accepted."""
        before = self._flights.accepted
        beat = asyncio.create_task(self._leases.beat())
        try:
            found = True
            while found:
                drained = [await self._drain(urgent=True)]
                drained += await all_done(self._drain(urgent=urgent) for urgent in _LANES)
                checks = self.ways.checks()
                await all_done([*self._groups, *checks])
                found = any(drained) or (bool(checks) and self.ways.best() is not None)
        finally:
            await asyncio.gather(*self._groups, *self.ways.checks(), return_exceptions=True)
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
        """Claim and begin until nothing is left that may go. Was there anything?"""
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
        """Claim a group and begin to hand it over. Returns what ends when it is settled; None: nothing is due."""
        lease = secrets.token_hex(16)
        ids = await self._write(lambda session: self._claim(session, lease, most, urgent=urgent), urgent=urgent)
        if not ids:
            return None
        self._leases.held.add(lease)
        flying = Group()
        all_begun = False
        try:
            all_begun = await self._begin(way, lease, ids, flying, urgent=urgent, tries=most == 1)
        finally:
            group = asyncio.create_task(self._land(lease, flying, all_begun=all_begun))
            self._groups.add(group)
            group.add_done_callback(self._forget)
        return group

    def _claim(self, session: Session, lease: str, most: int, *, urgent: bool) -> list[int]:
        moment = real_now(session)
        if self._services.send_limits.are_on:
            most = allowance.claimable(session, self._services, most, urgent=urgent, real_now=moment)
        if most <= 0:
            return []
        now = self._services.clock.now()
        paused = clock_check.held_back(session, self._services, now, moment)
        return outbox.claim(session, token=lease, now=now, real_now=moment, limit=most, paused=paused, urgent=urgent)

    async def _begin(self, way: Way, lease: str, ids: list[int], flying: Group, *, urgent: bool, tries: bool) -> bool:
        """Open attempts as room comes free, and set each mail off. False when some of them may not begin any more.

        A mail that `tries` finds out whether the way works; a group goes only by one that is known to.
        """
        composed_at = self._services.clock.now()
        mails = await self._making.mails(ids, lease, composed_at)
        waiting = list(mails)
        alone: set[int] = set()  # of a batch that failed: which of them it was shows when each goes by itself
        while waiting:
            wanted = 1 if waiting[0] in alone else len(waiting)
            places = await way.room.take(wanted, urgent=urgent, patience=self.ways.patience)
            if not places or not self._may_begin(way) or not (tries or way.channel.is_proven):
                way.room.give_back(places, urgent=urgent)
                return False
            batch, waiting = waiting[:places], waiting[places:]
            routes = self.ways.routes(way)
            try:
                begun = await self._write(
                    lambda session, batch=batch, routes=routes: self._open(  # type: ignore[misc]
                        session, batch, lease, routes, composed_at
                    ),
                    urgent=urgent,
                )
            except Exception as error:
                way.room.give_back(places, urgent=urgent)
                if isinstance(error, UnavailableError):
                    raise
                if len(batch) > 1:
                    alone.update(batch)
                    waiting = batch + waiting
                else:
                    await self._making.set_aside(batch[0], lease, error)
                continue
            except BaseException:
                way.room.give_back(places, urgent=urgent)
                raise
            way.room.give_back(places - len(begun), urgent=urgent)
            self._flights.set_off(begun, mails, flying, way.room, urgent=urgent)
        return True

    def _open(
        self, session: Session, ids: list[int], lease: str, routes: Routes, composed_at: datetime
    ) -> list[Opening]:
        now, moment = self._services.clock.now(), real_now(session)
        return begin(session, self._services, ids, lease, now, moment, routes=routes, dated=composed_at)

    async def _land(self, lease: str, flying: Group, *, all_begun: bool) -> None:
        """Return what was not begun: it may go by another way. Then wait until the others of a group are settled."""
        try:
            if not all_begun:
                await self._leases.give_back(lease)
        finally:
            try:
                await flying.all_landed()
            finally:
                self._leases.held.discard(lease)

    def _forget(self, group: asyncio.Task[None]) -> None:
        self._groups.discard(group)
        if not group.cancelled() and (error := group.exception()) is not None:
            log.error("sending failed", error=trace(error))


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
