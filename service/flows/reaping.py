"""Whose lease ran out, and stays so: a worker that is gone, and no clock that jumped."""

from __future__ import annotations

import time

from service.flows import ticks
from service.flows.leases import HEARTBEAT_SECONDS
from service.flows.services import Services
from service.store import outbox
from service.store.db import real_now

PATIENCE = 1.5 * HEARTBEAT_SECONDS


class Reaper:
    """One worker's look at all leases.

    Where the time of the database leaps, or the machine slept, those of a worker that lives have run out as well, until
    it tells again that it does. So one is taken for lost only when it is still out a heartbeat later, by a clock that
    does not leap.
    """

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def reap(self, services: Services) -> int:
        """As `ticks.reap`, what has been out for long enough. Returns how many."""
        with services.database.reading() as session:
            out = outbox.run_out(session, real_now(session))
        now = time.monotonic()
        self._since = {lease: self._since.get(lease, now) for lease in out}
        lost = [lease for lease, since in self._since.items() if now - since >= PATIENCE]
        return ticks.reap(services, lost) if lost else 0
