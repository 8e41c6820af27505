"""How much faster four workers send than one, where each mail server's answer takes its time: PostgreSQL alone.

Real `nurture worker` processes against a server that waits 50 ms before it answers each final dot. Each worker keeps
the same few connections open, whatever the number of workers, so alone it can send only so many mails a second. All
workers are up before the follow-ups become due; measured from then to the last final dot, and every mail must come
once. Run by `make bench`; a quick look: `python -m bench.workers --mails 400 --rounds 1` (the fewer
mails, the more weigh each worker's first ones, and the last ones that one of them still has).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from sqlalchemy import text
from sqlmodel import col, update

from bench.advice import ALWAYS
from bench.arrivals import Arrivals, noting_server
from bench.databases import engines, migrated
from bench.quiet import logging_to_nowhere
from bench.verdict import verdict
from service.store.db import Database, notify_sender, open_database
from service.store.tables import Message
from tests.support.crowd import gather
from tests.support.drafts import publish, with_steps
from tests.support.house import open_house

ROOT = Path(__file__).resolve().parents[1]
GOAL = 3.5
PATIENCE_SECONDS = 300


def main() -> None:
    """Print each run, and the ratio of the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=3_000, help="due in each run")
    parser.add_argument("--workers", type=int, default=4, help="beside one")
    parser.add_argument("--connections", type=int, default=2, help="of each worker")
    parser.add_argument("--delay", type=float, default=0.05, help="seconds before the answer to a final dot")
    parser.add_argument("--rounds", type=int, default=2, help="runs of each; who goes first alternates")
    given = parser.parse_args()
    possible = given.connections / given.delay
    print(f"a worker has {given.connections} connections: at most {possible:.0f} mails a second", flush=True)
    rates: dict[int, list[float]] = {1: [], given.workers: []}
    with logging_to_nowhere(), engines(["postgres"]) as found:
        if not found:
            raise SystemExit("only PostgreSQL coordinates workers of several processes, and there is none")
        for number in range(given.rounds):
            for workers in reversed(rates) if number % 2 else rates:
                with found["PostgreSQL"]() as url, tempfile.TemporaryDirectory() as folder:
                    seconds, worked, busy = _run(migrated(url), Path(folder), workers, given)
                rates[workers].append(given.mails / seconds)
                print(
                    f"{workers} worker{'s' if workers > 1 else ' '}   {given.mails} mails in {seconds:5.1f} s   "
                    f"{given.mails / seconds:5.0f} a second   "
                    f"{1000 * worked / given.mails:4.1f} ms of a processor each   all of them {100 * busy:.0f} % busy",
                    flush=True,
                )
    ratio = median(rates[given.workers]) / median(rates[1])
    verdict("workers", f"{given.workers} workers beside one", ratio, GOAL, least=True)


def _run(database_url: str, folder: Path, workers: int, given: argparse.Namespace) -> tuple[float, float, float]:
    """Seconds from the moment the follow-ups were due to the last one's final dot; those that processors worked for
    it meanwhile (workers, PostgreSQL, mail server); and how busy the machine was, with all else that went on there."""
    mails = given.mails
    _prepare(database_url, folder, mails)
    database = open_database(database_url)
    try:
        with noting_server(given.delay) as server, _working(database, folder, server.url, workers, given.connections):
            began, idle, before = time.monotonic(), _idle(), _worked()
            _due_at(database, datetime.now(UTC))
            while server.taken() < mails:
                if time.monotonic() > began + PATIENCE_SECONDS:
                    raise SystemExit(f"{server.taken()} of {mails} mails came; {_log(folder)}")
                time.sleep(0.02)
            taken, worked = time.monotonic() - began, _worked() - before
            busy = 1 - (_idle() - idle) / taken / (os.cpu_count() or 1)
            time.sleep(1.0)  # one that comes twice would come about now
            return _last(server, mails) - began, worked, busy
    finally:
        database.close()


def _last(server: Arrivals, mails: int) -> float:
    if not len(server.when()) == server.taken() == mails:
        raise SystemExit(f"{mails} mails were due; {server.taken()} came, to {len(server.when())} leads")
    return max(at for at, _ in server.mails)


def _prepare(database_url: str, folder: Path, mails: int) -> None:
    """Follow-ups of a window that is always open, in the outbox and due in an hour."""
    with open_house(database_url, folder, published=False) as house:
        house.clock.moment = datetime.now(UTC) - timedelta(days=2)
        publish(house, with_steps({"key": "hoe-ging-het", "wait": "47 hours"}, window=ALWAYS))
        gather(house, mails - 1)
        _due_at(house.services.database, datetime.now(UTC) + timedelta(hours=1))


def _due_at(database: Database, moment: datetime) -> None:
    with database.transaction() as session:
        session.exec(update(Message).where(col(Message.state) == "due").values(due_at=moment))
        notify_sender(session)


@contextmanager
def _working(database: Database, folder: Path, mail_url: str, workers: int, connections: int) -> Iterator[None]:
    """So many workers, all of them listening to the database, until the block ends."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NURTURE_")} | {
        "NURTURE_DATA_DIR": str(folder / "data"),
        "NURTURE_DATABASE_URL": database.url.render_as_string(hide_password=False),
        "NURTURE_MAIL_URL": f"{mail_url}&connections={connections}",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "service", "worker"]
    with (folder / "log").open("wb") as log:
        processes = [
            subprocess.Popen(command, cwd=folder, env=environment, stderr=log, stdout=log) for _ in range(workers)
        ]
    try:
        ends = time.monotonic() + 60
        while _listening(database) < workers:
            if any(each.poll() is not None for each in processes) or time.monotonic() > ends:
                raise SystemExit(f"the workers do not start: {_log(folder)}")
            time.sleep(0.1)
        yield
    finally:
        for each in processes:
            each.terminate()
        for each in processes:
            each.wait(30)


def _listening(database: Database) -> int:
    """How many workers have begun: listening is the last thing that one does before it waits for work."""
    asked = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'")
    with database.reading() as session:
        found: int = session.execute(asked).scalar_one()
    return found


def _worked() -> float:
    """Seconds that processors worked for this process and all that descend from it."""
    parents, ticks = {}, {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended
            fields = file.read_text().rpartition(")")[2].split()
            parents[int(file.parent.name)] = int(fields[1])
            ticks[int(file.parent.name)] = sum(map(int, fields[11:15]))  # its own, and its children's that have ended
    ours = {os.getpid()}
    while more := {each for each, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(ticks[each] for each in ours) / os.sysconf("SC_CLK_TCK")


def _idle() -> float:
    """Seconds that processors of this machine had nothing to do, since it started."""
    idle, waiting = Path("/proc/stat").read_text().split()[4:6]
    return (int(idle) + int(waiting)) / os.sysconf("SC_CLK_TCK")


def _log(folder: Path) -> str:
    return (folder / "log").read_text()[-2000:]


if __name__ == "__main__":
    main()
