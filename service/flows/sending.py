"""Due mail out: claim, compose, hand over, settle by token. No transaction is open during I/O."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TypeVar

import structlog
from sqlmodel import Session

from service.errors import UnavailableError, trace
from service.flows import allowance, channel, clock_check, settling
from service.flows.building import build_all, set_aside
from service.flows.channel import Channel
from service.flows.handover import HandOver, begin
from service.flows.room import Room
from service.flows.services import Services
from service.mail.transport import OutboundMail, Outcome, SendResult, Transport
from service.store import outbox
from service.store.db import real_now

GROUP = 8  # mails in one claim, and at most in one hand-over transaction
MOST_OPEN = 32  # attempts of one sender whose outcome is not written: so many a crash may leave of unknown fate
_LANES = (True, False, False)  # is a lane for what is urgent (advice, service mail), or for follow-ups?
_HEARTBEAT_SECONDS = 5.0
_STOP_SECONDS = 8.5  # a container is killed ten seconds after it was asked to stop
_T = TypeVar("_T")
log = structlog.get_logger()


class Sender:
    """Hands over what is due. Bound to one event loop; any number of senders may share a database.

    Each lane claims a group, waits for room, and goes on to the next group while the mails are in flight: a slow mail
    server holds up no more than its own mails. Every group has a lease token of its own.
    """

    def __init__(self, services: Services, transport: Transport) -> None:
        self._services = services
        self._transport = transport
        self._room = Room(transport.capacity)
        self._channel = Channel()
        self._held: set[str] = set()  # lease tokens, renewed as long as they are here
        self._groups: set[asyncio.Task[None]] = set()
        self._bells = [asyncio.Event() for _ in _LANES]
        self._accepted = 0
        self._settling = 0  # answered, and without a place, while the outcome is being written
        self._asked_to_stop = asyncio.Event()
        self._urgent_thread = ThreadPoolExecutor(1, "urgent")  # ends with the sender

    async def run(self) -> None:
        """Hand over whatever becomes due, until `stop`; then finish what is in flight, and give back the rest."""
        beat = asyncio.create_task(self._heartbeat())
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
            await _cancel([beat, *lanes, *self._groups])
            with contextlib.suppress(UnavailableError):  # then they are reaped
                for lease in list(self._held):
                    await self._give_back(lease)

    async def send_due(self) -> int:
        """Hand over everything that is due now, advice first. Returns how many advices and follow-ups were accepted."""
        before = self._accepted
        beat = asyncio.create_task(self._heartbeat())
        try:
            found = True
            while found:
                drained = [await self._drain(urgent=True)]
                drained += await _all_done(self._drain(urgent=urgent) for urgent in _LANES)
                await _all_done(list(self._groups))
                found = any(drained)
        finally:
            await asyncio.gather(*self._groups, return_exceptions=True)
            await _cancel([beat])
        return self._accepted - before

    def ring(self) -> None:
        """Something became due, or may go again. Called in the sender's own loop."""
        for bell in self._bells:
            bell.set()

    def stop(self) -> None:
        """Begin no further hand-over; what is in flight is finished. Called in the sender's own loop."""
        self._asked_to_stop.set()
        self._room.close()
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
        while self._may_begin():
            if self._channel.is_proven:
                more = await self._send_some(GROUP, urgent=urgent) is not None
            elif urgent and not self._channel.is_faulty:
                more = await self._send_one(urgent=urgent)  # at the start no advice waits for a follow-up that tries
            else:
                more = await self._probe(urgent=urgent)
            if not more:
                break
            found = True
        return found

    def _may_begin(self) -> bool:
        return not self._asked_to_stop.is_set() and self._channel.is_open

    async def _probe(self, *, urgent: bool) -> bool:
        """At the start, and after a fault of ours, one mail of all lanes finds out whether the channel works."""
        async with self._channel.probing:
            if not self._may_begin() or self._channel.is_proven:
                return True  # somebody found out while we waited
            if not self._channel.is_faulty:
                return await self._send_one(urgent=urgent)
            first = self._channel.is_turn_of_urgent
            return await self._send_one(urgent=first) or await self._send_one(urgent=not first)

    async def _send_one(self, *, urgent: bool) -> bool:
        group = await self._send_some(1, urgent=urgent)
        if group is not None:
            await asyncio.wait({group})
        return group is not None

    async def _send_some(self, most: int, *, urgent: bool) -> asyncio.Task[None] | None:
        """Claim a group and begin to hand it over. Returns what ends when it is settled; None: nothing is due."""
        lease = secrets.token_hex(16)
        ids = await self._write(lambda session: self._claim(session, lease, most, urgent=urgent), urgent=urgent)
        if not ids:
            return None
        self._held.add(lease)
        flying: list[asyncio.Task[None]] = []
        all_begun = False
        try:
            all_begun = await self._begin(lease, ids, flying, urgent=urgent)
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
        paused = clock_check.held_back(session, self._services, now)
        return outbox.claim(session, token=lease, now=now, real_now=moment, limit=most, paused=paused, urgent=urgent)

    async def _begin(self, lease: str, ids: list[int], flying: list[asyncio.Task[None]], *, urgent: bool) -> bool:
        """Open attempts as room comes free, and set each mail off. False when some of them may not begin any more."""
        composed_at = self._services.clock.now()
        mails = await self._build(ids, lease, composed_at, urgent=urgent)
        waiting = list(mails)
        alone: set[int] = set()  # of a batch that failed: which of them it was shows when each goes by itself
        while waiting:
            places = await self._room.take(1 if waiting[0] in alone else len(waiting), urgent=urgent)
            if not self._may_begin():
                self._room.give_back(places)
                return False
            batch, waiting = waiting[:places], waiting[places:]
            try:
                begun = await self._write(
                    lambda session, batch=batch: self._open(session, batch, lease, composed_at),  # type: ignore[misc]
                    urgent=urgent,
                )
            except Exception as error:
                self._room.give_back(places)
                if isinstance(error, UnavailableError):
                    raise
                if len(batch) > 1:
                    alone.update(batch)
                    waiting = batch + waiting
                else:
                    await self._set_aside(batch[0], lease, error)
                continue
            except BaseException:
                self._room.give_back(places)
                raise
            self._room.give_back(places - len(begun))
            flying.extend(asyncio.create_task(self._hand_over(each, mails[each.message.id])) for each in begun)
        return True

    async def _build(
        self, ids: list[int], lease: str, composed_at: datetime, *, urgent: bool
    ) -> dict[int, OutboundMail]:
        """The mails of a group. A row that nobody can read or build is held; it never stops the others."""
        try:
            return await self._write(
                lambda session: build_all(session, self._services, ids, lease, composed_at), urgent=urgent
            )
        except UnavailableError:
            raise
        except Exception as error:
            if len(ids) == 1:
                await self._set_aside(ids[0], lease, error)
                return {}
        mails: dict[int, OutboundMail] = {}
        for each in ids:
            mails |= await self._build([each], lease, composed_at, urgent=urgent)
        return mails

    async def _set_aside(self, message_id: int, lease: str, error: Exception) -> None:
        log.error("sending failed at one mail", message=message_id, error=trace(error))
        now = self._services.clock.now()
        await self._write(lambda session: set_aside(session, message_id, lease, error, now))

    def _open(self, session: Session, ids: list[int], lease: str, composed_at: datetime) -> list[HandOver]:
        now, moment = self._services.clock.now(), real_now(session)
        remembers = self._transport.remembers
        return begin(session, self._services, ids, lease, now, moment, remembers=remembers, dated=composed_at)

    async def _land(self, lease: str, flying: list[asyncio.Task[None]], *, all_begun: bool) -> None:
        """Wait until every mail of a group is settled, and return what was not begun."""
        try:
            await _all_done(flying)
        finally:
            self._held.discard(lease)
            if not all_begun:
                with contextlib.suppress(UnavailableError):  # then it is reaped
                    await self._give_back(lease)

    async def _give_back(self, lease: str) -> None:
        """Return what is leased and was not handed over: another worker may have it at once."""
        await self._write(lambda session: outbox.give_back(session, lease))

    async def _hand_over(self, handed: HandOver, mail: OutboundMail) -> None:
        try:
            result = await self._transport.send(mail)
        except Exception as error:
            # A transport never raises; where one does, nobody knows how far it came.
            log.error("transport failed", message=handed.message.id, error=trace(error))
            result = SendResult(outcome=Outcome.UNKNOWN, stage="transport", text=type(error).__name__)
        ours = await self._settle_beside(handed.token, result)
        if self._channel.note(fault=ours or settling.is_channels(result), rest=result.retry_after):
            await self._write(lambda session: channel.mended(session, self._services, self._services.clock.now()))
            self.ring()  # the other lanes may go again
        if result.outcome is Outcome.ACCEPTED and handed.message.kind != "service":
            self._accepted += 1
        elif result.outcome is Outcome.UNKNOWN:
            self.ring()  # an advice is due again at once

    async def _settle_beside(self, token: str, result: SendResult) -> bool:
        """As `_settle`; the next mail goes meanwhile, unless too many outcomes wait for the database already."""
        beside = self._settling < MOST_OPEN - self._transport.capacity
        self._settling += beside
        if beside:
            self._room.give_back(1)
        try:
            return await self._settle(token, result)
        finally:
            self._settling -= beside
            if not beside:
                self._room.give_back(1)

    async def _settle(self, token: str, result: SendResult) -> bool:
        """Keep at it while the database is away: only a crash may leave it unwritten. True: a fault of ours."""
        delay = 0.1
        while True:
            try:
                ours = await self._write(
                    lambda session: settling.settle(
                        session, self._services, token, result, self._services.clock.now(), real_now(session)
                    )
                )
                if settling.is_our_fault(result):
                    await self._write(lambda session: channel.tell_down(session, result, self._services.clock.now()))
            except UnavailableError:
                await asyncio.sleep(delay)
                delay = min(delay * 2, 5.0)
            else:
                return ours

    async def _heartbeat(self) -> None:
        while True:
            await asyncio.sleep(_HEARTBEAT_SECONDS)
            try:
                if self._held:
                    await self._renew(list(self._held))
            except UnavailableError as error:
                log.warning("heartbeat failed", reason=error.english)
            except Exception as error:
                # Without its heartbeat a worker that is well loses all it has in hand: a mail in flight would go again.
                log.error("heartbeat failed", error=trace(error))

    async def _renew(self, leases: list[str]) -> None:
        await self._write(lambda session: outbox.renew(session, leases, real_now(session)))

    def _forget(self, group: asyncio.Task[None]) -> None:
        self._groups.discard(group)
        if not group.cancelled() and (error := group.exception()) is not None:
            log.error("sending failed", error=trace(error))

    async def _write(self, work: Callable[[Session], _T], *, urgent: bool = False) -> _T:
        """One transaction, off the loop: waiting for the writer must not hold up a mail in flight.

        An urgent one has a thread of its own: the others may all be waiting for the database.
        """

        def run() -> _T:
            with self._services.database.transaction(urgent=urgent) as session:
                return work(session)

        threads = self._urgent_thread if urgent else None
        return await asyncio.get_running_loop().run_in_executor(threads, run)


async def _all_done(work: Iterable[Awaitable[_T]]) -> list[_T]:
    """Wait for all of them, also when one fails: what is in flight is settled before the failure is told."""
    done = await asyncio.gather(*work, return_exceptions=True)
    for each in done:
        if isinstance(each, BaseException):
            raise each
    return [each for each in done if not isinstance(each, BaseException)]


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
