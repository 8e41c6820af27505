"""The leases that one sender holds, renewed as long as it works on them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import structlog
from sqlmodel import Session

from service.errors import UnavailableError, trace
from service.flows.off_loop import OffLoop
from service.store import outbox
from service.store.db import real_now

HEARTBEAT_SECONDS = 5.0
log = structlog.get_logger()


class Leases:
    """`held` are their tokens; `beat` runs beside the sender and ends by being cancelled."""

    def __init__(self, off_loop: OffLoop) -> None:
        self.held: set[str] = set()
        self._write = off_loop.write
        # Of its own: the others may all be waiting for a lead, longer than a lease lasts. Ends with the sender.
        self._thread = ThreadPoolExecutor(1, "leases")

    async def beat(self) -> None:
        """Tell again and again that everything held is still being worked on."""
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            try:
                if tokens := [*self.held]:
                    await self._write(partial(_renew, tokens), urgent=True, thread=self._thread)
            except UnavailableError as error:
                log.warning("heartbeat failed", reason=error.english)
            except Exception as error:
                # Without its heartbeat a worker that is well loses all it has in hand: a mail in flight would go again.
                log.error("heartbeat failed", error=trace(error))


def _renew(tokens: Sequence[str], session: Session) -> None:
    outbox.renew(session, tokens, real_now(session))
