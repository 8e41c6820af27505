"""10,000 opt-ins for 500 addresses of others, from 50 networks, through the application with its default caps.

Says how many were taken and turned away, whether any cap was broken, and how fast others were answered before and
meanwhile (ACCEPTANCE E2). Run by `make bench-more`; a quick look: `python -m bench.flood --posts 1000`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median

from sqlmodel import select

from bench.databases import engines, migrated
from bench.quiet import logging_to_nowhere
from service.domain.limits import DEFAULT_LIMITS
from service.store.tables import Message, OptIn
from tests.support import acts, flood
from tests.support.house import open_house


def main() -> None:
    """Print what became of it; exit 1 where something is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--addresses", type=int, default=500)
    parser.add_argument("--networks", type=int, default=50)
    parser.add_argument("--others", type=int, default=100)
    parser.add_argument("--engines", nargs="+", choices=["sqlite", "postgres"], default=["sqlite", "postgres"])
    given = parser.parse_args()
    broken: list[str] = []
    with logging_to_nowhere(), engines(given.engines) as found:
        for name, fresh in found.items():
            with fresh() as url, tempfile.TemporaryDirectory() as folder:
                broken += _measure(name, migrated(url), Path(folder), given)
    print("broken: " + "; ".join(broken) if broken else "no cap broken, nobody else turned away, nothing lost")
    raise SystemExit(1 if broken else 0)


def _measure(engine: str, url: str, folder: Path, given: argparse.Namespace) -> list[str]:
    with open_house(url, folder) as house:
        began = time.monotonic()
        guarded, seen = flood.unleash(
            house,
            limits=DEFAULT_LIMITS,
            posts=given.posts,
            addresses=given.addresses,
            networks=given.networks,
            others=given.others,
        )
        seconds = time.monotonic() - began
        with house.services.database.reading() as session:
            states = Counter(session.exec(select(Message.state).where(Message.kind == "advice")))
            kinds = Counter(session.exec(select(OptIn.disposition)))
        print(
            f"{engine}: {given.posts} posts in {seconds:.0f} s; 202 {seen.statuses[202]}, 429 {seen.statuses[429]};"
            f" opt-ins {dict(kinds)}; advices {dict(states)}; alerts {acts.alerts(house)}"
        )
        print(
            f"  {len(seen.others)} others, all answered {set(seen.others.values())}: median"
            f" {median(seen.before) * 1000:.1f} ms before, {median(seen.meanwhile) * 1000:.1f} ms meanwhile"
        )
        return flood.wrong(guarded, DEFAULT_LIMITS, seen)


if __name__ == "__main__":
    main()
