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
    machines, moment = services.clock.now(), real_now(session)
    now = clock_check.right(session, services, machines, moment)
    paused = clock_check.held_back(session, services, machines, moment)
    taking = _Taking(session, services, wanted, now, moment, paused)
    taken = taking.each() if wanted.one_by_one else taking.together()
    if taken.begun:
        high_water.count_up(session, now)
    return taken


@dataclass(frozen=True)
class _Taking:
    session: Session
    services: Services
    wanted: Wanted
    now: datetime
    moment: datetime
    paused: outbox.Paused

    def together(self) -> Taken:
        """All by one look; on PostgreSQL of whom nobody else has: who waited for a lead could stop all others."""
        most = self._most()
        if most <= 0:
            return Taken(found=0)
        if locks_rows(self.session):
            ids = self._free(most)
            due = leaving.due_among(self.session, ids, self.now) if ids else []
        else:
            due = leaving.due(self.session, self.now, most, self.paused, urgent=self.wanted.urgent)
        return Taken(found=len(due), begun=self._begin(due) if due else ())

    def each(self) -> Taken:
        """Each by a look of its own; one at which something fails that nobody foresaw is held, unread."""
        ids, begun = self._ids(self._most()), list[Begun]()
        domain_pauses.hold(self.session)  # before the lock of the limits, which the first of them may take
        for each in ids:
            try:
                with self.session.begin_nested():
                    begun += self._begin(leaving.due_among(self.session, [each], self.now))
            except UnavailableError:
                raise
            except Exception as error:
                building.set_aside(self.session, each, error, self.now)
        return Taken(found=len(ids), begun=begun)

    def _most(self) -> int:
        if not self.services.send_limits.are_on:
            return self.wanted.most
        urgent = self.wanted.urgent
        return allowance.worth_taking(
            self.session, self.services, self.wanted.most, urgent=urgent, real_now=self.moment
        )

    def _ids(self, most: int) -> list[int]:
        if most <= 0:
            return []
        if locks_rows(self.session):
            return self._free(most)
        return outbox.due_ids(self.session, self.now, most, self.paused, urgent=self.wanted.urgent)

    def _free(self, most: int) -> list[int]:
        found = outbox.free(self.session, self.now, most, self.paused, urgent=self.wanted.urgent)
        hashes = {each: self.services.hmac(recipient) for each, recipient in found}
        ours = leads.hashes_free(self.session, hashes.values()) if found else frozenset()
        return [each for each, hashed in hashes.items() if hashed in ours]

    def _begin(self, due: Sequence[Leaving]) -> list[Begun]:
        lease, routes = self.wanted.lease, self.wanted.routes
        return begin(self.session, self.services, due, lease, self.now, self.moment, routes=routes)
