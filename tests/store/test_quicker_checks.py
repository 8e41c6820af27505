"""What is looked at with each row that is written costs SQLite no table made for it, and still holds."""

from __future__ import annotations

import logging
import re
import sqlite3
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import event, text, update
from sqlalchemy.exc import IntegrityError

from service.errors import UnavailableError
from service.store import schema
from service.store.db import Database, open_database
from service.store.schema_words import core
from service.store.tables import Attempt, Enrolment, Message
from tests.support.house import House
from tests.support.schema_words import nobody_writes, words

LIST = re.compile(r"\bIN \(([^)]*)\)")
MESSAGE_STATES = "state IN ('due', 'leased', 'handed_over', 'accepted', 'delivered', 'bounced', 'complained'"


@pytest.fixture
def file(tmp_path: Path) -> Database:
    return open_database(f"sqlite:///{tmp_path}/nurture.db")


def test_nothing_that_is_checked_has_a_list_of_more_than_two(file: Database) -> None:
    """Two are compared one by one: https://www.sqlite.org/src, sqlite3FindInIndex. A longer list becomes a table."""
    schema.migrate(file)
    with file.reading() as session:
        made = words(session.connection())
    assert {name: found for name, sql in made.items() for found in LIST.findall(sql) if found.count(",") > 1} == {}
    assert "state = 'due' OR state = 'leased'" in made["message"]
    file.close()


@pytest.mark.parametrize(("table", "column"), [(Message, "state"), (Enrolment, "state"), (Attempt, "outcome")])
def test_a_word_that_nobody_knows_is_refused(house: House, table: type, column: str) -> None:
    house.opt_in("anna@example.org")
    house.send_due()
    with pytest.raises(IntegrityError), house.services.database.transaction() as session:
        session.connection().execute(update(core(table)).values({column: "nonsense"}))


def test_the_way_there_and_back_changes_words_alone(file: Database) -> None:
    with file.transaction() as session:
        connection = session.connection()
        schema.upgrade(connection, "0016")
        before = words(connection)
        schema.upgrade(connection, "0017")
        between = words(connection)
        config = schema._config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0016")
        after = words(connection)
        assert connection.execute(text("PRAGMA integrity_check")).scalars().all() == ["ok"]
    assert MESSAGE_STATES in before["message"]
    assert MESSAGE_STATES not in between["message"]
    assert after == before
    changed = {name for name in before if between[name] != before[name]}
    assert {"message", "attempt", "ix_message_results"} < changed
    file.close()


def test_other_connections_see_what_was_changed(file: Database, tmp_path: Path) -> None:
    with file.transaction() as session:
        schema.upgrade(session.connection(), "0016")
    other = sqlite3.connect(tmp_path / "nurture.db")
    other.execute("SELECT count(*) FROM message").fetchall()
    version = other.execute("PRAGMA schema_version").fetchone()
    assert schema.migrate(file)
    assert other.execute("PRAGMA schema_version").fetchone() > version
    with pytest.raises(sqlite3.IntegrityError, match="ck_suppression_scope_known"):
        other.execute("INSERT INTO suppression VALUES (1, 'x', 'complaint', 'nonsense', NULL, '2026-03-13')")
    other.close()
    file.close()


def test_a_sqlite_that_lets_nobody_write_its_schema_keeps_the_old_words(
    file: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with file.transaction() as session:
        connection = session.connection()
        schema.upgrade(connection, "0016")
        with nobody_writes(connection), caplog.at_level(logging.WARNING):
            schema.upgrade(connection, "0017")
        assert MESSAGE_STATES in words(connection)["message"]
        assert schema.revision_of(connection) == "0017"
    assert "the checks of the tables stay as they were" in caplog.text
    file.close()


def test_a_failure_on_the_way_is_none_of_a_refusal(file: Database) -> None:
    """SQLite may have ended the transaction by then: what goes on behind it would be written, and nothing before it."""
    with pytest.raises(UnavailableError):
        upgrade_interrupted(file)
    with file.reading() as session:
        assert words(session.connection()) == {}
    file.close()


def upgrade_interrupted(file: Database) -> None:
    """At the first word that is to be changed."""
    with file.transaction() as session:
        connection = session.connection()
        schema.upgrade(connection, "0016")
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)

        @event.listens_for(connection, "before_cursor_execute")
        def _stop(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            if statement.startswith("UPDATE sqlite_master"):
                driver.set_progress_handler(lambda: 1, 1)

        try:
            schema.upgrade(connection)
        finally:
            driver.set_progress_handler(None, 0)
