"""How long the plan before publishing takes with many under way, and whom it holds up.

It writes nothing and locks nothing: beside it opt-ins are taken, and the slowest one is shown.
"""

from __future__ import annotations

import random
import sys
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path

from service.flows import publish_plan
from service.store.db import open_database
from service.store.schema import migrate
from tests.support import crowd
from tests.support.drafts import publish, with_practice, with_sequence
from tests.support.house import START, House, open_house

LEADS = 5_000


def main(leads: int = LEADS) -> int:
    """Print the figures of one plan and one publication with `--move-leads`, on SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/nurture.db"
        database = open_database(url)
        migrate(database)
        database.close()
        with open_house(url, Path(folder)) as house:
            _crowd(house, leads)
            _measure(house)
    return 0


def _crowd(house: House, leads: int) -> None:
    """Leads who confirmed at any minute of the four weeks before, each with the first follow-up still to come."""
    crowd.model(house)
    luck = random.Random(4)
    moments = [START + timedelta(minutes=luck.randrange(1, 4 * 7 * 24 * 60)) for _ in range(leads)]
    crowd.due_at(house, moments)


def _measure(house: House) -> None:
    def change(document: dict[str, object]) -> None:
        steps = document["steps"]
        assert isinstance(steps, list)
        document["steps"] = [step for step in steps if step["key"] != "niets-te-zien"]

    draft = with_practice(with_sequence(change), closed=["2026-04-03"])
    slowest, over = [0.0], threading.Event()

    def opt_ins() -> None:
        number = 0
        while not over.is_set():
            began = time.perf_counter()
            house.opt_in(f"nieuw-{(number := number + 1)}@example-{number}.org")
            slowest[0] = max(slowest[0], time.perf_counter() - began)
            time.sleep(0.05)

    beside = threading.Thread(target=opt_ins)
    beside.start()
    began, work = time.perf_counter(), time.thread_time()
    with house.services.database.reading() as session:
        plan = publish_plan.plan(session, house.services, draft, house.clock.now())
    planned, work, slow_plan = time.perf_counter() - began, time.thread_time() - work, slowest[0]
    slowest[0] = 0.0
    began = time.perf_counter()
    publish(house, draft, move_leads=True)
    published = time.perf_counter() - began
    over.set()
    beside.join()
    moved = sum(each.under_way for each in plan.sequences)
    print(f"plan for {moved:,} leads under way: {planned:.1f} s, of which {work:.1f} s of its own work")
    print(f"  the slowest opt-in beside it: {slow_plan * 1000:.0f} ms")
    print(f"publish --move-leads, all planned anew: {published:.1f} s")
    print(f"  the slowest opt-in beside it: {slowest[0] * 1000:.0f} ms")


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else LEADS))
