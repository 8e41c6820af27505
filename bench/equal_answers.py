"""How long the answer to an opt-in takes, for each kind of address: it must not tell whom we know (ACCEPTANCE E1).

Through the application, in one process, the kinds by turns. Run by `make bench-more`; a quick look:
`python -m bench.equal_answers --rounds 10`, and with `--at-once 8` of as many as are written together.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import httpx

from bench.databases import engines, migrated
from bench.quiet import logging_to_nowhere
from service.bootstrap import ANSWER_PACE
from service.domain.lead import SuppressionReason
from service.domain.limits import parse_limits
from service.flows import form_tokens
from service.web.app import create_app
from tests.support import acts
from tests.support.house import House, open_house
from tests.support.website import OPT_IN

GOAL_MS = 10.0
_WIDE = "network=1000000/h; domain=1000000/h; all=1000000/h"


def _pending(house: House, address: str) -> None:
    house.opt_in(address)


def _confirmed(house: House, address: str) -> None:
    house.opt_in(address)
    acts.confirm(house, address)


def _unsubscribed(house: House, address: str) -> None:
    _confirmed(house, address)
    acts.withdraw(house, address)


def _bounced(house: House, address: str) -> None:
    house.opt_in(address)
    acts.suppress(house, SuppressionReason.HARD_BOUNCE, address)


def _complained(house: House, address: str) -> None:
    house.opt_in(address)
    acts.suppress(house, SuppressionReason.COMPLAINT, address)


def _nothing(_house: House, _address: str) -> None:
    """Nobody we know."""


BEFORE: dict[str, Callable[[House, str], None]] = {
    "new": _nothing,
    "pending": _pending,
    "confirmed": _confirmed,
    "unsubscribed": _unsubscribed,
    "complained": _complained,
    "bounced": _bounced,
    "capped": _pending,
    "held": _nothing,
    "honeypot": _nothing,
}
"""What each kind of address went through before, an hour ago; the capped ones once more just now."""


def measure(house: House, rounds: int, at_once: int) -> dict[str, list[float]]:
    """kind -> the milliseconds of its answers. Each round has addresses of its own for each kind, in any order."""
    pace = ANSWER_PACE[house.services.database.url.get_backend_name()]
    house = house.with_changes(limits=parse_limits(_WIDE), answer_pace=pace)
    for number in range(rounds * at_once):
        for kind, before in BEFORE.items():
            before(house, f"{kind}{number}@example.org")
    house.clock.advance(hours=1)
    for number in range(rounds * at_once):
        house.opt_in(f"capped{number}@example.org")
    return asyncio.run(_ask(house, rounds, at_once))


async def _ask(house: House, rounds: int, at_once: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {kind: [] for kind in BEFORE}
    dice = random.Random(1)
    app = create_app(house.services, worker_alive=None)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=house.services.base_url) as client:

        async def post(kind: str, number: int) -> float:
            body = OPT_IN | {"email": f"{kind}{number}@example.org"} | _extra(house, kind)
            began = time.perf_counter()
            answer = await client.post("/api/opt-ins", json=body)
            took = (time.perf_counter() - began) * 1000
            if answer.status_code != 202:
                raise SystemExit(f"{kind}: {answer.status_code} {answer.text}")
            return took

        for number in range(-3, rounds):  # the first three warm everything up
            for kind in dice.sample(list(BEFORE), len(BEFORE)):
                together = (post(kind, number * at_once + each) for each in range(at_once))
                answers = await asyncio.gather(*together)
                if number >= 0:
                    found[kind] += answers
    return found


def _extra(house: House, kind: str) -> dict[str, object]:
    if kind == "honeypot":
        return {"leave_empty": "x"}
    fresh = form_tokens.issue(house.services, "lage-rug", datetime.now(UTC))
    return {"form": "lage-rug", "form_token": fresh} if kind == "held" else {}


def main() -> None:
    """Print the median of each kind, and the largest difference between two of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--at-once", type=int, default=1, help="posts of one kind, which are written together")
    parser.add_argument("--engines", nargs="+", choices=["sqlite", "postgres"], default=["sqlite", "postgres"])
    given = parser.parse_args()
    with logging_to_nowhere(), engines(given.engines) as found:
        for name, fresh in found.items():
            with (
                fresh() as url,
                tempfile.TemporaryDirectory() as folder,
                open_house(migrated(url), Path(folder)) as house,
            ):
                medians = {kind: median(each) for kind, each in measure(house, given.rounds, given.at_once).items()}
            told = ", ".join(f"{kind} {each:.1f}" for kind, each in medians.items())
            apart = max(medians.values()) - min(medians.values())
            print(
                f"{name}, {given.at_once} at once: medians in ms: {told}; "
                f"largest difference {apart:.1f} ms (goal {GOAL_MS:.0f} ms)"
            )


if __name__ == "__main__":
    main()
