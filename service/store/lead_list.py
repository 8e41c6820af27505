"""Leads as staff look through them: filtered, newest first, a page at a time, whatever there is of them.

A page is filled from whichever rows are fewest: those of a sequence and state, requests, appointments, or all leads.
What else is asked is looked up for those alone, and no page looks at more than `MOST_LOOKED_AT`: where little fits, the
rest is looked through by the next page, and not by one that takes forever.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from typing import Literal

from sqlalchemy import ColumnElement, collate, false
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, func, select

from service.store import suppressions
from service.store.enrolments import OPEN
from service.store.tables import Booking, BookingRequest, Enrolment, Lead, Revision

Stand = Literal["awaiting_confirmation", "active", "paused", "finished", "stopped", "expired"]
"""Where a run stands, as staff see it: a paused one is not also under way."""
STANDS: tuple[Stand, ...] = ("awaiting_confirmation", "active", "paused", "finished", "stopped", "expired")
MOST_LOOKED_AT = 10_000
_AT_A_TIME = 500
_OVERLAP = 1_000  # ids are given out in order, but for transactions that ran at once


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which leads: all that is given must hold, the state and the sequence of one and the same run.

    `prefix` is how an address begins, in lower case.
    """

    stand: Stand | None = None
    sequence: str | None = None
    since: datetime | None = None
    suppressed: bool = False
    asked: bool = False
    booked: bool = False
    prefix: str | None = None


@dataclass(frozen=True, kw_only=True)
class Found:
    """A page of leads, newest first. `older`: the id before which the next page begins, None at the end.

    `looked_on`: the page is not full, for too few of those looked at were wanted.
    """

    leads: tuple[Lead, ...]
    older: int | None
    looked_on: bool = False


def page(
    session: Session, wanted: Wanted, *, before: int | None, limit: int, now: datetime, hmac: Callable[[str], str]
) -> Found:
    """The next leads that are wanted, of those with an id below `before`."""
    floor = _floor(session, wanted.since)
    blocked = suppressions.standing(session, now) if wanted.suppressed else frozenset[str]()
    found: list[int] = []
    looked, at = 0, before
    while looked < MOST_LOOKED_AT:
        ids = _candidates(session, wanted, floor=floor, before=at, now=now)
        fitting = _fitting(session, wanted, ids, now)
        found += [each for each, address in fitting if not wanted.suppressed or hmac(address) in blocked]
        if len(found) > limit:
            return Found(leads=_leads(session, found[:limit]), older=found[limit - 1])
        if len(ids) < _AT_A_TIME:
            return Found(leads=_leads(session, found), older=None)
        looked, at = looked + len(ids), ids[-1]
    return Found(leads=_leads(session, found), older=at, looked_on=True)


def _leads(session: Session, ids: Sequence[int]) -> tuple[Lead, ...]:
    """These leads, newest first."""
    return tuple(session.exec(select(Lead).where(col(Lead.id).in_(ids)).order_by(col(Lead.id).desc())))


def runs_of(session: Session, lead_ids: Sequence[int]) -> dict[int, list[Enrolment]]:
    """lead id -> her runs, oldest first."""
    statement = select(Enrolment).where(col(Enrolment.lead_id).in_(lead_ids))
    rows = session.exec(statement.order_by(col(Enrolment.lead_id), col(Enrolment.id)))
    return {lead_id: list(own) for lead_id, own in groupby(rows, key=lambda each: each.lead_id)}


def asked(session: Session, lead_ids: Sequence[int]) -> dict[int, bool]:
    """lead id -> does nobody know yet what became of a request of hers? Of those who ever asked for a pain check."""
    found: dict[int, bool] = {}
    statement = select(BookingRequest.lead_id, BookingRequest.handled_at)
    for lead_id, handled_at in session.exec(statement.where(col(BookingRequest.lead_id).in_(lead_ids))):
        if lead_id is not None:
            found[lead_id] = found.get(lead_id, False) or handled_at is None
    return found


def booked(session: Session, lead_ids: Sequence[int]) -> set[int]:
    """Those of these leads who have an appointment, or had one."""
    statement = select(Booking.lead_id).where(col(Booking.lead_id).in_(lead_ids), Booking.state == "booked")
    return {each for each in session.exec(statement) if each is not None}


def sequences(session: Session) -> Sequence[str]:
    """The name of every sequence that was ever published."""
    return session.exec(
        select(Revision.name).where(Revision.kind == "sequence").distinct().order_by(col(Revision.name))
    ).all()


def count(session: Session) -> int:
    """How many leads there are."""
    return session.exec(select(func.count()).select_from(Lead)).one()


