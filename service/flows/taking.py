"""What is due, claimed and begun in one transaction: whoever waits for a mail server has nothing else in hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from service.errors import UnavailableError
from service.flows import allowance, building, clock_check
from service.flows.handover import Begun, Routes, begin
from service.flows.services import Services
from service.store import high_water, leads, leaving, outbox
from service.store.db import locks_rows, real_now

_MOST_PASSED_OVER = 200  # somebody who has more leads than that, as a publication does, is soon done


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
    """How many were due, and which of them are to be handed over once this is committed.

    `busy` are due still: somebody else had their leads just then.
    """

    found: int
    busy: int
    begun: Sequence[Begun] = ()


def take(session: Session, services: Services, wanted: Wanted) -> Taken:
    """Claim what is due, and open an attempt for each that may go."""
    now, moment = services.clock.now(), real_now(session)
    taking = _Taking(session, services, wanted, now, moment, clock_check.held_back(session, services, now, moment))
    ids, busy = taking.claim()
    begun = taking.begin_each(ids) if wanted.one_by_one else taking.begin(ids)
    if begun:
        high_water.count_up(session, now)
    return Taken(found=len(ids) + busy, busy=busy, begun=begun)


@dataclass(frozen=True)
class _Taking:
    session: Session
    services: Services
    wanted: Wanted
    now: datetime
    moment: datetime
    paused: outbox.Paused

    def claim(self) -> tuple[list[int], int]:
        """What may be begun, and how many others were passed over, for somebody else has their leads just now."""
        most = self.wanted.most
        if self.services.send_limits.are_on:
            urgent = self.wanted.urgent
            most = allowance.claimable(self.session, self.services, most, urgent=urgent, real_now=self.moment)
        if not locks_rows(self.session):
            return self._claim(most), 0
        ids: list[int] = []
        busy: set[int] = set()
        while (asked := most - len(ids)) > 0 and len(busy) < _MOST_PASSED_OVER:
            found = self._claim(asked)
            free = self._free(found)
            ids += free
            busy |= set(found).difference(free)
            if len(found) < asked:
                break
        if busy:
            outbox.give_back(self.session, busy)
        return ids, len(busy)

    def _claim(self, most: int) -> list[int]:
        if most <= 0:
            return []
        return outbox.claim(
            self.session,
            token=self.wanted.lease,
            now=self.now,
            real_now=self.moment,
            limit=most,
            paused=self.paused,
            urgent=self.wanted.urgent,
        )

    def _free(self, ids: list[int]) -> list[int]:
        """Those whose leads nobody else has. Everybody else takes a lead before her messages: who has the messages
        already may not wait for her."""
        whose = {
            each: (lead, self.services.hmac(recipient)) for each, lead, recipient in leaving.whose(self.session, ids)
        }
        found, hashes = leads.take_free(
            self.session,
            [lead for lead, _ in whose.values() if lead is not None],
            [hashed for _, hashed in whose.values()],
        )
        return [each for each, (lead, hashed) in whose.items() if lead in {None, *found} and hashed in hashes]

    def begin(self, ids: list[int]) -> list[Begun]:
        """An attempt for each that may go."""
        if not ids:
            return []
        return begin(
            self.session,
            self.services,
            ids,
            self.wanted.lease,
            self.now,
            self.moment,
            routes=self.wanted.routes,
            paused=self.paused,
        )

    def begin_each(self, ids: list[int]) -> list[Begun]:
        """As `begin`; one at which something fails that nobody foresaw is held."""
        begun: list[Begun] = []
        for each in ids:
            try:
                with self.session.begin_nested():
                    begun += self.begin([each])
            except UnavailableError:
                raise
            except Exception as error:
                building.set_aside(self.session, each, self.wanted.lease, error, self.now)
        return begun
