"""What is due, taken and begun in one transaction: whoever waits for a mail server has nothing else in hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from service.errors import UnavailableError
from service.flows import allowance, building, clock_check
from service.flows.handover import Begun, Routes, begin
from service.flows.services import Services
from service.store import domain_pauses, high_water, leads, leaving, outbox
from service.store.db import locks_rows, real_now
from service.store.leaving import Leaving


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Up to `most` mails under one lease, urgent ones or follow-ups, for places that are free at a way out."""

    lease: str
    most: int
    urgent: bool
    routes: Routes
    one_by_one: bool = False  # after it failed: at which mail it did shows when each goes by itself


@dataclass(frozen=True, kw_only=True)
class Taken:
    """How many were due, and which of them are to be handed over once this is committed."""

    found: int
    begun: Sequence[Begun] = ()


def take(session: Session, services: Services, wanted: Wanted) -> Taken:
    """Open an attempt for each that is due and may go."""
    now, moment = services.clock.now(), real_now(session)
    taking = _Taking(session, services, wanted, now, moment, clock_check.held_back(session, services, now, moment))
    due = taking.look()
    begun = taking.begin_each(due) if wanted.one_by_one else taking.begin(due)
    if begun:
        high_water.count_up(session, now)
    return Taken(found=len(due), begun=begun)


@dataclass(frozen=True)
class _Taking:
    session: Session
    services: Services
    wanted: Wanted
    now: datetime
    moment: datetime
    paused: outbox.Paused

    def look(self) -> list[Leaving]:
        """What is due; on PostgreSQL, of whom nobody else has: who waited for a lead here could stop all others."""
        wanted, session, most = self.wanted, self.session, self.wanted.most
        if self.services.send_limits.are_on:
            most = allowance.claimable(session, self.services, most, urgent=wanted.urgent, real_now=self.moment)
        if most <= 0:
            return []
        if not locks_rows(session):
            return leaving.due(session, self.now, most, self.paused, urgent=wanted.urgent)
        ids = self._free(most)
        return leaving.due_among(session, ids, self.now) if ids else []

    def _free(self, most: int) -> list[int]:
        found = outbox.free(self.session, self.now, most, self.paused, urgent=self.wanted.urgent)
        hashes = {each: self.services.hmac(recipient) for each, recipient in found}
        ours = leads.hashes_free(self.session, hashes.values()) if found else frozenset()
        return [each for each, hashed in hashes.items() if hashed in ours]

    def begin(self, due: Sequence[Leaving]) -> list[Begun]:
        """An attempt for each that may go."""
        if not due:
            return []
        return begin(
            self.session,
            self.services,
            due,
            self.wanted.lease,
            self.now,
            self.moment,
            routes=self.wanted.routes,
        )

    def begin_each(self, due: Sequence[Leaving]) -> list[Begun]:
        """As `begin`; one at which something fails that nobody foresaw is held."""
        begun: list[Begun] = []
        domain_pauses.hold(self.session)  # before the lock of the limits, which the first of them may take
        for each in due:
            try:
                with self.session.begin_nested():
                    begun += self.begin([each])
            except UnavailableError:
                raise
            except Exception as error:
                building.set_aside(self.session, each.id, error, self.now)
        return begun
