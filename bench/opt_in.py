"""How many opt-ins a second are taken on SQLite, and how late the slowest are answered, beside a plain endpoint.

`nurture serve --no-worker` and bench/peer_opt_in.py, each a process of its own, in turns, each on a new database, with
the same journal and the same commits that survive a power cut. A third process posts over kept connections. The service
answers at a whole pace after the request came (`bootstrap.ANSWER_PACE`), so that an answer tells nothing of the
address. In under a minute; run by `make bench`. Many at once: `python -m bench.opt_in --connections 128`.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from tests.support.running import free_port

ROOT = Path(__file__).resolve().parents[1]
ASKED = {"topic": "lage-rug", "consent_advice": True, "consent_follow_up": True}
GOAL, GOAL_P99 = 1.0, 0.1
WARM_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Taken:
    """One run: answers a second, the 99th of a hundred answers in seconds, and a processor's seconds for each."""

    rate: float
    p50: float
    p99: float
    processor: float


def main() -> None:
    """Print each run, how the two of a round compare, and for each number of connections how the medians do."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, nargs="+", default=[16])
    parser.add_argument("--seconds", type=float, default=4, help="of each run")
    parser.add_argument("--rounds", type=int, default=2, help="runs of each; who goes first alternates")
    parser.add_argument("--no-peer", action="store_true", help="measure the service alone")
    given = parser.parse_args()
    for connections in given.connections:
        runs: dict[str, list[Taken]] = {"nurture": []} if given.no_peer else {"nurture": [], "peer": []}
        for number in range(given.rounds):
            for who in reversed(runs) if number % 2 else runs:
                with tempfile.TemporaryDirectory() as folder:
                    taken = _run(who, Path(folder), connections, given.seconds)
                runs[who].append(taken)
                print(
                    f"{connections:>4} connections   {who:<8} {taken.rate:5.0f} a second   p50 {taken.p50:.3f} s   "
                    f"p99 {taken.p99:.3f} s   {1000 * taken.processor:.2f} ms of a processor each",
                    flush=True,
                )
            if not given.no_peer:
                _compare(f"{connections:>4} connections   round {number + 1}", *(each[-1:] for each in runs.values()))
        if not given.no_peer:
            _compare(f"{connections:>4} connections   of the medians", *runs.values())


def _compare(what: str, ours: list[Taken], theirs: list[Taken]) -> None:
    rate = median(each.rate for each in ours) / median(each.rate for each in theirs)
    p99 = median(each.p99 for each in ours) / median(each.p99 for each in theirs)
    print(
        f"{what}: takes {rate:.2f} x what the peer does   goal {GOAL} "
        f"{'met' if rate >= GOAL else 'MISSED'}   p99 is {p99:.3f} of the peer's   goal {GOAL_P99} "
        f"{'met' if p99 <= GOAL_P99 else 'MISSED'}",
        flush=True,
    )


def _run(who: str, folder: Path, connections: int, seconds: float) -> Taken:
    """SystemExit unless every answer was a 202 and stands in the database."""
    port = free_port()
    database = folder / "bench.db"
    command, path, table = (
        ([sys.executable, "-m", "service", "serve", "--no-worker", "--port", str(port)], "/api/opt-ins", "opt_in")
        if who == "nurture"
        else ([sys.executable, "-m", "bench.peer_opt_in", str(database), str(port)], "/opt-ins", "asked")
    )
    task = {"port": port, "path": path, "connections": connections, "body": ASKED}
    with _serving(command, folder, database, port) as process:
        before = _post(task | {"seconds": WARM_SECONDS, "name": "warm"})
        worked = _processor(process.pid)
        found = _post(task | {"seconds": seconds, "name": "lead"})
        worked = _processor(process.pid) - worked
    answers = sorted(found["answers"])
    statuses = set(before["statuses"]) | set(found["statuses"])
    with sqlite3.connect(database) as looking:
        rows = looking.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    if statuses != {"202"} or rows != len(answers) + len(before["answers"]):
        raise SystemExit(f"{who}: {found['statuses']}, and {rows} rows; {(folder / 'log').read_text()[-2000:]}")
    return Taken(
        rate=len(answers) / found["seconds"],
        p50=median(answers),
        p99=answers[math.ceil(0.99 * len(answers)) - 1],
        processor=worked / len(answers),
    )


def _post(task: dict[str, object]) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.posting"]
    done = subprocess.run(command, cwd=ROOT, input=json.dumps(task), capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _processor(pid: int) -> float:
    """Seconds that this process has had a processor for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _serving(command: list[str], folder: Path, database: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The server's process, answering, until the block ends."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NURTURE_")} | {
        "NURTURE_DATA_DIR": str(folder / "data"),
        "NURTURE_DATABASE_URL": f"sqlite:///{database}",
        "NURTURE_MAIL_URL": f"file:{folder / 'outbox'}",
        "NURTURE_BASE_URL": f"http://127.0.0.1:{port}",
        "NURTURE_OPT_IN_LIMITS": "network=1000000/h; domain=1000000/h; all=1000000/h",
        "PYTHONPATH": str(ROOT),
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        ends = time.monotonic() + 60
        while True:
            with suppress(httpx.TransportError):
                httpx.get(f"http://127.0.0.1:{port}/readyz")
                break
            if process.poll() is not None or time.monotonic() > ends:
                raise SystemExit(f"not ready: {(folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait(30)


if __name__ == "__main__":
    main()
