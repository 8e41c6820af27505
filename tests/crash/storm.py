"""kill -9 at random moments under load, against a mail server that counts and misbehaves (ACCEPTANCE L1).

    python -m tests.crash --kills 500 --seed 42 [--by two-ways]

runs it on SQLite and on PostgreSQL and prints a line for each; exit status 1 when anything is wrong.
"""

from __future__ import annotations

import random
import re
import signal
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text
from sqlmodel import Session, col, select, update

from service.flows import brake
from service.store import events
from service.store.tables import Attempt, Message
from tests.crash.fleet import Fleet, fleet
from tests.crash.ground import ground, insist
from tests.crash.other_side import SIDES, OtherSide
from tests.crash.people import People
from tests.crash.reckoning import Reckoning, reckon, unsettled
from tests.support import acts, crowd
from tests.support.house import House

_FOLLOW_UPS = 50  # that become due around each kill,
_MOST_WAITING = 300  # unless so many wait still: what is never worked off shows nothing more
_LEAVE = 0.15  # of these leads unsubscribe as theirs becomes due
_SPREAD = 1.5  # seconds from a start to the kill, at the most, and over which follow-ups become due
_BUSY, _AT_MOST = 4, 3.0  # mails that were taken and not answered yet: what a kill waits for, and how many seconds
_PATIENCE = 120.0  # seconds in which nothing at all happens any more: then what is left is stuck
_STOPPED = (0, -signal.SIGTERM)  # the web server ends by the signal it was asked with
_LONG_ONES = text(
    "SELECT extract(epoch FROM now() - xact_start)::int AS age, state, wait_event_type, wait_event, query "
    "FROM pg_stat_activity WHERE datname = current_database() AND xact_start < now() - interval '5 seconds'"
)
_DEFECTS = re.compile(r"Traceback|tick failed|transport failed|mail held")


@dataclass(frozen=True, kw_only=True)
class Storm:
    """What came of one: its line, and everything that was wrong."""

    line: str
    wrong: list[str]
    cut_off: int  # hand-overs that a kill left without an outcome: none would mean that the kills missed
    taken: tuple[int, ...]  # how many mails each way out took


def storm(database_url: str, folder: Path, *, kills: int, seed: int, by: str = "smtp") -> Storm:
    """Kill `kills` processes of an installation on this migrated database, then hold everything against each other.

    Its mails go `by` one of SIDES: a mail server, two of which the first comes and goes, or a provider that knows
    idempotency keys and calls our webhook.
    """
    chance = random.Random(seed)
    people: People | None = None

    def on_mail(recipient: str, data: bytes) -> None:
        if people is not None and recipient.startswith("new-") and chance.random() < 0.2:
            people.got_advice(recipient, data)

    side = SIDES[by](seed, on_mail)
    with side, ground(database_url, folder, side, **side.settings) as (house, running):
        ours = fleet(running)
        ours.start()
        side.open(ours.ports)
        people = People(ours.ports, seed, posters=3, pause=0.12)
        try:
            for left in reversed(range(kills)):
                _blow(house, ours, people, chance, side, last=not left)
                people.check()
            side.clear()
        finally:
            people.stop()
        ours.wait_until_ready()
        _settle(house)
        side.finish()
        _settle(house)  # what was told just now has its run looked at
        found = reckon(
            house,
            side.seen,
            promised=people.promised,
            silenced=people.silenced,
            refused=side.refused,
            killed=ours.killed,
            by_key=side.knows_keys,
        )
        if found.stuck:
            found.other.append(f"meanwhile: {_standing(house)}")
        _end(found, ours)
    engine = "sqlite" if house.services.database.is_sqlite else "postgresql"
    line = found.line(f"{engine}, {by}", kills, seed)
    if len(side.taken) > 1:
        line += "; " + " and ".join(map(str, side.taken)) + " mails by each way"
    return Storm(line=line, wrong=found.wrong, cut_off=found.cut_off, taken=side.taken)


def _blow(house: House, ours: Fleet, people: People, chance: random.Random, side: OtherSide, *, last: bool) -> None:
    """Follow-ups become due, some of these leads unsubscribe just then, and a process dies, at the last all of them.

    As when the power goes: that one meets mails on their way, however few kills there are and whomever they hit.
    """
    if chance.random() < 0.9:  # now and then it dies while it starts
        ours.wait_until_working(house)
    insist(lambda: _let_go(house))
    now = datetime.now(UTC)
    most = 0 if len(unsettled(house)) > _MOST_WAITING else _FOLLOW_UPS
    moments = [now + timedelta(seconds=chance.random() * _SPREAD) for _ in range(most)]
    for lead, moment in zip(insist(lambda: crowd.due_at(house, moments)), moments, strict=True):
        if chance.random() < _LEAVE:
            token = house.services.keyring.sign("u", lead.public_id)
            people.leaves(lead.address, token, moment.timestamp() + chance.random() * 2 - 0.5)
    insist(lambda: acts.commit(house, _bring_forward))
    time.sleep(chance.uniform(0.05, _SPREAD))
    if last or chance.random() < 0.5:
        _wait_until_busy(side)
    if last:
        ours.kill_all()
    else:
        ours.kill_one(chance)


def _wait_until_busy(side: OtherSide) -> None:
    ends = time.monotonic() + _AT_MOST
    while side.in_hand < _BUSY and time.monotonic() < ends:
        time.sleep(0.005)


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
        insist(lambda: _let_go(house))
        left = len(unsettled(house))
        if not left:
            return
        if left < least:
            least, ends = left, time.monotonic() + _PATIENCE
        time.sleep(0.5)


def _let_go(house: House) -> None:
    """As staff do: of so bad a server five answers in the first hundred may say that there is no such mailbox, and the
    service holds the follow-ups back."""
    with house.services.database.reading() as session:
        held = brake.state(session).follow_ups
    if held:  # however many piled up meanwhile: that staff decide on a backlog is shown elsewhere
        all_of_them = house.with_changes(backlog_limit=1_000_000).services
        now = datetime.now(UTC)
        acts.commit(house, lambda s: brake.release(s, all_of_them, name=None, actor="Frank", now=now))


def _standing(house: House) -> str:
    """What may keep the rest: alerts that stand, and on PostgreSQL who is in a transaction for long."""
    with house.services.database.reading() as session:
        told = [f"alert {each.cause}" for each in events.open_alerts(session)]
        if not house.services.database.is_sqlite:
            told += [
                f"{each.age} s {each.state} {each.wait_event_type} {each.wait_event}: {each.query[:200]}"
                for each in session.execute(_LONG_ONES)
            ]
    return "; ".join(told) or "nothing stands in the way"


def _end(found: Reckoning, ours: Fleet) -> None:
    found.other += [f"asked to stop, a process ended with {status}" for status in ours.end() if status not in _STOPPED]
    found.other += [f"in the log: {line}" for line in ours.running.logs().splitlines() if _DEFECTS.search(line)]
