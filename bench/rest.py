"""What one installation costs while nobody does anything: for whoever runs many of them on one machine.

An empty database is migrated and the shipped content published; then a real `nurture serve` with its worker inside is
left alone, first on SQLite and then on PostgreSQL: its resident memory, its processor time, its connections and
transactions. Run by hand: `python -m bench.rest`.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
from sqlalchemy import text
from sqlalchemy.engine import make_url

from bench.databases import engines
from service.store.db import Database, open_database
from service.store.schema import migrate

ROOT = Path(__file__).resolve().parents[1]
SETTLE_SECONDS = 15
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print the figures of each engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="how long it is left alone")
    given = parser.parse_args()
    with engines(["sqlite", "postgres"]) as found:
        for name, fresh in found.items():
            with fresh() as url, tempfile.TemporaryDirectory() as folder:
                database = open_database(url)
                try:
                    print(f"{name}: {'; '.join(_figures(database, url, Path(folder), given.seconds))}", flush=True)
                finally:
                    database.close()


def _figures(database: Database, url: str, folder: Path, seconds: int) -> Iterator[str]:
    began, worked = time.perf_counter(), time.process_time()
    migrate(database)
    yield f"migrated in {time.perf_counter() - began:.1f} s ({time.process_time() - worked:.1f} s of a processor here)"
    began = time.perf_counter()
    migrate(database)
    yield f"looked at again in {1000 * (time.perf_counter() - began):.0f} ms"
    database.close()
    with _serving(url, folder) as process:
        time.sleep(SETTLE_SECONDS)
        yield f"{_bytes(database, url) / 1e6:.1f} MB with the content published"
        before, used = _transactions(database), _processor(process)
        time.sleep(seconds)
        yield f"{(_transactions(database) - before) / seconds:.1f} transactions a second"
        yield f"{100 * (_processor(process) - used) / seconds:.1f} % of a processor"
        yield f"{_memory(process):.0f} MB resident"
        yield f"{_connections(database)} connections"


@contextmanager
def _serving(url: str, folder: Path) -> Iterator[int]:
    """`nurture serve` on this database, ready; gives its process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NURTURE_")} | {
        "NURTURE_DATA_DIR": str(folder),
        "NURTURE_DATABASE_URL": url,
        "NURTURE_MAIL_URL": f"file:{folder / 'outbox'}",
        "NURTURE_BASE_URL": f"http://127.0.0.1:{port}",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "service", "serve", "--port", str(port)]
    process = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL)
    try:
        ends = time.monotonic() + 120
        while time.monotonic() < ends:
            with suppress(httpx.HTTPError):
                if httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200:
                    break
            time.sleep(0.1)
        else:
            raise SystemExit("not ready within two minutes")
        yield process.pid
    finally:
        process.terminate()
        process.wait(20)


def _processor(process: int) -> float:
    """Seconds of a processor that it has had."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND


def _memory(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1]) / 1024


def _bytes(database: Database, url: str) -> int:
    if database.is_sqlite:
        file = str(make_url(url).database)
        return sum(each.stat().st_size for each in (Path(file), Path(f"{file}-wal")) if each.exists())
    return _asked(database, "SELECT pg_database_size(current_database())")


def _transactions(database: Database) -> int:
    """Those of the whole database until now; this look is one of them. None are counted on SQLite."""
    if database.is_sqlite:
        return 0
    look = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
    return _asked(database, look)


def _connections(database: Database) -> int:
    """How many the service holds open."""
    if database.is_sqlite:
        return 0
    look = "SELECT count(*) - 1 FROM pg_stat_activity WHERE datname = current_database()"
    return _asked(database, look)


def _asked(database: Database, statement: str) -> int:
    with database.reading() as session:
        return int(session.execute(text(statement)).scalar_one())


if __name__ == "__main__":
    main()
