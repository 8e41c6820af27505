"""Several workers under limits, on one database: together they stay under each (ACCEPTANCE L12)."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from service.domain.send_limits import parse_send_limits
from service.flows.handover import Begun
from service.flows.pace import Pace
from service.flows.published import Published
from service.flows.services import Bell
from service.store.db import open_database
from service.worker import Worker
from tests.support import acts, cases
from tests.support.house import House
from tests.support.sending_limits import broken, follow_ups_wait, left, per_domain, waiting
from tests.support.transports import Network
from tests.support.waiting import wait_until_it_waits

LONGEST_SECONDS = 60


class _RunningClock:
    """Goes on from a moment as real time does."""

    def __init__(self, start: datetime) -> None:
        self._start, self._began = start, time.monotonic()

    def now(self) -> datetime:
        """The moment it started from, and what went by since."""
        return self._start + timedelta(seconds=time.monotonic() - self._began)


@contextmanager
def workers(house: House, count: int, limits: str, network: Network) -> Iterator[None]:
    """This many workers, as processes would be: with connections, caches and memory of their own."""
    clock = _RunningClock(house.clock.moment)
    url = house.services.database.url.render_as_string(hide_password=False)
    crew = [
        house.with_changes(
            database=open_database(url),
            clock=clock,
            open_transport=network.open,
            send_limits=parse_send_limits(limits),
            published=Published(),
            bell=Bell(),
            pace=Pace(),
        ).services
        for _ in range(count)
    ]
    running = [Worker(services) for services in crew]
    try:
        for worker in running:
            worker.start()
        yield
    finally:
        for worker in running:
            worker.stop()
        for services in crew:
            services.database.close()


def until_taken(network: Network, count: int) -> None:
    """Until this many mails arrived; AssertionError when they do not."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while (taken := sum(network.counts().values())) < count:
        assert time.monotonic() < deadline, f"only {taken} arrived"
        threading.Event().wait(0.05)


@pytest.mark.parametrize("migrated_database_url", cases.engines("postgres"), indirect=True)
def test_no_limit_is_exceeded_by_many_workers_with_ten_thousand_queued(house: House) -> None:
    count, queued = 4, 10_000
    limits = "all=20/3s,50/d; domain=6/2s,14/d; warm_up=40"
    follow_ups_wait(house, queued, domains=4)
    house.opt_in("anna@d0.example")
    before = len(left(house))
    network = Network()
    with workers(house, count, limits, network):
        until_taken(network, 30)
    attempts = left(house)[before:]
    assert broken(attempts, parse_send_limits(limits)) == []
    assert len(attempts) in {30, 31}, "three quarters of the warm-up, whether or not the advice was among the first"
    assert max(per_domain(attempts).values()) <= 12
    assert [message.recipient for _, message in attempts if message.kind == "advice"] == ["anna@d0.example"]
    assert len(waiting(house)) == queued + 1 - len(attempts)


def test_everything_leaves_in_the_end_with_workers_of_every_kind(house: House) -> None:
    limits = "all=20/s; domain=6/s"
    follow_ups_wait(house, 60, domains=3)
    house.opt_in("anna@d0.example")
    before = len(left(house))
    network = Network()
    with workers(house, 3, limits, network):
        until_taken(network, 61)
    assert waiting(house) == []
    attempts = left(house)[before:]
    assert broken(attempts, parse_send_limits(limits)) == []
    assert set(network.counts().values()) == {1}


def test_two_hand_overs_at_once_count_one_after_the_other(house: House) -> None:
    limited = house.with_changes(send_limits=parse_send_limits("all=1/m"))
    house.opt_in("anna@a.example")
    house.opt_in("bram@b.example")
    first, second = ([acts.advice(house, f"{each}.example").id] for each in ("anna@a", "bram@b"))

    def open_second() -> list[Begun]:
        with house.services.database.transaction() as session:
            return acts.begin(session, limited, second, "second")

    with ThreadPoolExecutor(1) as pool:
        with house.services.database.transaction() as session:
            assert len(acts.begin(session, limited, first, "first")) == 1
            other = pool.submit(open_second)
            wait_until_it_waits(house)
        assert other.result(30) == []
    assert [message.recipient for message in waiting(house)] == ["bram@b.example"]
