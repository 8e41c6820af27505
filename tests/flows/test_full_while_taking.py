"""SQLite ends a transaction by itself where its disk is full: nothing of what was taken in it is handed over."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from service.errors import UnavailableError
from service.flows import building
from service.flows.services import Services
from service.mail.transport import OutboundMail
from service.store.db import Database
from service.store.leaving import Leaving
from tests.support import acts
from tests.support.house import House, open_house
from tests.support.transports import Network

NO_ROOM = text("INSERT INTO fact (key, value) VALUES ('large', json_quote(hex(zeroblob(3000000))))")


@pytest.fixture
def here(template_file: Callable[[str], Path], tmp_path: Path) -> Iterator[House]:
    """On a SQLite file of its own."""
    shutil.copyfile(template_file("published"), tmp_path / "nurture.db")
    with open_house(f"sqlite:///{tmp_path / 'nurture.db'}", tmp_path, published=False) as house:
        yield house


def pages(database: Database, most: int | None = None) -> int:
    """How many the file has; from now on no more than `most`."""
    with database._write_lock.held(), database.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        if most is not None:
            driver.execute(f"PRAGMA max_page_count={most}")
        return int(driver.execute("PRAGMA page_count").fetchone()[0])


def test_what_sqlite_has_ended_is_not_taken_for_committed(here: House) -> None:
    database = here.services.database
    pages(database, pages(database))
    with (
        pytest.raises(UnavailableError, match="ended the transaction"),
        database.transaction() as session,
        pytest.raises(OperationalError, match="full"),
    ):
        session.execute(NO_ROOM)
    pages(database, 1_000_000)
    with database.transaction() as session:
        session.execute(NO_ROOM)


def test_mails_taken_one_by_one_on_a_full_disk_are_not_handed_over_and_later_once(here: House) -> None:
    network = Network()
    house = here.with_changes(open_transport=network.open)
    for number in range(22):
        house.opt_in(f"first{number}@example.org")
    house.send_due()
    network.mails.clear()
    for number in range(27):
        house.opt_in(f"lead{number}@example.org")
    run = acts.enrolment(house, "lead26@example.org")
    with house.services.database.transaction() as session:  # so that all are taken one by one
        session.execute(text("UPDATE enrolment SET anchor = 'no moment' WHERE id = :id"), {"id": run.id})
    pages(house.services.database, pages(house.services.database))
    with pytest.raises(UnavailableError, match="ended the transaction"):
        house.send_due()
    before = network.counts()
    assert sum(before.values()) < 26, "there was room for all of it"
    pages(house.services.database, 1_000_000)
    house.send_due()
    assert set(network.counts().values()) == {1}
    assert len(network.counts()) == 26


def test_a_mail_at_which_a_statement_fails_is_held_and_no_other(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    build = building.build

    def fails_for_anna(session: Session, services: Services, message: Leaving, now: datetime) -> OutboundMail:
        if message.recipient == acts.ANNA:
            session.execute(text("SELECT json_extract('{', '$.first_name')"))  # as a damaged value makes it
        return build(session, services, message, now)

    monkeypatch.setattr(building, "build", fails_for_anna)
    here.opt_in()
    here.opt_in("bram@example.org")
    here.send_due()
    assert (acts.advice(here).state, acts.advice(here, "bram@example.org").state) == ("held", "accepted")
