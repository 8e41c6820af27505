"""Copies of a house in tests: whoever can be under way at that moment, and the house on the other side."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import col, select, update

from service.domain.lead import SuppressionReason
from service.flows import copy_marks, copying, privacy, taking_back, ticks
from service.flows.copying import Copied
from service.flows.taking_back import TakenBack
from service.store import schema
from service.store.db import open_database
from service.store.tables import Message
from tests.support import acts, backups, studio
from tests.support.house import House, open_house
from tests.support.older_worker import OlderWorker

DAAN, ESRA, ANNA, BRAM, CARLA, FRANK, GIJS, HANS = (
    f"{name}@example.org" for name in ("daan", "esra", "anna", "bram", "carla", "frank", "gijs", "hans")
)


def under_way(house: House) -> None:
    """Anna got a follow-up; Daan's is of a worker that was killed in its hand-over.

    Esra's is of an older worker that had leased it, Hans' is held for staff. Bram never confirmed, Carla took her yes
    back, Frank complained, Gijs was erased. Somebody of the staff is logged in.
    """
    for address in (DAAN, ESRA, ANNA, CARLA, FRANK, GIJS, HANS):
        acts.confirmed(house, address)
    house.opt_in(BRAM, first_name="Bram ✓ d'É")
    house.send_due()
    acts.withdraw(house, CARLA)
    acts.suppress(house, SuppressionReason.COMPLAINT, FRANK)
    gijs = house.lead(GIJS).id
    acts.commit(house, lambda s: privacy.erase(s, house.services, gijs, "asked", house.clock.now()))
    backups.keep_keys(house)
    studio.desk(house, studio.hire(house))
    house.clock.advance(days=2)
    ticks.plan(house.services)
    acts.hand_over(house, "worker-that-was-killed", limit=1)
    assert OlderWorker(house=house).lease(most=1) == [house.messages(ESRA)[-1].id]
    held = house.messages(HANS)[-1].id
    with house.services.database.transaction() as session:
        session.execute(update(Message).where(col(Message.id) == held).values(state="held", hold="backlog", reason="x"))
    house.send_due()


def copy(house: House, url: str) -> Copied:
    """As `nurture copy-database --to`."""
    target = open_database(url)
    try:
        return copying.copy(house.services, target, check_keys=lambda _: None, actor="Frank", now=house.clock.now())
    finally:
        target.close()


def take_back(house: House, url: str | None = None) -> TakenBack:
    """As `nurture copy-database --take-back`, with `--to` where a URL is given."""
    other = open_database(url) if url else None
    try:
        now = house.clock.now()
        return taking_back.take_back(house.services, other, check_keys=lambda _: None, actor="Frank", now=now)
    finally:
        if other is not None:
            other.close()


@contextmanager
def at(url: str, house: House, folder: Path) -> Iterator[House]:
    """The installation on another database: its keys, its time, its outbox."""
    with open_house(url, folder, published=False) as other:
        other.clock.moment = house.clock.moment
        yield other


def let_leases_end(house: House) -> None:
    """The time of all who held something is over."""
    past = datetime.now(UTC) - timedelta(hours=1)
    with house.services.database.transaction() as session:
        session.execute(update(Message).where(col(Message.lease_until).is_not(None)).values(lease_until=past))
    ticks.reap(house.services)


def states(house: House, address: str) -> dict[str, str]:
    """What became of each follow-up of a lead."""
    with house.services.database.reading() as session:
        found = session.exec(
            select(Message.step, Message.state)
            .where(Message.kind == "follow_up", Message.recipient == address)
            .order_by(col(Message.id))
        )
        return {str(step): state for step, state in found}


def closed(house: House) -> bool:
    """Does this database refuse to be used?"""
    with house.services.database.reading() as session:
        return copy_marks.of(session) is not None


def fill(url: str) -> None:
    """Give an empty database our schema."""
    database = open_database(url)
    schema.migrate(database)
    database.close()
