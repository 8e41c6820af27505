"""The number of a row that was removed is not given to another: pages, commands and causes name rows by it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, insert, select, text
from sqlmodel import Session, col, delete

from service.flows import privacy
from service.store import new_rows, schema
from service.store.db import Database, open_database
from service.store.schema_words import core
from service.store.tables import Alert, Lead, Message, OptIn, Table
from tests.support import acts
from tests.support.house import START, House
from tests.support.schema_words import nobody_writes, words

COUNTED = {name for name, table in Table.metadata.tables.items() if table.dialect_options["sqlite"]["autoincrement"]}


@pytest.fixture
def file(tmp_path: Path) -> Database:
    return open_database(f"sqlite:///{tmp_path}/nurture.db")


def lead(number: int) -> dict[str, object]:
    return {"public_id": f"{number:022d}", "address": f"a{number}@example.org", "answers": {}, "created_at": START}


def counting(connection: Connection) -> set[str]:
    return {name for name, sql in words(connection).items() if "(id AUTOINCREMENT)" in sql}


@pytest.mark.parametrize("table", [Lead, OptIn, Message])
def test_who_comes_after_an_erased_lead_has_none_of_her_numbers(house: House, table: type[Table]) -> None:
    house.opt_in()

    def numbers(session: Session) -> set[int]:
        return set(session.connection().execute(select(core(table).c.id)).scalars())

    hers = acts.commit(house, numbers)
    mine = house.lead().id
    acts.commit(house, lambda session: privacy.erase(session, house.services, mine, "asked", START))
    assert not acts.commit(house, numbers) & hers
    house.opt_in("bram@example.org")
    assert min(acts.commit(house, numbers)) > max(hers)


def test_rows_written_together_have_none_either(house: House) -> None:
    def first(session: Session) -> list[int]:
        given = new_rows.add_numbered(session, Lead, [lead(1), lead(2)])
        session.exec(delete(Lead).where(col(Lead.id).in_(given)))
        return given

    before = acts.commit(house, first)
    after = acts.commit(house, lambda session: new_rows.add_numbered(session, Lead, [lead(3), lead(4)]))
    assert min(after) > max(before)
    assert acts.commit(house, lambda session: new_rows.add(session, Lead, **lead(5))).id > max(after)


def test_a_new_alert_is_mailed_where_the_last_one_was_removed_long_ago(house: House) -> None:
    """It is mailed once for each number."""

    def again(session: Session) -> int:
        old = new_rows.add(session, Alert, cause="x", dutch="x", english="x", raised_at=START).id
        session.exec(delete(Alert).where(col(Alert.id) == old))
        return old

    old = acts.commit(house, again)
    assert acts.commit(house, again) > old


def test_numbers_that_were_given_before_are_counted(file: Database) -> None:
    with file.transaction() as session:
        connection = session.connection()
        schema.upgrade(connection, "0017")
        connection.execute(insert(core(Lead)), [{"id": 7, **lead(7)}])
        schema.upgrade(connection)
        connection.execute(text("DELETE FROM lead"))
        assert new_rows.add_numbered(session, Lead, [lead(1)]) == [8]
    file.close()


def test_the_way_there_and_back_changes_the_words_of_these_tables_alone(file: Database) -> None:
    with file.transaction() as session:
        connection = session.connection()
        schema.upgrade(connection, "0017")
        before = words(connection)
        schema.upgrade(connection)
        assert counting(connection) == COUNTED
        between = words(connection)
        config = schema._config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0017")
        after = words(connection)
        assert connection.execute(text("PRAGMA integrity_check")).scalars().all() == ["ok"]
        schema.upgrade(connection)  # and once more
        assert counting(connection) == COUNTED
    assert {name for name in before if between[name] != before[name]} == COUNTED
    assert after == {**before, "sqlite_sequence": between["sqlite_sequence"]}
    file.close()


def test_a_sqlite_that_lets_nobody_write_its_schema_counts_as_before(
    file: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with file.transaction() as session:
        connection = session.connection()
        schema.upgrade(connection, "0017")
        with nobody_writes(connection), caplog.at_level(logging.WARNING):
            schema.upgrade(connection)
        assert counting(connection) == set()
        assert new_rows.add_numbered(session, Lead, [lead(1), lead(2)]) == [1, 2]
    assert "may be given to another one, as before" in caplog.text
    file.close()
