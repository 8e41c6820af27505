"""The audit log and the revisions are written once (ACCEPTANCE S2, S4): both databases refuse all else."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from service.flows import privacy
from service.store.db import open_database
from service.store.schema import migrate
from tests.support import acts
from tests.support.house import House


@pytest.mark.parametrize("table", ["audit", "revision"])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {0} SET id = id + 1000", "DELETE FROM {0}", "DELETE FROM {0} WHERE id = (SELECT max(id) FROM {0})"],
)
def test_no_row_is_changed_or_removed(house: House, table: str, statement: str) -> None:
    before = house.rows()
    with (
        pytest.raises(IntegrityError, match=r"append-only|never changes"),
        house.services.database.transaction() as session,
    ):
        session.execute(text(statement.format(table)))
    assert house.rows() == before


def test_nothing_empties_or_replaces_them_either(house: House) -> None:
    database = house.services.database
    ways = ["INSERT OR REPLACE INTO audit SELECT id, 'Eve', action, details, at FROM audit"]
    if not database.is_sqlite:
        ways = ["TRUNCATE audit", "TRUNCATE revision CASCADE"]
    for statement in ways:
        with pytest.raises(IntegrityError), database.transaction() as session:
            session.execute(text(statement))


def test_new_rows_are_written_as_ever_and_a_lead_can_be_erased(house: House) -> None:
    acts.confirmed(house)
    acts.pull_the_brake(house)
    before = len(house.rows()["audit"])
    acts.commit(
        house, lambda s: privacy.erase(s, house.services, house.lead().id, "staff", house.clock.now(), actor="F")
    )
    assert len(house.rows()["audit"]) == before + 1


def test_the_migration_runs_on_a_database_that_is_in_use_and_once(database_url: str) -> None:
    database = open_database(database_url)
    try:
        assert migrate(database)
        assert not migrate(database)
    finally:
        database.close()
