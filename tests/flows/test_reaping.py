"""A lease that ran out is a lost worker's only where it stays so: a clock may leap, or a machine sleep."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import Session, col, select, update

from service.flows import reaping
from service.flows.leases import HEARTBEAT_SECONDS
from service.flows.reaping import Reaper
from service.store import outbox
from service.store.db import real_now
from service.store.tables import Message
from tests.support import acts
from tests.support.house import House

LEASE = "a" * 32


class Steady:
    """A clock that does not leap."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def steady(monkeypatch: pytest.MonkeyPatch) -> Steady:
    steady = Steady()
    monkeypatch.setattr(reaping, "time", steady)
    return steady


def leap(session: Session) -> None:
    """The time of the database is an hour later: to a lease that is so much earlier it is the same."""
    until = session.exec(select(Message.lease_until).where(Message.lease_token == LEASE)).first()
    assert until is not None
    session.exec(
        update(Message).where(col(Message.lease_token) == LEASE).values(lease_until=until - timedelta(hours=1))
    )


def in_flight(house: House) -> Reaper:
    house.opt_in()
    assert acts.hand_over(house, LEASE)
    reaper = Reaper()
    assert reaper.reap(house.services) == 0
    acts.commit(house, leap)
    return reaper


def test_a_lease_is_fifteen_seconds_and_renewed_well_before_it_runs_out(house: House) -> None:
    """Whoever is gone is missed soon (ACCEPTANCE L4)."""
    house.opt_in()
    assert acts.hand_over(house, LEASE)
    with house.services.database.reading() as session:
        until, now = session.exec(select(Message.lease_until)).one(), real_now(session)
    assert until is not None
    assert timedelta(seconds=10) < until - now <= timedelta(seconds=15)
    assert HEARTBEAT_SECONDS <= 5


def test_a_worker_that_lives_keeps_what_it_has_in_hand_when_the_clock_leaps(house: House, steady: Steady) -> None:
    reaper = in_flight(house)
    assert reaper.reap(house.services) == 0
    steady.seconds += HEARTBEAT_SECONDS
    assert reaper.reap(house.services) == 0, "its heartbeat may be just about to come"
    acts.commit(house, lambda session: outbox.renew(session, [LEASE], real_now(session)))
    steady.seconds += reaping.PATIENCE
    assert reaper.reap(house.services) == 0
    assert acts.advice(house).state == "handed_over"


def test_what_stays_silent_is_taken_from_it(house: House, steady: Steady) -> None:
    reaper = in_flight(house)
    assert reaper.reap(house.services) == 0
    steady.seconds += reaping.PATIENCE
    assert reaper.reap(house.services) == 1
    assert acts.advice(house).state == "due"
    assert reaper.reap(house.services) == 0


def test_a_second_leap_begins_anew(house: House, steady: Steady) -> None:
    reaper = in_flight(house)
    reaper.reap(house.services)
    acts.commit(house, lambda session: outbox.renew(session, [LEASE], real_now(session)))
    steady.seconds += reaping.PATIENCE
    reaper.reap(house.services)
    acts.commit(house, leap)
    assert reaper.reap(house.services) == 0
