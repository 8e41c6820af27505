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
    paused = clock_check.held_back(session, services, now, moment)
    found = _claim(session, services, wanted, paused, now, moment)
    ids = _free(session, services, found) if locks_rows(session) else found
    if not ids:
        return Taken(found=len(found), busy=len(found))
    if wanted.one_by_one:
        begun = _each(session, services, ids, wanted, paused, now, moment)
    else:
        begun = begin(session, services, ids, wanted.lease, now, moment, routes=wanted.routes, paused=paused)
    if begun:
        high_water.count_up(session, now)
    return Taken(found=len(found), busy=len(found) - len(ids), begun=begun)


def _each(
    session: Session,
    services: Services,
    ids: list[int],
    wanted: Wanted,
    paused: outbox.Paused,
    now: datetime,
    moment: datetime,
) -> list[Begun]:
    """Those that can be begun; one at which something fails that nobody foresaw is held."""
    begun: list[Begun] = []
    for each in ids:
        try:
            with session.begin_nested():
                begun += begin(
                    session, services, [each], wanted.lease, now, moment, routes=wanted.routes, paused=paused
                )
        except UnavailableError:
            raise
        except Exception as error:
            building.set_aside(session, each, wanted.lease, error, now)
    return begun


def _claim(
    session: Session, services: Services, wanted: Wanted, paused: outbox.Paused, now: datetime, moment: datetime
) -> list[int]:
    most = wanted.most
    if services.send_limits.are_on:
        most = allowance.claimable(session, services, most, urgent=wanted.urgent, real_now=moment)
    if most <= 0:
        return []
    return outbox.claim(
        session, token=wanted.lease, now=now, real_now=moment, limit=most, paused=paused, urgent=wanted.urgent
    )


def _free(session: Session, services: Services, ids: list[int]) -> list[int]:
    """Those whose leads nobody else has just now; the others are given back.

    Everybody else takes a lead before her messages. Who has the messages already may not wait for her.
    """
    whose = {each: (lead, services.hmac(recipient)) for each, lead, recipient in leaving.whose(session, ids)}
    wanted = [lead for lead, _ in whose.values() if lead is not None]
    found, hashes = leads.take_free(session, wanted, [hashed for _, hashed in whose.values()])
    free = [each for each in ids if each in whose and _is_free(*whose[each], found, hashes)]
    if busy := set(ids).difference(free):
        outbox.give_back(session, busy)
    return free


def _is_free(lead: int | None, hashed: str, leads_taken: frozenset[int], hashes_taken: frozenset[str]) -> bool:
    return (lead is None or lead in leads_taken) and hashed in hashes_taken
