"""The ways out of one sender: the first as long as it works, the second while it does not.

docs/ledger.md, "Two ways out", tells all of it. A mail is handed over by exactly one of them; whether another may have
it afterwards is for the ledger to say.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import structlog

from service.errors import trace
from service.flows import outcomes
from service.flows.channel import Channel
from service.flows.handover import Routes
from service.flows.room import Opened, Room
from service.flows.turns import Turns
from service.mail.transport import OutboundMail, Outcome, SendResult, Transport
from service.store.attempts import FALLBACK, PRIMARY
from service.store.domain_pauses import BY_FALLBACK, DOWN

PATIENCE = 10.0
"""Seconds that a lane waits for one way before it looks at the other."""
_SILENCE = 8.0
"""Seconds: who says nothing for longer, with mail in flight, gets no more of it as long as there is another way."""
log = structlog.get_logger()


class Way:
    """One way out, what this sender knows of it, and the places for mails on it."""

    def __init__(self, name: str, transport: Transport, room: Room, *, alone: bool) -> None:
        self.name, self.transport, self.room = name, transport, room
        self.channel = Channel()
        self.turns = Turns(transport.capacity)
        self.checking: asyncio.Task[None] | None = None
        self._alone = alone
        self._in_flight: dict[object, float] = {}  # since when, in the loop's time
        self._answered = self._faulted = 0.0

    @property
    def is_usable(self) -> bool:
        """Does it neither rest nor, where there is another way, wait to be asked or keep silent?"""
        return self.channel.is_open and (self._alone or not (self.channel.wants_check or self.is_silent))

    @property
    def is_silent(self) -> bool:
        """Has a mail been in flight for long, and nothing been answered meanwhile?"""
        if not self._in_flight:
            return False
        waits_since = max(self._answered, min(self._in_flight.values()))
        return asyncio.get_running_loop().time() - waits_since > _SILENCE

    async def send(self, mail: OutboundMail) -> SendResult:
        """Hand over one mail. Returns what became of it, whatever that is.

        Where a long silence ends without a word, the next mail would fare no better: that is about the way.
        """
        time, mark = asyncio.get_running_loop().time, object()
        self._in_flight[mark] = time()
        silent = False
        try:
            result = await self.transport.send(mail)
            silent = result.code is None and self.is_silent
        except Exception as error:
            # A transport never raises; where one does, nobody knows how far it came.
            log.error("transport failed", channel=self.name, error=trace(error))
            result = SendResult(outcome=Outcome.UNKNOWN, stage="transport", text=type(error).__name__)
        finally:
            del self._in_flight[mark]
            self._answered = time()
        if silent and not self._alone and result.outcome in {Outcome.UNKNOWN, Outcome.RETRY}:
            return replace(result, scope="channel")
        return result

    async def check(self) -> SendResult | None:
        """None when a mail could be handed over now, else what is in the way. Sends nothing."""
        try:
            return await self.transport.check()
        except Exception as error:
            log.error("transport failed", channel=self.name, error=trace(error))
            return SendResult(outcome=Outcome.DOWN, stage="check", text=type(error).__name__, scope="channel")

    def fault(self, result: SendResult) -> None:
        """This met a fault of the way itself: it rests."""
        self._faulted = asyncio.get_running_loop().time()
        if not self.channel.is_faulty:
            log.warning("way out rests", channel=self.name, stage=result.stage, code=result.code, text=result.text)
        self.channel.note(fault=True, rest=result.retry_after)

    def works(self, began: float) -> bool:
        """This mail, begun then, met no fault of the way. True: the way works again.

        Of one that was on its way when the fault came nothing is learnt, where other mail need not wait for it.
        """
        return (self._alone or began >= self._faulted) and self.channel.note(fault=False)


class WaysOut:
    """The first way, and the second where there is one. Bound to one event loop."""

    def __init__(self, transport: Transport, fallback: Transport | None, most_open: int) -> None:
        self._opened = opened = Opened(most_open)
        named = {PRIMARY: transport} if fallback is None else {PRIMARY: transport, FALLBACK: fallback}
        # A way that hangs with all it has in flight must leave the other one some.
        most = most_open if fallback is None else most_open - most_open // 4
        self._ways = {
            name: Way(name, each, Room(min(each.capacity, most), opened, deepest=most), alone=fallback is None)
            for name, each in named.items()
        }

    def __getitem__(self, name: str) -> Way:
        return self._ways[name]

    @property
    def patience(self) -> float | None:
        """How long to wait for a way before looking for another; None: there is no other."""
        return PATIENCE if len(self._ways) > 1 else None

    def best(self) -> Way | None:
        """The way for a mail that begins now; None: there is none now."""
        return next((way for way in self._ways.values() if self.may_begin(way)), None)

    def may_begin(self, way: Way) -> bool:
        """May another hand-over by it begin now? Where there are two, the one mail that tries holds up no other."""
        trying = way.channel.is_faulty and way.channel.probing.locked() and len(self._ways) > 1
        return way.is_usable and not trying

    def routes(self, way: Way) -> Routes:
        """What the hand-over transaction must know of the ways, for mail that is to go by this one."""
        return Routes(
            chosen=way.name,
            open=frozenset(each.name for each in self._ways.values() if each is way or self.may_begin(each)),
            windows={each.name: each.transport.remembers for each in self._ways.values()},
        )

    def to_check(self) -> list[Way]:
        """Those whose rest is over, and that no mail is risked on before they were asked. Alone, a mail has to try."""
        if len(self._ways) == 1:
            return []
        return [way for way in self._ways.values() if way.channel.wants_check and way.checking is None]

    def checks(self) -> list[asyncio.Task[None]]:
        """What is being asked just now."""
        return [way.checking for way in self._ways.values() if way.checking is not None]

    def causes(self, way: Way, result: SendResult) -> list[str]:
        """What to tell the practice after a fault of this way."""
        if len(self._ways) == 1:
            return [DOWN] if outcomes.is_our_fault(result) else []
        none_is_left = all(each.channel.is_faulty for each in self._ways.values())
        return [BY_FALLBACK] * (way.name == PRIMARY) + [DOWN] * none_is_left

    def in_flight(self) -> int:
        """How many mails have an attempt whose outcome is not written."""
        return self._opened.count

    def under_way(self) -> list[asyncio.Task[None]]:
        """What hands mails over just now."""
        return [task for way in self._ways.values() for task in way.turns.tasks]

    def close(self) -> None:
        """No further mail gets a place."""
        for way in self._ways.values():
            way.room.close()

    def clear(self) -> None:
        """No mail that stands in line goes any more."""
        for way in self._ways.values():
            way.turns.clear()