def count_by_stand(session: Session, now: datetime) -> dict[str, int]:
    """Where runs stand -> how many do. From indexes alone."""
    # By sequence too, as the index is sorted: else SQLite sorts all runs anew.
    statement = select(Enrolment.state, func.count()).group_by(col(Enrolment.sequence), col(Enrolment.state))
    counts: dict[str, int] = {}
    for state, number in session.exec(statement):
        counts[state] = counts.get(state, 0) + number
    paused = select(Enrolment.state, func.count()).where(
        col(Enrolment.paused_until).is_not(None), *_of_stand("paused", now)
    )
    for state, number in session.exec(paused.group_by(col(Enrolment.state))):
        counts[state] -= number
        counts["paused"] = counts.get("paused", 0) + number
    return counts


def _floor(session: Session, since: datetime | None) -> int | None:
    """An id that every lead of since then is above."""
    if since is None:
        return None
    first = select(Lead.id).where(Lead.created_at >= since).order_by(col(Lead.created_at), col(Lead.id)).limit(1)
    found = session.exec(first).first()
    return None if found is None else found - _OVERLAP


def _candidates(
    session: Session, wanted: Wanted, *, floor: int | None, before: int | None, now: datetime
) -> Sequence[int]:
    """The next ids, newest first, that may be wanted; fewer than `_AT_A_TIME` at the end."""

    def next_of(column: Mapped[int] | Mapped[int | None], *where: ColumnElement[bool] | bool) -> Sequence[int]:
        ids = select(column).where(*where)
        ids = ids.where(column.is_not(None) if before is None else column < before)
        ids = ids if floor is None else ids.where(column > floor)
        found = session.exec(ids.distinct().order_by(column.desc()).limit(_AT_A_TIME))
        return [each for each in found if each is not None]

    whose = col(Enrolment.lead_id)
    if wanted.prefix is not None:
        return next_of(col(Lead.id), _begins(session, wanted.prefix))
    if wanted.asked:
        return next_of(col(BookingRequest.lead_id))
    if wanted.booked:
        return next_of(col(Booking.lead_id), Booking.state == "booked")
    if wanted.stand == "paused":
        return next_of(whose, col(Enrolment.paused_until).is_not(None), *_of_stand("paused", now))
    if wanted.stand is None and wanted.sequence is None:
        return next_of(col(Lead.id))
    names = [wanted.sequence] if wanted.sequence is not None else sequences(session)
    states = [wanted.stand] if wanted.stand is not None else [each for each in STANDS if each != "paused"]
    # One look for each sequence and state: all of them stand in the order of the index, and none is sorted.
    parts = [next_of(whose, Enrolment.sequence == name, Enrolment.state == state) for name in names for state in states]
    merged = (lead_id for lead_id, _ in groupby(heapq.merge(*parts, reverse=True)))
    return list(islice(merged, _AT_A_TIME))


def _fitting(session: Session, wanted: Wanted, ids: Sequence[int], now: datetime) -> Sequence[tuple[int, str]]:
    """(id, address) of those of the candidates that are wanted, newest first, but for suppression."""
    statement = select(Lead.id, Lead.address).where(col(Lead.id).in_(ids))
    if wanted.since is not None:
        statement = statement.where(Lead.created_at >= wanted.since)
    if wanted.stand is not None or wanted.sequence is not None:
        run = select(Enrolment.id).where(Enrolment.lead_id == Lead.id)
        run = run if wanted.sequence is None else run.where(Enrolment.sequence == wanted.sequence)
        run = run if wanted.stand is None else run.where(*_of_stand(wanted.stand, now))
        statement = statement.where(run.exists())
    if wanted.asked:
        statement = statement.where(select(BookingRequest.id).where(BookingRequest.lead_id == Lead.id).exists())
    if wanted.booked:
        has = select(Booking.id).where(Booking.lead_id == Lead.id, Booking.state == "booked")
        statement = statement.where(has.exists())
    return session.exec(statement.order_by(col(Lead.id).desc())).all()


def _of_stand(stand: Stand, now: datetime) -> tuple[ColumnElement[bool], ...]:
    waits = col(Enrolment.paused_until) > now
    if stand == "paused":
        return (col(Enrolment.state).in_(OPEN), waits)
    state = col(Enrolment.state) == stand
    return (state, ~func.coalesce(waits, false())) if stand in OPEN else (state,)


def _begins(session: Session, prefix: str) -> ColumnElement[bool]:
    """Addresses that begin so, by their bytes: in a language's own order a stretch of names is no prefix."""
    by_bytes = "C" if session.get_bind().dialect.name == "postgresql" else "BINARY"
    address = collate(col(Lead.address), by_bytes)
    return (address >= prefix) & (address < prefix + "\U0010ffff")
