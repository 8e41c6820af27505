"""Real processes that share a database, and what may happen to one of them: nothing lost, nothing twice.

With `STORM_LONG=1` (as `make storm` runs it) outages and late answers last as long as ACCEPTANCE L4 says.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import col, select

from service.mail.mail_url import CONNECTIONS
from service.store import outbox
from service.store.tables import Attempt, Message
from tests.crash.ground import ground, migrated
from tests.support import acts, cases, crowd
from tests.support.house import House
from tests.support.postgres import PostgresServer, start
from tests.support.running import free_port, http, wait_for
from tests.support.smtp_server import Fault, SmtpServer
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import listeners

LONG = bool(os.environ.get("STORM_LONG"))
LATE = 120.0 if LONG else 20.0  # seconds to the dot's answer: past the lease
AWAY = 60.0 if LONG else 6.0  # seconds without the database
IN_FLIGHT = CONNECTIONS * 3 // 4  # follow-ups at once: they leave a quarter to the advice
LEASE = outbox.LEASE.total_seconds()
ON_POSTGRES = pytest.mark.parametrize(
    "migrated_database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
# A worker as it is started, but that the poll behind NOTIFY comes once an hour.
WITHOUT_POLL = """
from service import worker
worker._POLL_SECONDS = 3600.0
from service.cli import main
main()
"""
# A worker on a machine whose clock is off by the seconds in its environment.
CLOCK_OFF = """
import os
from datetime import datetime, timedelta, UTC
import time_machine
with time_machine.travel(datetime.now(UTC) + timedelta(seconds=float(os.environ["OFF_BY"])), tick=True):
    from service.cli import main
    main()
