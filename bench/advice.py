"""How soon an opt-in has its advice while 50,000 follow-ups are due, beside none in the same run (ACCEPTANCE L11).

A real `nurture serve` with its worker inside, and on PostgreSQL also `serve --no-worker` beside `worker`, as
docker-compose.yml has it; opt-ins over HTTP at random moments; from sending the request to the final dot at an SMTP
server that notes the time. Run by `make bench`; a quick look: `python -m bench.advice --due 1000`.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from statistics import median

import httpx
from sqlmodel import func, select

from bench.arrivals import Arrivals, noting_server
from bench.databases import engines, migrated
from bench.quiet import logging_to_nowhere
from service.store.db import open_database
from service.store.tables import Message
from tests.support.crowd import gather
from tests.support.drafts import publish, with_steps
from tests.support.house import open_house
from tests.support.running import free_port

ROOT = Path(__file__).resolve().parents[1]
GOAL = 1.0
ALWAYS = {
    "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    "from": "00:00",
    "to": "23:59",
    "skip_holidays": False,
}
LAST_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Seconds of each opt-in, sorted: until its 202, and until its advice was taken."""

    answers: list[float]
    advices: list[float]
    overtaken_by: int  # the most follow-ups that left between a request and its advice
    follow_ups: int  # that left meanwhile
    still_due: int


def main() -> None:
    """Print p50, p99 and the most, without and with the backlog."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--due", type=int, default=50_000, help="follow-ups that wait")
    parser.add_argument("--opt-ins", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60, help="over which the opt-ins are spread")
    parser.add_argument("--engines", nargs="+", choices=["sqlite", "postgres"], default=["sqlite", "postgres"])
    given = parser.parse_args()
    with logging_to_nowhere(), engines(given.engines) as found:
        for name, fresh in found.items():
            for apart, due in product((False, True) if name == "PostgreSQL" else (False,), (0, given.due)):
                with fresh() as url, tempfile.TemporaryDirectory() as folder:
                    seen = measure(
                        migrated(url),
                        Path(folder),
                        due=due,
                        opt_ins=given.opt_ins,
                        seconds=given.seconds,
                        apart=apart,
                    )
                if due and not seen.still_due:
                    raise SystemExit("the backlog was gone before the last opt-in; give a larger --due")
                _print(f"{name}{', apart' if apart else ''}", due, seen)


def _print(name: str, due: int, seen: Measured) -> None:
    p99 = _share(seen.advices, 0.99)
    print(
        f"{name:<15} {due:>6} due   advice p50 {median(seen.advices):.3f} s, p99 {p99:.3f} s, most "
        f"{seen.advices[-1]:.3f} s   goal {GOAL:.0f} s {'met' if p99 <= GOAL else 'MISSED'}   answer p99 "
        f"{_share(seen.answers, 0.99):.3f} s   {seen.follow_ups} follow-ups left meanwhile, at most "
        f"{seen.overtaken_by} between a request and its advice",
        flush=True,
    )


def _share(seconds: list[float], share: float) -> float:
    return seconds[math.ceil(share * len(seconds)) - 1]


def measure(
    database_url: str, folder: Path, *, due: int, opt_ins: int, seconds: float, apart: bool = False
) -> Measured:
    """One run on an empty database with the newest schema. SystemExit when an advice does not come.

    `apart`: the worker is a process of its own.
    """
    _prepare(database_url, folder, due)
    dice = random.Random(opt_ins)
    moments = [dice.uniform(0, seconds) for _ in range(opt_ins)]
    with (
        noting_server() as server,
        _serving(database_url, folder, server.url, apart=apart) as url,
        httpx.Client(base_url=url) as web,
    ):
        began = time.monotonic()

        def opt_in(number: int) -> tuple[str, float, float]:
            address = f"advice{number}@example.org"
            time.sleep(max(0.0, began + moments[number] - time.monotonic()))
            body = {"email": address, "topic": "lage-rug", "consent_advice": True, "consent_follow_up": True}
            asked = time.monotonic()
            web.post("/api/opt-ins", json=body, timeout=60).raise_for_status()
            return address, asked, time.monotonic()

        with ThreadPoolExecutor(opt_ins) as pool:  # one that waits for its answer holds up no other
            asked = list(pool.map(opt_in, range(opt_ins)))
        arrived = _all_arrived(server, [address for address, _, _ in asked])
        mails = list(server.mails)
    follow_ups = [at for at, recipient in mails if not recipient.startswith("advice")]
    return Measured(
        answers=sorted(answered - sent for _, sent, answered in asked),
        advices=sorted(arrived[address] - sent for address, sent, _ in asked),
        overtaken_by=max(sum(sent < at < arrived[address] for at in follow_ups) for address, sent, _ in asked),
        follow_ups=sum(at > began for at in follow_ups),
        still_due=_still_due(database_url),
    )


def _prepare(database_url: str, folder: Path, due: int) -> None:
    """Content whose window is always open, and this many follow-ups that became due within the last hour."""
    with open_house(database_url, folder, published=False) as house:
        house.clock.moment = datetime.now(UTC) - timedelta(days=2)
        publish(house, with_steps({"key": "hoe-ging-het", "wait": "47 hours"}, window=ALWAYS))
        if due:
            gather(house, due - 1)


def _all_arrived(server: Arrivals, addresses: list[str]) -> dict[str, float]:
    ends = time.monotonic() + LAST_SECONDS
    while missing := set(addresses) - server.when().keys():
        if time.monotonic() > ends:
            raise SystemExit(f"{len(missing)} advices did not come within {LAST_SECONDS} s of the last opt-in")
        time.sleep(0.1)
    return server.when()


def _still_due(database_url: str) -> int:
    database = open_database(database_url)
    try:
        with database.reading() as session:
            waiting = select(func.count()).where(Message.kind == "follow_up", Message.state == "due")
            return session.exec(waiting).one()
    finally:
        database.close()


@contextmanager
def _serving(database_url: str, folder: Path, mail_url: str, *, apart: bool) -> Iterator[str]:
    """The URL of a service, ready and with a worker, until the block ends."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NURTURE_")} | {
        "NURTURE_DATA_DIR": str(folder / "data"),
        "NURTURE_DATABASE_URL": database_url,
        "NURTURE_MAIL_URL": mail_url,
        "NURTURE_BASE_URL": url,
        "NURTURE_OPT_IN_LIMITS": "network=100000/h; domain=100000/h; all=100000/h",
        "PYTHONPATH": str(ROOT),
    }
    serve = ("serve", "--port", str(port))
    commands = [(*serve, "--no-worker"), ("worker",)] if apart else [serve]
    with (folder / "log").open("wb") as log:
        processes = [
            subprocess.Popen(
                [sys.executable, "-m", "service", *command], cwd=folder, env=environment, stderr=log, stdout=log
            )
            for command in commands
        ]
    try:
        ends = time.monotonic() + 60
        while True:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{url}/readyz").status_code == 200:
                    break
            if any(each.poll() is not None for each in processes) or time.monotonic() > ends:
                raise SystemExit(f"not ready: {(folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)
        yield url
    finally:
        for each in processes:
            each.terminate()
        for each in processes:
            each.wait(30)


if __name__ == "__main__":
    main()
