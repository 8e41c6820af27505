"""Is the database's schema ours, and bringing it there."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from service.store.db import Database

MIGRATIONS = Path(__file__).resolve().parents[2] / "alembic"
_LOCK = 7_214_003  # one number for "somebody migrates", on PostgreSQL


class Schema(StrEnum):
    """How the database stands to this code."""

    EMPTY = "empty"
    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"


def schema_state(database: Database) -> Schema:
    """Raises UnavailableError where the database does not answer."""
    with database.reading() as session:
        return _state(session.connection())


def migrate(database: Database) -> None:
    """Bring the schema to the newest, under a lock: of several who call, one works and the others wait."""
    with database.transaction() as session:  # on SQLite its BEGIN IMMEDIATE is the lock
        connection = session.connection()
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _state(connection: Connection) -> Schema:
    found = MigrationContext.configure(connection).get_current_revision()
    if found is None:
        return Schema.OLDER if inspect(connection).get_table_names() else Schema.EMPTY
    scripts = ScriptDirectory.from_config(_config())
    if found == scripts.get_current_head():
        return Schema.CURRENT
    known = {script.revision for script in scripts.walk_revisions()}
    return Schema.OLDER if found in known else Schema.NEWER


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
