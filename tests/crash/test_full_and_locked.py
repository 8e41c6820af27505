"""A full disk and a locked database, for real: 503 with Retry-After, nothing half-written, and it goes on by itself
(ACCEPTANCE L10).

The disk is full for one process alone: the system refuses to let its files grow (RLIMIT_FSIZE), until it may again.
"""

from __future__ import annotations

import resource
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from service.store.db import open_database
from tests.support.forking import Forked
from tests.support.running import Answer, Running, http, installation, link_in, wait_for

ANNA = "anna@example.org"
LEADS = [f"lead{number}@example.org" for number in range(5)]


def refused(answer: Answer) -> None:
    """It said: not now, try again."""
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5"), answer.text


@contextmanager
def full_disk(pid: int) -> Iterator[None]:
    """The process's files may not grow beyond what a log and a mail need; the database's are beyond that."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (128 * 1024, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def test_a_full_disk_turns_opt_ins_away_whole_and_the_service_goes_on_when_there_is_room(tmp_path: Path) -> None:
    with installation(tmp_path, f"sqlite:///{tmp_path / 'nurture.db'}") as running:
        process = running.start()
        assert running.opt_in(ANNA).status == 202
        link = link_in(running.first_mail(ANNA), "u")
        taken = [ANNA]
        with full_disk(process.pid):
            numbers = count()
            while (answer := running.opt_in(address := f"lead{next(numbers)}@example.org")).status == 202:
                taken.append(address)  # the write-ahead log may still have had room for a few
            refused(answer)
            refused(http("POST", link, form={"List-Unsubscribe": "One-Click"}))
            assert http("GET", f"{running.url}/healthz").status == 200
            refused(running.opt_in(address))
        wait_for(lambda: running.opt_in("gijs@example.org").status == 202, "room again")
        assert http("POST", link, form={"List-Unsubscribe": "One-Click"}).status == 200
        all_arrive_once(running, [*taken, "gijs@example.org"])
        assert process.poll() is None
        assert "Traceback" not in running.logs()


def test_a_sender_on_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    with installation(tmp_path, f"sqlite:///{tmp_path / 'nurture.db'}") as running:
        running.start("serve", "--port", str(running.port), "--no-worker")
        for address in LEADS:
            assert running.opt_in(address).status == 202
        worker = running.start("worker")
        with full_disk(worker.pid):
            wait_for(lambda: "waits for the database" in running.logs(), "the worker saying so")
            assert worker.poll() is None
        all_arrive_once(running, LEADS)


def test_a_sender_whose_log_is_on_the_full_disk_sends_each_mail_once(tmp_path: Path) -> None:
    """What was taken is logged in the very transaction that writes so, and what went wrong where that is dealt with."""
    with installation(tmp_path, f"sqlite:///{tmp_path / 'nurture.db'}") as running:
        running.start("serve", "--port", str(running.port), "--no-worker")
        worker = Forked(("worker",), environment=running.environment(), folder=tmp_path, log=Path("/dev/full"))
        running.processes.append(worker)
        for address in LEADS:
            assert running.opt_in(address).status == 202
        all_arrive_once(running, LEADS)
        wait_for(lambda: states(running) == {"accepted"}, "what became of them")
        assert worker.poll() is None


def states(running: Running) -> set[str]:
    """Those of all mails."""
    database = open_database(running.database_url)
    try:
        with database.reading() as session:
            return set(session.execute(text("SELECT DISTINCT state FROM message")).scalars())
    finally:
        database.close()


def test_a_locked_sqlite_file_is_503_after_five_seconds_and_the_service_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "nurture.db"
    with installation(tmp_path, f"sqlite:///{file}") as running:
        running.start()
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        refused(running.opt_in(ANNA))
        assert http("GET", f"{running.url}/healthz").status == 200
        other.rollback()
        other.close()
        assert running.opt_in(ANNA).status == 202
        all_arrive_once(running, [ANNA])


def test_of_many_who_wait_for_a_locked_sqlite_file_nobody_waits_for_the_patience_of_the_others(tmp_path: Path) -> None:
    file = tmp_path / "nurture.db"
    with installation(tmp_path, f"sqlite:///{file}") as running:
        running.start()
        assert running.opt_in(ANNA).status == 202
        confirm = link_in(running.first_mail(ANNA), "c")
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            for answer in pool.map(lambda _: http("POST", confirm, form={}), range(8)):
                refused(answer)
        assert time.monotonic() - began < 20, "each by itself would come to forty seconds"
        other.rollback()
        other.close()
        assert http("POST", confirm, form={}).status == 200


@pytest.mark.postgres
def test_a_locked_table_is_503_after_ten_seconds_and_the_service_goes_on(postgres_url: str, tmp_path: Path) -> None:
    with installation(tmp_path, postgres_url) as running:
        running.start()
        with psycopg.connect(postgres_url.replace("+psycopg", "")) as other:
            other.execute("LOCK TABLE message IN ACCESS EXCLUSIVE MODE")
            refused(running.opt_in(ANNA))
            assert http("GET", f"{running.url}/healthz").status == 200
            other.rollback()
        assert running.opt_in(ANNA).status == 202
        all_arrive_once(running, [ANNA])


def all_arrive_once(running: Running, addresses: list[str]) -> None:
    """Each has her advice once, and what was refused left no row behind."""
    for address in addresses:
        running.first_mail(address)
    database = open_database(running.database_url)
    try:
        with database.reading() as session:
            for table in ("lead", "opt_in", "enrolment", "message"):
                rows = session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
                assert rows == len(addresses), table
    finally:
        database.close()
    assert [len(running.mails(address)) for address in addresses] == [1] * len(addresses)


@pytest.mark.parametrize("by_another", [True, False])
def test_a_sqlite_file_that_is_gone_takes_no_opt_in_along(tmp_path: Path, by_another: bool) -> None:
    """Whoever has it open could go on writing to it, and nobody would ever find that again."""
    file, kept = tmp_path / "nurture.db", tmp_path / "kept.db"
    with installation(tmp_path, f"sqlite:///{file}") as running:
        running.start()
        assert running.opt_in(ANNA).status == 202
        running.first_mail(ANNA)
        before = {each: each.rename(kept.with_name(each.name.replace("nurture", "kept"))) for each in beside(file)}
        if by_another:
            with sqlite3.connect(file) as other:
                other.execute("CREATE TABLE lead (id INTEGER)")
            other.close()
        for _ in range(3):
            refused(running.opt_in("bram@example.org"))
        assert http("GET", f"{running.url}/healthz").status == 200
        assert file.exists() == by_another, "nobody made a new one"
        assert "the database file was removed or replaced" in running.logs()
        for name, moved in before.items():
            moved.rename(name)
        assert running.opt_in("bram@example.org").status == 202, "it is the same again"
        all_arrive_once(running, [ANNA, "bram@example.org"])


def beside(file: Path) -> list[Path]:
    """The files of a SQLite database."""
    return sorted(file.parent.glob(f"{file.name}*"))
