"""Audit log, revisions and receipts are written once (ACCEPTANCE C9, S2, S4): both databases refuse all else."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from service.flows import privacy
from service.store.db import open_database
from service.store.schema import migrate
from tests.support import acts, chained
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


BLANK = "lead_id = NULL, consent_id = NULL, document = NULL, salt = NULL"


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM receipt",
        "DELETE FROM receipt WHERE id = 3",
        "UPDATE receipt SET document = '{}' WHERE id = 1",
        "UPDATE receipt SET salt = '00' WHERE id = 1",
        "UPDATE receipt SET lead_id = 99",
        "UPDATE receipt SET id = 99 WHERE id = 3",
        "UPDATE receipt SET kind = 'withdrawn' WHERE id = 1",
        "UPDATE receipt SET document = NULL WHERE id = 1",
        "UPDATE receipt SET salt = NULL, document = NULL WHERE id = 1",
        f"UPDATE receipt SET {BLANK}, digest = 'x' WHERE id = 1",
        f"UPDATE receipt SET {BLANK}, chain = 'x' WHERE id = 1",
        f"UPDATE receipt SET {BLANK}, kind = 'withdrawn' WHERE id = 1",
        f"UPDATE receipt SET {BLANK}, id = 99 WHERE id = 1",
    ],
)
def test_of_a_receipt_nothing_changes(house: House, statement: str) -> None:
    acts.confirmed(house)
    before = house.rows()["receipt"]
    with (
        pytest.raises(IntegrityError, match="a consent receipt never changes"),
        house.services.database.transaction() as session,
    ):
        session.execute(text(statement))
    assert house.rows()["receipt"] == before


def test_a_receipt_is_blanked_whole_and_once(house: House) -> None:
    acts.confirmed(house)
    blank = text(f"UPDATE receipt SET {BLANK} WHERE id = 1")
    with house.services.database.transaction() as session:
        session.execute(blank)
    assert chained.entries(house)[0].document is None
    for again in (
        blank,
        text("UPDATE receipt SET document = '{}', salt = '', lead_id = 1, consent_id = 1 WHERE id = 1"),
    ):
        with pytest.raises(IntegrityError), house.services.database.transaction() as session:
            session.execute(again)
    assert chained.verified(house).broken is None


def test_no_receipt_is_emptied_out_or_replaced(house: House) -> None:
    acts.confirmed(house)
    columns = "kind, lead_id, consent_id, document, salt, digest, chain"
    ways = ["TRUNCATE receipt"]
    if house.services.database.is_sqlite:
        ways = [f"INSERT OR REPLACE INTO receipt SELECT {key}, {columns} FROM receipt" for key in ("id", "id + 100")]
    for statement in ways:
        with (
            pytest.raises(IntegrityError, match="a consent receipt never changes"),
            house.services.database.transaction() as session,
        ):
            session.execute(text(statement))
    assert len(chained.entries(house)) == 3


def test_whoever_deletes_a_lead_leaves_nothing_personal_in_the_receipts(house: House) -> None:
    """Code of before the receipts knows nothing of them, and goes on erasing while an upgrade is rolled out."""
    acts.confirmed(house)
    lead = house.lead().id
    with house.services.database.transaction() as session:
        session.execute(text("DELETE FROM attempt"))
        for table in ("message", "withdrawal", "consent", "opt_in", "enrolment", "timeline"):
            session.execute(text(f"DELETE FROM {table} WHERE lead_id = {lead}"))
        session.execute(text(f"DELETE FROM lead WHERE id = {lead}"))
    assert [each.document for each in chained.entries(house)] == [None] * 3
    assert chained.verified(house).broken is None


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
