"""A table of somebody else in our database, an extension's for one, is left alone and stops nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from service.flows import archive, erase_proof, restoring
from service.flows.archive import Part
from tests.support import backups, copies
from tests.support.house import House

KEPT = [("1.5", "anna@example.org")]


@pytest.fixture
def shared(house: House) -> House:
    """A house in whose database a table of others stands."""
    backups.peopled(house)
    with house.services.database.transaction() as session:
        session.execute(text("CREATE TABLE older_leads (price NUMERIC(4, 1) PRIMARY KEY, address TEXT)"))
        session.execute(text("INSERT INTO older_leads VALUES (1.5, 'anna@example.org')"))
    return house


def others(house: House) -> list[tuple[str, str]]:
    with house.services.database.reading() as session:
        return [(str(price), address) for price, address in session.execute(text("SELECT * FROM older_leads"))]


def test_a_backup_goes_back_beside_it(shared: House, tmp_path: Path) -> None:
    before = shared.rows()
    made = backups.make(shared, tmp_path / "a.zip")
    assert {part.table for part in made.parts} == before.keys()
    assert backups.restore(shared, tmp_path / "a.zip", replace=True).rows == sum(map(len, before.values()))
    assert others(shared) == KEPT


def test_a_backup_that_holds_one_as_they_did_before_goes_back_without_it(shared: House, tmp_path: Path) -> None:
    made = backups.make(shared, tmp_path / "a.zip")
    more = Part(table="older_leads", columns=("price", "address"), rows=1, sha256="0" * 64)
    with archive.reading(tmp_path / "a.zip") as opened:
        held = archive.Archive(opened._archive, made.model_copy(update={"parts": (more, *made.parts)}))
        restoring.restore(shared.services, held, check_keys=lambda _: None, replace=True, actor="Frank")
    assert others(shared) == KEPT


def test_a_copy_is_made_without_it(shared: House, tmp_path: Path) -> None:
    rows = copies.copy(shared, f"sqlite:///{tmp_path / 'elsewhere.db'}").rows
    assert "older_leads" not in rows
    assert rows["lead"] == 4


def test_what_stands_in_it_about_a_lead_is_found_all_the_same(shared: House) -> None:
    found = erase_proof.search(shared.services, erase_proof.sought_for("anna@example.org"))
    assert "older_leads 1.5" in {each.where for each in found.traces}


def test_the_tables_of_a_newer_version_go_with_those_that_we_know(house: House, tmp_path: Path) -> None:
    """An older version is put back, and its backup: what a newer one made refers to what is replaced."""
    backups.peopled(house)
    backups.make(house, tmp_path / "a.zip")
    with house.services.database.transaction() as session:
        session.execute(text("CREATE TABLE newer (lead_id INTEGER REFERENCES lead (id))"))
        session.execute(text("INSERT INTO newer SELECT id FROM lead"))
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = house.rows()
    assert backups.restore(house, tmp_path / "a.zip", replace=True).rows == sum(map(len, before.values())) - 1
