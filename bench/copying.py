"""What `nurture copy-database` takes for a large database: seconds, memory, and whether all of it arrives.

`python -m bench.copying` copies 25,000 leads with all their rows, then 100,000: PostgreSQL to SQLite, on to PostgreSQL
and on to another one. The leads are copies of three lives that the real code lived first (`bench/lives.py`), a tenth of
them erased since; their receipts are written by the real code, in one chain. Each copy is made in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text
from sqlmodel import col, select

from bench import lives
from bench.databases import migrated
from bench.lives import Copier
from bench.quiet import logging_to_nowhere
from bench.year import SHARES
from service.store import receipts
from service.store.tables import Consent
from tests.support import copies
from tests.support.house import House, open_house
from tests.support.postgres import PostgresServer, postgres_server

ARRIVING_DAYS, DAYS = 20, 48  # by then the last have read to the end
AT_ONCE = 2_000


def main() -> None:
    """Print a line for each copy; or, for one of them, what it took as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leads", type=int, nargs="+", default=[25_000, 100_000])
    parser.add_argument("--one", nargs=2, metavar=("FROM", "TO"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    with logging_to_nowhere():
        if given.one:
            print(json.dumps(_copied(*given.one)))
            return
        with postgres_server(durable=True) as server:
            with server.connected("postgres") as administrator:
                administrator.execute("ALTER SYSTEM SET max_wal_size = '8GB'")
                administrator.execute("SELECT pg_reload_conf()")
            for leads in given.leads:
                _measure(server, leads)


def _measure(server: PostgresServer, leads: int) -> None:
    names = [server.create() for _ in range(3)]
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        with open_house(migrated(server.url(names[0])), Path(folder)) as house:
            fill(house, leads // ARRIVING_DAYS)
        print(f"{leads:,} leads, made in {time.perf_counter() - began:.0f} s", flush=True)
        file = Path(folder) / "copy.db"
        places = [server.url(names[0]), f"sqlite:///{file}", *map(server.url, names[1:])]
        for source, target in pairwise(places):
            command = [sys.executable, "-m", "bench.copying", "--one", source, target]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            took = json.loads(done.stdout)
            way = " to ".join("SQLite" if each.startswith("sqlite") else "PostgreSQL" for each in (source, target))
            rows, seconds = took["rows"], took["seconds"]
            print(
                f"{way:24} {rows:9,} rows in {seconds:6.1f} s ({took['processor']:.1f} s of a processor here), "
                f"{rows / seconds:,.0f} a second; {took['memory']:.0f} MB at most, {took['before']:.0f} MB before; "
                f"{took['receipts']:,} receipts, {'BROKEN' if took['broken'] else 'unbroken'}",
                flush=True,
            )
        print(f"the SQLite file: {file.stat().st_size / 1e6:,.0f} MB", flush=True)
    for name in names:
        server.drop(name)


def _copied(source: str, target: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, open_house(source, Path(folder), published=False) as house:
        before, began, used = _most_memory(), time.perf_counter(), time.process_time()
        done = copies.copy(house, target)
        return {
            "rows": sum(done.rows.values()),
            "seconds": time.perf_counter() - began,
            "processor": time.process_time() - used,
            "before": before,
            "memory": _most_memory(),
            "receipts": done.receipts.end.count,
            "broken": done.receipts.broken is not None,
        }


def _most_memory() -> float:
    """In MB. Not getrusage's: that one remembers whoever started us."""
    status = Path(f"/proc/{os.getpid()}/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def fill(house: House, arrivals: int) -> None:
    """So many leads on each of the first days, and the rest of their lives after it."""
    lived = [
        replace(each, rows={name: rows for name, rows in each.rows.items() if name != "receipt"})
        for each in lives.live(house)
    ]
    silent, leaving = (round(arrivals * share) for share in SHARES)
    bounds = ((1, silent), (silent + 1, silent + leaving), (silent + leaving + 1, arrivals))
    copiers = [
        Copier(life, low=low, high=high, arrivals=arrivals) for life, (low, high) in zip(lived, bounds, strict=True)
    ]
    engine = house.services.database.engine
    for today in range(lives.FIRST_DAY, lives.FIRST_DAY + DAYS):
        with engine.begin() as connection:
            _in_bulk(connection)
            for each in copiers:
                each.write(connection, today, until=lives.FIRST_DAY + ARRIVING_DAYS)
    with house.services.database.reading() as session:
        consents = list(session.exec(select(Consent.id).order_by(col(Consent.id))))
    for first in range(0, len(consents), AT_ONCE):
        with house.services.database.transaction() as session:
            receipts.write_missing(session, consents[first : first + AT_ONCE])
    ids = lives.FIRST_DAY * lives.stride(arrivals), (lives.FIRST_DAY + ARRIVING_DAYS // 10) * lives.stride(arrivals) - 1
    with engine.begin() as connection:
        _in_bulk(connection)
        lives.erase(connection, ids, house.clock.moment)


def _in_bulk(connection: Connection) -> None:
    for setting in ("session_replication_role = replica", "synchronous_commit = off", "jit = off"):
        connection.execute(text(f"SET LOCAL {setting}"))


if __name__ == "__main__":
    main()