"""


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    """A mail server that takes everything."""
    with SmtpServer() as running:
        yield running


@ON_POSTGRES
def test_two_websites_and_three_workers_share_the_work_and_each_mail_leaves_once(
    migrated_database_url: str, tmp_path: Path, server: SmtpServer
) -> None:
    with ground(migrated_database_url, tmp_path, server) as (house, running):
        ports = [running.port, free_port()]
        for port in ports:
            running.launch("serve", "--no-worker", "--port", str(port))
        workers = [running.launch("worker") for _ in range(3)]
        wait_for(lambda: all(map(ready, ports)), "two websites")
        wait_for(lambda: len(listeners(house)) == 3, "three workers")
        server.faults = [Fault(stage="dot", delay=0.2)]  # or the first to wake has done it all
        followed = [lead.address for lead in crowd.due_at(house, [datetime.now(UTC)] * 60)]
        asked = [f"lead{number}@example.org" for number in range(40)]
        for number, address in enumerate(asked):
            opt_in(ports[number % 2], address)
        wait_for(lambda: len(server.messages) >= 100, "all hundred")
        settled(house)
        assert taken(server) == Counter([*followed, *asked])
        for worker in workers:
            assert "settled" in running.log_of(worker), "a worker that did nothing"


@ON_POSTGRES
def test_an_opt_in_at_a_website_wakes_a_worker_that_does_not_poll(
    migrated_database_url: str, tmp_path: Path, server: SmtpServer
) -> None:
    with ground(migrated_database_url, tmp_path, server) as (house, running):
        running.launch("worker", program=WITHOUT_POLL)
        running.start("serve", "--no-worker", "--port", str(running.port))
        wait_for(lambda: listeners(house), "a worker that listens")
        for number in range(5):  # one after the other: its first look can have found the first alone
            opt_in(running.port, f"lead{number}@example.org")
            assert len(server.wait_for(number + 1, 30)) == number + 1


@ON_POSTGRES
def test_a_worker_whose_clock_is_off_takes_nothing_that_another_holds(
    migrated_database_url: str, tmp_path: Path, server: SmtpServer
) -> None:
    with ground(migrated_database_url, tmp_path, server) as (house, running):
        running.start("serve", "--no-worker", "--port", str(running.port))
        running.launch("worker")
        wait_for(lambda: listeners(house), "the worker that is right")
        server.faults = [Fault(stage="dot", delay=3)]  # so that it has mail in flight all the while
        followed = [lead.address for lead in crowd.due_at(house, [datetime.now(UTC)] * 16)]
        wait_for(lambda: states(house)["handed_over"] >= IN_FLIGHT, "as many on their way as may be")
        fast, _ = (running.launch("worker", program=CLOCK_OFF, OFF_BY=str(off)) for off in (3_600, -86_400))
        wait_for(lambda: len(listeners(house)) == 3, "the two that are wrong")
        followed += [lead.address for lead in crowd.due_at(house, [datetime.now(UTC)] * 24)]
        asked = [f"lead{number}@example.org" for number in range(20)]
        for address in asked:
            opt_in(running.port, address)
        wait_for(lambda: len(server.messages) >= 60, "all sixty", 180)
        settled(house)
        assert taken(server) == Counter([*followed, *asked])
        assert outcomes(house) == Counter(accepted=60)
        assert "settled" in running.log_of(fast), "it came too late to do harm"
        causes = {each.cause for each in acts.all_alerts(house)}
        assert causes <= {"clock-differs"}, "a hand-over was given up while its worker was alive"


@ON_POSTGRES
def test_a_worker_that_stalls_past_its_lease_repeats_nothing_and_its_late_answer_counts(
    migrated_database_url: str, tmp_path: Path, server: SmtpServer
) -> None:
    with ground(migrated_database_url, tmp_path, server) as (house, running):
        stalled = running.launch("worker")
        wait_for(lambda: listeners(house), "a worker")
        server.faults = [Fault(stage="dot", delay=2)]
        followed = {lead.address for lead in crowd.due_at(house, [datetime.now(UTC)] * 60)}
        wait_for(lambda: states(house)["handed_over"] >= IN_FLIGHT, "as many on their way as may be")
        stalled.send_signal(signal.SIGSTOP)  # some are on their way, some still due
        try:
            other = running.launch("worker")
            without_answer = wait_for(lambda: states(house)["unknown"], "hand-overs without an answer", LEASE + 60)
            # Stopped within a transaction it holds its leads for half a minute more.
            wait_for(lambda: not states(house).keys() & {"due"}, "the rest, by the other worker", 120)
        finally:
            stalled.send_signal(signal.SIGCONT)
        told_late(house)
        settled(house)
        # A connection that was only being made when it stopped may have timed out: unknown, and nothing was taken.
        assert all(times == 1 for times in taken(server).values())
        assert states(house) == +Counter(accepted=len(taken(server)), unknown=60 - len(taken(server)))
        assert taken(server).keys() <= followed
        assert states(house)["unknown"] < without_answer, "no late answer counted"
        assert "settled" in running.log_of(other)


@ON_POSTGRES
def test_a_worker_that_loses_the_database_writes_the_outcome_when_it_is_back(
    migrated_database_url: str, tmp_path: Path, server: SmtpServer, request: pytest.FixtureRequest
) -> None:
    database: PostgresServer = request.getfixturevalue("_postgres")
    with (
        ground(migrated_database_url, tmp_path, server) as (house, running),
        TcpProxy(database.folder / ".s.PGSQL.5432") as proxy,
    ):
        name = house.services.database.url.database
        by_proxy = f"postgresql+psycopg://postgres@127.0.0.1:{proxy.port}/{name}"
        cut_off = running.launch("worker", NURTURE_DATABASE_URL=by_proxy)
        wait_for(lambda: listeners(house), "a worker")
        server.faults = [Fault(stage="dot", delay=3)]
        followed = {lead.address for lead in crowd.due_at(house, [datetime.now(UTC)] * 20)}
        wait_for(lambda: states(house)["handed_over"] >= IN_FLIGHT, "as many on their way as may be")
        proxy.cut()
        try:
            other = running.launch("worker") if LONG else None
            time.sleep(AWAY)  # the outage itself, not a wait for something
        finally:
            proxy.mend()
        settled(house)
        told_late(house)
        assert states(house) == Counter(accepted=20)
        assert taken(server) == Counter(followed)
        assert cut_off.poll() is None
        assert other is None or "settled" in running.log_of(other)
        wait_for(lambda: len(listeners(house)) == (2 if other else 1), "the worker listens again")


@pytest.mark.postgres
@pytest.mark.usefixtures("_postgres")
def test_everything_goes_on_when_postgresql_was_stopped_and_started_again(tmp_path: Path, server: SmtpServer) -> None:
    database = start()
    try:
        url = database.url(database.create())
        migrated(url)
        with ground(url, tmp_path, server) as (house, running):
            running.start("serve", "--no-worker", "--port", str(running.port))
            worker = running.launch("worker")
            wait_for(lambda: listeners(house), "a worker")
            server.faults = [Fault(stage="dot", delay=1)]
            opt_in(running.port, "before@example.org")
            assert len(server.wait_for(1, 30)) == 1
            database.halt()
            refused = post(running.port, "during@example.org")
            assert refused == (503, True)
            database.go_on()
            wait_for(lambda: post(running.port, "after@example.org")[0] == 202, "the website again")
            assert len(server.wait_for(2, 60)) == 2
            settled(house)
            assert states(house) == Counter(accepted=2)
            assert taken(server) == Counter(["before@example.org", "after@example.org"])
            assert worker.poll() is None
    finally:
        database.stop()


@pytest.mark.parametrize("migrated_database_url", cases.engines("postgres"), indirect=True)
def test_a_dot_answered_long_after_the_lease_is_one_delivery_and_accepted(
    migrated_database_url: str, tmp_path: Path, server: SmtpServer
) -> None:
    with ground(migrated_database_url, tmp_path, server) as (house, running):
        server.faults = [Fault(stage="dot", delay=LATE)]
        if house.services.database.is_sqlite:
            running.start()
        else:
            running.start("serve", "--no-worker", "--port", str(running.port))
            running.launch("worker")
            running.launch("worker")
        opt_in(running.port, "anna@example.org")
        (lead,) = crowd.due_at(house, [datetime.now(UTC)])
        wait_for(lambda: len(server.messages) == 2, "both at the server")
        began = time.monotonic()
        settled(house, LATE + 60)
        assert time.monotonic() - began > LATE - 5, "the server did not dawdle, so this shows nothing"
        assert outcomes(house) == Counter(accepted=2)
        causes = {each.cause for each in acts.all_alerts(house)}
        assert causes <= {"clock-differs"}, "a hand-over was given up while its worker was alive"
        assert taken(server) == Counter(["anna@example.org", lead.address])


def opt_in(port: int, address: str) -> None:
    """The website takes it."""
    assert post(port, address)[0] == 202


def post(port: int, address: str) -> tuple[int, bool]:
    """The status of an opt-in, and whether the answer says when to try again."""
    data = {"email": address, "topic": "lage-rug", "consent_advice": True, "consent_follow_up": True}
    answer = http("POST", f"http://127.0.0.1:{port}/api/opt-ins", data=data)
    return answer.status, "Retry-After" in answer.headers


def ready(port: int) -> bool:
    """Whether a website may take traffic."""
    return http("GET", f"http://127.0.0.1:{port}/readyz").status == 200


def settled(house: House, seconds: float = 60) -> None:
    """Wait until nothing is due or on its way."""
    wait_for(lambda: not states(house).keys() & {"due", "handed_over"}, "an outcome for each", seconds)


def told_late(house: House) -> None:
    """Wait until each hand-over that was given up as unknown was answered after all."""
    wait_for(lambda: not outcomes(house)["unknown"], "the late answers")


def states(house: House) -> Counter[str]:
    """How many messages are in each state; the model's own left out."""
    with house.services.database.reading() as session:
        return Counter(session.exec(select(Message.state).where(Message.recipient != crowd.MODEL)))


def outcomes(house: House) -> Counter[str | None]:
    """How many attempts ended so; the model's own left out."""
    with house.services.database.reading() as session:
        mine = select(Attempt.outcome).join(Message, col(Message.id) == Attempt.message_id)
        return Counter(session.exec(mine.where(Message.recipient != crowd.MODEL)))


def taken(server: SmtpServer) -> Counter[str]:
    """How many mails the server took for each address."""
    return Counter(recipient for mail in server.messages for recipient in mail.recipients)
