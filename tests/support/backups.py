"""Backups in tests: a house with a lead in every state that matters, made into a file and put back elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlmodel import Session

from service.flows import archive, backup, restoring, ticks
from service.flows.archive import Manifest
from service.flows.restoring import Restored
from service.store import events
from tests.support import acts
from tests.support.house import House
from tests.support.older_worker import OlderWorker

ANNA, BRAM, CARLA, ESRA, FRANK = (f"{name}@example.org" for name in ("anna", "bram", "carla", "esra", "frank"))


def peopled(house: House) -> None:
    """Carla said no; Bram never confirmed; Esra's follow-up is due, Anna's is leased by an older worker."""
    for address in (ANNA, CARLA, ESRA):
        acts.confirmed(house, address)
    acts.withdraw(house, CARLA)
    house.opt_in(BRAM, first_name="Bram ✓ d'É")
    house.send_due()
    keep_keys(house)
    house.clock.advance(days=2)
    ticks.plan(house.services)
    assert OlderWorker(house=house).lease(most=1)


def keep_keys(house: House) -> None:
    """As `bootstrap` does at a start."""
    with house.services.database.transaction() as session:
        events.set_fact(session, backup.KEYS_FACT, {"signing": ["a" * 64], "suppression": "b" * 64})


def make(house: House, file: Path) -> Manifest:
    """A backup of a house."""
    return backup.make(house.services, file, keys={}, actor="Frank")


def restore(
    house: House, file: Path, *, replace: bool = False, check_keys: Callable[[Session], None] = lambda _: None
) -> Restored:
    """Put a file back into a house."""
    with archive.reading(file) as opened:
        return restoring.restore(house.services, opened, check_keys=check_keys, replace=replace, actor="Frank")
