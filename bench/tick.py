"""Does a tick cost what is due, and not what is stored? 500 due among 10,000, 100,000 and 1,000,000 who wait.

A plan tick writes the 500 follow-ups, and a send tick hands them over by a transport that takes each mail at once; the
500 stand far apart in the tables, and are others in each round. The sizes take turns, each on a database of its own.
Then a real `nurture worker` does the same on each: its resident memory. Run by `make bench`; a quick look:
`python -m bench.tick --waiting 2000 20000 --rounds 3`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from bench import waiting
from bench.advice import ALWAYS
from bench.arrivals import noting_server
from bench.databases import Fresh, engines, migrated
from bench.quiet import logging_to_nowhere
from bench.verdict import verdict
from service.flows import ticks
from service.flows.sending import Sender
from service.mail.outbound import OutboundMail, Outcome, SendResult
from tests.support.drafts import publish, with_steps
from tests.support.house import House, open_house

ROOT = Path(__file__).resolve().parents[1]
DUE = 500
GOAL, GOAL_MB = 1.3, 200
PATIENCE_SECONDS = 120


@dataclass(kw_only=True)
class Place:
    """A database with so many who wait, and the seconds that each of its ticks took."""

    house: House
    folder: Path
    waiting: int
    plan: list[float] = field(default_factory=list)
    send: list[float] = field(default_factory=list)


class Taking:
    """A transport that costs nothing: every mail is taken as soon as it comes."""

    name = "taking"
    capacity = 32
    remembers: timedelta | None = None

    async def send(self, mail: OutboundMail) -> SendResult:  # noqa: ARG002 - it looks at none
        """ACCEPTED."""
        return SendResult(outcome=Outcome.ACCEPTED, stage="dot")

    async def check(self) -> SendResult | None:
        """Nothing is ever in the way."""
        return None

    async def close(self) -> None:
        """Nothing is open."""


def main() -> None:
    """Print each size's medians, and how the last compares with the first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waiting", type=int, nargs="+", default=[10_000, 100_000, 1_000_000], help="enrolments")
    parser.add_argument("--rounds", type=int, default=7, help="ticks of each kind at each size")
    parser.add_argument("--engines", nargs="+", choices=["sqlite", "postgres"], default=["sqlite", "postgres"])
    given = parser.parse_args()
    if min(given.waiting) < DUE * (given.rounds + 2):
        raise SystemExit(f"too few: each round needs {DUE} who had no follow-up yet")
    with logging_to_nowhere(), engines(given.engines) as found:
        for name, fresh in found.items():
            with ExitStack() as stack:
                places = [_place(stack, name, fresh, size) for size in given.waiting]
                for number in range(-1, given.rounds):  # the first warms everything up
                    for place in places if number % 2 else reversed(places):
                        _tick(place, number)
                _print(name, places)
                for place in places:
                    _print_memory(name, place, given.rounds)


def _place(stack: ExitStack, engine: str, fresh: Fresh, size: int) -> Place:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    house = stack.enter_context(open_house(migrated(stack.enter_context(fresh())), folder, published=False))
    house.clock.moment = datetime.now(UTC) - timedelta(days=1)
    steps: list[dict[str, object]] = [
        {"key": "hoe-ging-het", "wait": "2 days"},
        {"key": "niets-te-zien", "wait": "5 days"},
    ]
    publish(house, with_steps(*steps, window=ALWAYS))
    began = time.monotonic()
    waiting.fill(house, size)
    print(f"{engine:<11} {size:>9,} leads wait; written in {time.monotonic() - began:.0f} s", flush=True)
    house.clock.moment = datetime.now(UTC)
    ticks.plan(house.services)  # a worker is here; that none was for a day is over before anything is due
    return Place(house=house, folder=folder, waiting=size)


def _tick(place: Place, number: int) -> None:
    """One tick of each kind, the 500 of this round being due; below zero it does not count."""
    house = place.house
    _make_due(place, number)
    began = time.perf_counter()
    planned = ticks.plan(house.services)
    between = time.perf_counter()
    sent = asyncio.run(Sender(house.services, Taking()).send_due())
    ended = time.perf_counter()
    if not planned == sent == DUE:
        raise SystemExit(f"{DUE} were due; {planned} were planned, {sent} sent")
    if number >= 0:
        place.plan.append(between - began)
        place.send.append(ended - between)


def _make_due(place: Place, number: int) -> None:
    """As many as are due in a tick, spread over all who wait, and none of another round's."""
    apart = place.waiting // DUE
    first = waiting.BASE + number + 1
    waiting.make_due(place.house, range(first, first + DUE * apart, apart))


def _print(engine: str, places: list[Place]) -> None:
    for place in places:
        print(
            f"{engine:<11} {place.waiting:>9,} waiting, {DUE} due   plan tick {median(place.plan):.3f} s   "
            f"send tick {median(place.send):.3f} s",
            flush=True,
        )
    for tick in ("plan", "send"):
        first, last = median(getattr(places[0], tick)), median(getattr(places[-1], tick))
        verdict("tick", f"{engine}, {tick} tick: the last beside the first", last / first, GOAL)


def _print_memory(engine: str, place: Place, number: int) -> None:
    """What a real worker holds in memory after it planned and sent as many, of its own start and on its own clock."""
    _make_due(place, number)
    with noting_server() as server, (place.folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "service", "worker"],
            cwd=place.folder,
            env=_environment(place, server.url),
            stdout=log,
            stderr=log,
        )
        try:
            ends = time.monotonic() + PATIENCE_SECONDS
            while server.taken() < DUE:
                if process.poll() is not None or time.monotonic() > ends:
                    raise SystemExit(f"{server.taken()} of {DUE} came: {(place.folder / 'log').read_text()[-2000:]}")
                time.sleep(0.1)
            status = Path(f"/proc/{process.pid}/status").read_text()
        finally:
            process.terminate()
            process.wait(30)
    now, most = (int(status.partition(f"{name}:")[2].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    met = "met" if most < GOAL_MB else "MISSED"
    print(
        f"{engine:<11} {place.waiting:>9,} waiting   worker: {now:.0f} MB resident, {most:.0f} MB at most   "
        f"goal {GOAL_MB} MB {met}",
        flush=True,
    )


def _environment(place: Place, mail_url: str) -> dict[str, str]:
    url = place.house.services.database.url.render_as_string(hide_password=False)
    return {name: value for name, value in os.environ.items() if not name.startswith("NURTURE_")} | {
        "NURTURE_DATA_DIR": str(place.folder / "data"),
        "NURTURE_DATABASE_URL": url,
        "NURTURE_MAIL_URL": mail_url,
        "PYTHONPATH": str(ROOT),
    }


if __name__ == "__main__":
    main()
