"""Moving the demo's clock: every due moment in order, each with all that is due then, as if the time had passed."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.errors import RefusedError, UnavailableError
from service.flows import brake, ticks
from service.flows.demo_clock import DemoClock
from service.flows.sending import open_sender
from service.flows.services import Services
from service.store import enrolments, outbox, reports

_PATIENCE_SECONDS = 60.0
_LOOK_SECONDS = 0.02


@dataclass(frozen=True, kw_only=True)
class Moved:
    """Where the clock stands now, and how many advices and follow-ups left on the way."""

    now: datetime
    sent: int


def advance(services: Services, by: timedelta) -> Moved:
    """Move the clock forward by this much."""
    clock = _clock(services)
    target = clock.now() + by
    sent, done_until = _live_through(services, None)
    while (moment := _next_moment(services, done_until)) is not None and moment <= target:
        more, done_until = _live_through(services, moment)
        sent += more
    more, _ = _live_through(services, target)
    return Moved(now=clock.now(), sent=sent + more)


def to_next(services: Services) -> Moved:
    """Move the clock until at least one mail leaves; where nothing is planned, it stays."""
    clock = _clock(services)
    sent, done_until = _live_through(services, None)
    while not sent and (moment := _next_moment(services, done_until)) is not None:
        sent, done_until = _live_through(services, moment)
    return Moved(now=clock.now(), sent=sent)


def _live_through(services: Services, moment: datetime | None) -> tuple[int, datetime]:
    """Go to this moment and do all that is due. Returns how many mails left, and until when all is done.

    The clock goes on meanwhile: what becomes due after that last moment is the next to live through, also when it has
    passed by then. Mails are counted before leads are erased.
    """
    with services.database.reading() as session:
        attempt = reports.last_attempt(session)
    if moment is not None:
        _clock(services).move_to(moment)
    done_until = _do_what_is_due(services)
    with services.database.reading() as session:
        sent = reports.accepted_after(session, attempt)
    ticks.housekeeping(services)
    return sent, done_until


def _clock(services: Services) -> DemoClock:
    if not isinstance(services.clock, DemoClock):
        raise RefusedError("only the demo's clock can be moved (NURTURE_DEMO=1)")
    return services.clock


def _next_moment(services: Services, now: datetime) -> datetime | None:
    with services.database.reading() as session:
        return reports.next_moment(session, after=now)


def _do_what_is_due(services: Services) -> datetime:
    """Do what is due; returns until when. The service's own worker may be at it too: the ledger keeps both apart."""
    ends = time.monotonic() + _PATIENCE_SECONDS
    while True:
        moment = services.clock.now()
        ticks.plan(services)
        asyncio.run(_send(services))
        if not _busy(services, moment):
            return moment
        if time.monotonic() > ends:
            raise UnavailableError(
                "mail is still on its way; ask again", "Er is nog mail onderweg. Probeer het zo weer."
            )
        time.sleep(_LOOK_SECONDS)
        ticks.reap(services)


async def _send(services: Services) -> None:
    async with open_sender(services) as sender:
        await sender.send_due()


def _busy(services: Services, moment: datetime) -> bool:
    """Is a step to be planned, or a mail to leave, that was due by this moment?"""
    with services.database.reading() as session:
        paused = brake.state(session)
        steps = enrolments.due(session, moment, 1, paused)
        return bool(steps) or outbox.under_way(session, moment, paused)
