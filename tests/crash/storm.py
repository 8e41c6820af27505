"""kill -9 at random moments under load, against a mail server that counts and misbehaves (ACCEPTANCE L1).

    python -m tests.crash --kills 500 --seed 42

runs it on SQLite and on PostgreSQL and prints a line for each; exit status 1 when anything is wrong.
"""

from __future__ import annotations

import hashlib
import random
import re
import signal
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import Session, col, select, update

from service.store.tables import Attempt, Message
from tests.crash.fleet import Fleet, fleet
from tests.crash.ground import ground, insist
from tests.crash.people import People
from tests.crash.reckoning import Reckoning, Seen, reckon, unsettled
from tests.crash.weather import Weather
from tests.support import acts, crowd
from tests.support.house import House
from tests.support.running import wait_for
from tests.support.smtp_server import Received, SmtpServer

_FOLLOW_UPS = 50  # that become due around each kill,
_MOST_WAITING = 300  # unless so many wait still: what is never worked off shows nothing more
_LEAVE = 0.15  # of these leads unsubscribe as theirs becomes due
_SPREAD = 1.5  # seconds from a start to the kill, at the most, and over which follow-ups become due
_PATIENCE = 120.0  # seconds in which nothing at all happens any more: then what is left is stuck
_STOPPED = (0, -signal.SIGTERM)  # the web server ends by the signal it was asked with
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^>]+>)", re.IGNORECASE | re.MULTILINE)
_DEFECTS = re.compile(r"Traceback|tick failed|transport failed|mail held")


@dataclass(frozen=True, kw_only=True)
class Storm:
    """What came of one: its line, and everything that was wrong."""

    line: str
    wrong: list[str]
    cut_off: int  # hand-overs that a kill left without an outcome: none would mean that the kills missed
    taken: tuple[int, int]  # how many mails the first server took, and the second


def storm(database_url: str, folder: Path, *, kills: int, seed: int, fallback: bool = False) -> Storm:
    """Kill `kills` processes of an installation on this migrated database, then hold everything against each other.

    With `fallback` there is a second way out, and the first one comes and goes; what both took is counted together.
    """
    chance, weather = random.Random(seed), Weather(seed, outages=fallback)
    beside = Weather(seed + 1)
    taken: tuple[list[Seen], list[Seen]] = ([], [])
    people: People | None = None

    def witness(mail: Received, seen: list[Seen]) -> None:
        found = _MESSAGE_ID.search(mail.data)
        assert found, "a mail without Message-ID"
        seen.append(
            Seen(
                message_id=found[1].decode(),
                recipient=mail.recipients[0],
                digest=hashlib.sha256(mail.data).hexdigest(),
                began=mail.began,
                taken=mail.taken,
            )
        )
        if people is not None and mail.recipients[0].startswith("new-") and chance.random() < 0.2:
            people.got_advice(mail.recipients[0], mail.data)

    with (
        SmtpServer(weather=weather, witness=lambda mail: witness(mail, taken[0])) as server,
        SmtpServer(weather=beside, witness=lambda mail: witness(mail, taken[1])) as second,
        ground(database_url, folder, server, second if fallback else None) as (house, running),
    ):
        ours = fleet(running)
        ours.start()
        people = People(ours.ports, seed, posters=3, pause=0.12)
        try:
            for _ in range(kills):
                _blow(house, ours, people, chance)
                people.check()
        finally:
            people.stop()
        if fallback:
            wait_for(lambda: taken[1], "a mail by the second way", _PATIENCE)
        weather.clear()
        beside.clear()
        ours.wait_until_ready()
        _settle(house)
        found = reckon(
            house,
            sorted((*taken[0], *taken[1]), key=lambda each: each.taken),
            promised=people.promised,
            silenced=people.silenced,
            refused=weather.refused | beside.refused,
            killed=ours.killed,
        )
        _end(found, ours)
    engine = "sqlite" if house.services.database.is_sqlite else "postgresql"
    return Storm(
        line=found.line(engine, kills, seed),
        wrong=found.wrong,
        cut_off=found.cut_off,
        taken=(len(taken[0]), len(taken[1])),
    )


def _blow(house: House, ours: Fleet, people: People, chance: random.Random) -> None:
    """Follow-ups become due, some of these leads unsubscribe just then, and a process dies."""
    if chance.random() < 0.9:  # now and then it dies while it starts
        ours.wait_until_working(house)
    now = datetime.now(UTC)
    most = 0 if len(unsettled(house)) > _MOST_WAITING else _FOLLOW_UPS
    moments = [now + timedelta(seconds=chance.random() * _SPREAD) for _ in range(most)]
    for lead, moment in zip(insist(lambda: crowd.due_at(house, moments)), moments, strict=True):
        if chance.random() < _LEAVE:
            token = house.services.keyring.sign("u", lead.public_id)
            people.leaves(lead.address, token, moment.timestamp() + chance.random() * 2 - 0.5)
    insist(lambda: acts.commit(house, _bring_forward))
    time.sleep(chance.uniform(0.05, _SPREAD))
    ours.kill_one(chance)


def _bring_forward(session: Session) -> None:
    """What was refused for now is tried again at once, not after five minutes."""
    now = datetime.now(UTC)
    tried = col(Message.id).in_(select(Attempt.message_id))  # also where a fault of ours gave it back
    refused = (col(Message.state) == "due") & tried & (col(Message.due_at) > now)
    session.exec(update(Message).where(refused).values(due_at=now).execution_options(synchronize_session=False))


def _settle(house: House) -> None:
    """Wait until nothing is left to happen by itself; what does not become less any more is reckoned as stuck."""
    least, ends = len(unsettled(house)), time.monotonic() + _PATIENCE
    while time.monotonic() < ends:
        insist(lambda: acts.commit(house, _bring_forward))
        left = len(unsettled(house))
        if not left:
            return
        if left < least:
            least, ends = left, time.monotonic() + _PATIENCE
        time.sleep(0.5)


def _end(found: Reckoning, ours: Fleet) -> None:
    found.other += [f"asked to stop, a process ended with {status}" for status in ours.end() if status not in _STOPPED]
    found.other += [f"in the log: {line}" for line in ours.running.logs().splitlines() if _DEFECTS.search(line)]
