"""The background work of one process: what wakes the sender, and how it starts and stops."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from service import worker as worker_module
from service.flows import ticks
from service.flows.published import Published
from service.flows.services import Bell
from service.store.db import open_database
from service.worker import Worker
from tests.support import acts
from tests.support.house import House
from tests.support.running import wait_for
from tests.support.waiting import listeners
from tests.support.website import opt_in, website

FIVE = [f"lead{number}@example.org" for number in range(5)]
NEVER = 3_600.0


@contextmanager
def working(house: House) -> Iterator[Worker]:
    """A worker of this house, until the block ends."""
    running = Worker(house.services)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@contextmanager
def another_process(house: House) -> Iterator[House]:
    """The same installation as another process has it: connections, caches and bell of its own."""
    database = open_database(house.services.database.url.render_as_string(hide_password=False))
    try:
        yield house.with_changes(database=database, published=Published(), bell=Bell())
    finally:
        database.close()


def advice_left(house: House, address: str) -> None:
    """Wait until this lead's advice was taken."""
    wait_for(lambda: acts.advice(house, address).state == "accepted", f"the advice for {address}", 30)


def test_an_opt_in_wakes_the_sender_of_its_own_process(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "_POLL_SECONDS", NEVER)
    monkeypatch.setattr(Worker, "_listen", lambda _self: None)
    client = website(house)
    with working(house):
        for address in FIVE:  # one after the other: the look at the start can have taken the first alone
            opt_in(client, address)
            advice_left(house, address)


@pytest.mark.parametrize("migrated_database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_an_opt_in_wakes_the_sender_of_another_process_by_a_notification(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "_POLL_SECONDS", NEVER)
    with another_process(house) as web, working(house):
        wait_for(lambda: listeners(web), "somebody who listens", 30)
        for address in FIVE:
            web.opt_in(address)
            advice_left(web, address)


@pytest.mark.parametrize("migrated_database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_a_listener_that_was_cut_off_listens_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "_POLL_SECONDS", NEVER)
    with another_process(house) as web, working(house):
        wait_for(lambda: listeners(web), "somebody who listens", 30)
        before = listeners(web)
        with web.services.database.transaction() as session:
            session.execute(text("SELECT pg_terminate_backend(:id)"), {"id": before[0]})
        wait_for(lambda: set(listeners(web)) - set(before), "somebody who listens again", 30)
        for address in FIVE:
            web.opt_in(address)
            advice_left(web, address)


def test_a_poll_finds_what_nobody_told_of(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Worker, "_listen", lambda _self: None)
    with another_process(house) as web, working(house):
        for address in FIVE[:2]:
            web.opt_in(address)
            advice_left(web, address)


def test_a_tick_that_fails_comes_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = threading.Event()
    real_plan = ticks.plan

    def plan(services: object, go_on: object) -> int:
        if failed.is_set():
            return real_plan(house.services)
        failed.set()
        raise RuntimeError("a defect")

    monkeypatch.setattr(ticks, "plan", plan)
    acts.confirmed(house)
    house.clock.advance(days=2)
    with working(house) as running:
        wait_for(lambda: "hoe-ging-het" in acts.follow_ups(house), "the step, at the next tick", 30)
        assert running.alive
    assert failed.is_set()


def test_after_stopping_nothing_runs_and_nothing_is_left_leased(house: House) -> None:
    with working(house) as running:
        wait_for(lambda: running.alive, "a worker", 30)
    assert not running.alive
    house.opt_in()
    house.services.bell.ring()
    assert acts.advice(house).state == "due"
