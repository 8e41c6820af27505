"""Is the database's schema ours, and bringing it there."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import OperationalError

from service.errors import RefusedError
from service.store.db import Database
from service.store.tables import Table

MIGRATIONS = Path(__file__).resolve().parents[2] / "alembic"
_LOCK = 7_214_003  # one number for "somebody migrates", on PostgreSQL
BUSY_TABLE_SECONDS = 5
ANEW = "createdb --encoding UTF8 --template template0"
"""What makes a PostgreSQL database that takes every letter."""
_LOCK_NOT_AVAILABLE = "55P03"


class Schema(StrEnum):
    """How the database stands to this code."""

    EMPTY = "empty"
    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"
    FOREIGN = "foreign"  # tables named as ours, of no version: of something else, or damaged
    NOT_UTF8 = "not-utf8"  # whatever stands in it: not every name of a lead fits, and an opt-in would be lost


def schema_state(database: Database) -> Schema:
    """Raises UnavailableError where the database does not answer."""
    with database.reading() as session:
        return _state(session.connection())


def migrate(database: Database) -> bool:
    """Bring the schema to the newest, under a lock: of several who call, one works (True) and the others wait (False).

    Raises RefusedError where somebody keeps a table in use that is to be changed; nothing was changed then.
    """
    with database.transaction() as session:  # on SQLite its BEGIN IMMEDIATE is the lock
        connection = session.connection()
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL lock_timeout = 0"))  # whoever migrates before us may take its time
            take_turn(connection)
            # Those who come after us on a table wait for as long as we do, so it may not be long.
            connection.execute(text(f"SET LOCAL lock_timeout = '{BUSY_TABLE_SECONDS}s'"))
        if _state(connection) is Schema.CURRENT:
            return False
        try:
            upgrade(connection)
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise
            raise RefusedError(
                "a table that is to be changed is in use all the time, so nothing was changed; "
                "try again, or stop web and workers first"
            ) from error
        return True


def take_turn(connection: Connection) -> None:
    """Nobody else makes or changes a schema until this transaction ends. On SQLite the one writer is the lock."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the schema to a revision, within the transaction of this connection."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def revision_of(connection: Connection) -> str | None:
    """The revision of a database's schema; None where it has none."""
    return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """The revision that this code works on."""
    return str(_scripts().get_current_head())


def is_known(revision: str) -> bool:
    """Whether this code can bring a schema of that revision to the newest."""
    return any(revision == script.revision for script in _scripts().walk_revisions())


def takes_every_letter(connection: Connection) -> bool:
    """Is its text in UTF-8? SQLite's always is, or in UTF-16."""
    return connection.dialect.name == "sqlite" or connection.scalar(text("SHOW server_encoding")) == "UTF8"


def _state(connection: Connection) -> Schema:
    if not takes_every_letter(connection):
        return Schema.NOT_UTF8
    found = revision_of(connection)
    if found is None:
        there = set(inspect(connection).get_table_names())
        if there & set(Table.metadata.tables):
            return Schema.FOREIGN
        return Schema.OLDER if there else Schema.EMPTY
    if found == _scripts().get_current_head():
        return Schema.CURRENT
    return Schema.OLDER if is_known(found) else Schema.NEWER


@cache
def _scripts() -> ScriptDirectory:
    """The migrations of this code, read once: each reading runs every file of them."""
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
