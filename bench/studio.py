"""How fast the studio's pages answer with many leads: p50 and p95 of each, over loopback, on both engines.

Every page that a GET opens is called, in the order of the doors; where no path can be made of a door this fails. Exit 1
where a p95 is above the goal, or a page does not answer 200. Run by hand: `python -m bench.studio --leads 100000`.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
from sqlalchemy import update
from sqlmodel import col

from bench import crowded
from bench.databases import engines, migrated
from bench.quiet import logging_to_nowhere
from service.domain.staff import Least, Role
from service.flows import staff_sessions
from service.store import events, sequences
from service.store import staff as rows
from service.store.db import real_now
from service.store.tables import Message
from service.web.studio.routes import DOORS
from tests.support import studio
from tests.support.drafts import publish, with_sequence
from tests.support.folders import content_copy
from tests.support.house import House, open_house
from tests.support.tours import media, publishing
from tests.support.web_servers import serving

LEADS, CALLS, GOAL = 100_000, 50, 0.100
_LEAD = crowded.BASE + 40
_KNOWN = {
    "lead": str(_LEAD),
    "mail": str(_LEAD * crowded.APART),
    "sequence": "lage-rug",
    "template": "uitnodiging",
    "key": "check",
    "form": "lage-rug",
    "part": "lage-rug",
    "why": "backlog",
    "file": "rug.png",
    "entry": "1",
}
"""What stands in a path -> one that there is."""
_LAST_HELD = crowded.BASE + 700  # the mails of the leads before it wait for a person
_ASKING = {"/studio/sequences/{name}/new-step": "?after=check"}
_MAILS, _SEQUENCES = "/studio/mails/", "/studio/sequences/"
FURTHER = (
    "/studio/leads?before=30000",
    "/studio/leads?stand=active",
    "/studio/leads?stand=paused",
    "/studio/leads?stand=expired&since=2026-01-01",
    "/studio/leads?sequence=lage-rug&stand=stopped&before=60000",
    "/studio/leads?suppressed=1",
    "/studio/leads?suppressed=1&stand=paused",
    "/studio/leads?asked=1&booked=1",
    "/studio/leads?sequence=uitstraling-been",
)
"""Questions to pages that cost more than the page alone."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One page: seconds at the middle and at the slow end; `status` other than 200 is not measured further.

    `processor`: seconds of a processor that one call cost this process, which both asks and answers. What else the
    machine is doing changes it little; a server of PostgreSQL's own is not in it.
    """

    path: str
    status: int
    p50: float = 0.0
    p95: float = 0.0
    processor: float = 0.0


def main() -> int:
    """Print a line for each page and engine."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--leads", type=int, default=LEADS)
    asked.add_argument("--calls", type=int, default=CALLS)
    asked.add_argument("--engine", action="append", choices=["sqlite", "postgres"])
    chosen = asked.parse_args()
    slow = 0
    with logging_to_nowhere(), engines(chosen.engine or ["sqlite", "postgres"]) as found:
        for engine, fresh in found.items():
            with fresh() as url, tempfile.TemporaryDirectory() as folder:
                measured = list(measure(migrated(url), Path(folder), leads=chosen.leads, calls=chosen.calls))
            print(f"{engine}, {chosen.leads:,} leads, {chosen.calls} calls each: p50, p95, and processor")
            for each in measured:
                told = (
                    f"{each.p50 * 1000:6.0f} ms {each.p95 * 1000:5.0f} ms {each.processor * 1000:5.0f} ms"
                    if each.p95
                    else f"answers {each.status}"
                )
                print(f"  {each.path:60} {told}{'   above the goal' if each.p95 > GOAL else ''}")
            slow += sum(each.p95 > GOAL or each.status != 200 for each in measured)
    return 1 if slow else 0


def measure(url: str, folder: Path, *, leads: int, calls: int) -> Iterator[Measured]:
    """Each page of a studio with so many leads, as an admin sees it."""
    content = content_copy(folder)
    with open_house(url, folder, base_url="http://127.0.0.1", content_dir=content) as house:
        crowded.fill(house, leads)
        cookie = {"nurture-staff": _token(house)}
        with serving(house) as site, httpx.Client(base_url=site, cookies=cookie, timeout=60) as client:
            for path in paths(_known(house)):
                yield _measured(client, path, calls)


def paths(known: Mapping[str, str]) -> list[str]:
    """Every page that somebody who is logged in may open, and the further questions. A door must not be left out."""
    doors = [door.path for door in DOORS if door.method == "GET" and door.least >= Least.EDITOR]
    return [_filled(path, known) + _ASKING.get(path, "") for path in doors] + list(FURTHER)


def _filled(path: str, known: Mapping[str, str]) -> str:
    name = "uitnodiging" if path.startswith(_MAILS) else "lage-rug" if path.startswith(_SEQUENCES) else ""
    return re.sub(r"{(\w+)}", lambda found: name if found[1] == "name" else known[found[1]], path)


def _known(house: House) -> dict[str, str]:
    """With what this house has; two thousand mails wait, and an image is there."""
    media.put(house.services.content_dir, "rug.png", "Een tekening van een rug", media.drawing())
    publish(house, with_sequence(publishing.slower), by="studio:1")
    colleague = studio.hire(house, studio.FRANK, Role.MANAGER, "Frank")
    with house.services.database.transaction() as session:
        held = update(Message).where(col(Message.kind) == "follow_up", col(Message.id) < _LAST_HELD * crowded.APART)
        session.execute(held.values(state="held", hold="backlog", settled_at=None))
        events.audit(session, "studio:1", "content saved", real_now(session))
        revision = sequences.noted(session, "lage-rug")[1].id  # one that can be gone back to
    return _KNOWN | {"staff": str(colleague), "revision": str(revision)}


def _measured(client: httpx.Client, path: str, calls: int) -> Measured:
    status = client.get(path, headers={"Accept": "text/html"}).status_code  # the first compiles its template
    if status != 200:
        return Measured(path=path, status=status)
    taken, work = [], time.process_time()
    for _ in range(calls):
        began = time.perf_counter()
        client.get(path, headers={"Accept": "text/html"}).raise_for_status()
        taken.append(time.perf_counter() - began)
    work = time.process_time() - work
    taken.sort()
    slow = taken[min(int(len(taken) * 0.95), len(taken) - 1)]
    return Measured(path=path, status=status, p50=taken[len(taken) // 2], p95=slow, processor=work / calls)


def _token(house: House) -> str:
    admin = studio.hire(house, studio.GIJS, Role.ADMIN, "Gijs")
    with house.services.database.transaction() as session:
        person = rows.locked(session, admin)
        if person is None:
            raise RuntimeError("somebody who was just hired is there")
        return staff_sessions.begin(session, person, agent="bench", now=real_now(session))


if __name__ == "__main__":
    sys.exit(main())
