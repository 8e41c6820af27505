"""The four ticks of the background work. Two at once, of one process or of many, are safe."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from service.flows import (
    alerts,
    allowance,
    heartbeat,
    opt_in_caps,
    planning,
    privacy,
    receipts,
    refusals,
    self_test,
    settling,
)
from service.flows.services import Services
from service.store import challenges
from service.store.db import real_now

PLAN_SECONDS, REAP_SECONDS, HOUSEKEEPING_SECONDS = 1.0, 2.0, 60.0


def plan(services: Services, go_on: Callable[[], bool] = lambda: True) -> int:
    """Write messages for the steps that are due; between two batches it asks whether to `go_on`."""
    return planning.plan_due(services, services.clock.now(), go_on)


def reap(services: Services) -> int:
    """Return leases that ran out, and list hand-overs that nobody will answer for."""
    with services.database.transaction() as session:
        reaped = settling.reap(session, services.clock.now(), real_now(session))
    if reaped:
        services.bell.ring()
    return reaped


def housekeeping(services: Services) -> None:
    """Erase leads whose time is over, forget what nothing looks at any more (caps, pauses, proofs), tell alerts.

    Once a day also: receipts that code of before did not write, and the test of our own way out.
    """
    now = services.clock.now()
    _erase_expired(services, now)
    # Also where nobody was erased just now: a command or a tick before this one may have found the database busy.
    services.database.forget_for_good()
    with services.database.transaction() as session:
        opt_in_caps.forget(session, services, now)
        allowance.forget(session, services, real_now(session))
        challenges.forget(session, real_now(session))
        refusals.forget_old(session, services, now)
        receipts.make_up(session)
    self_test.run_where_due(services)
    alerts.deliver(services, now)
    heartbeat.beat(services)  # not reached where anything above failed


def _erase_expired(services: Services, now: datetime) -> None:
    """In batches, so that nobody waits long for the writer."""
    while True:
        with services.database.transaction() as session:
            if not privacy.erase_expired(session, services, now):
                return
