"""Other words for what is in a SQLite schema already, where they change nothing that is stored: no table is copied.

https://www.sqlite.org/lang_altertable.html, section 7, the second procedure. For migrations.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable

import sqlalchemy as sa

log = logging.getLogger("alembic.runtime.migration")


def rewrite(connection: sa.Connection, made: Callable[[str, str], str], *, otherwise: str) -> None:
    """Give each table and index the words that `made` makes of its name and of those it has.

    A SQLite that does not let its schema be written keeps them; `otherwise` says in the log what that means.
    """
    whole = connection.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")).all()
    version = connection.execute(sa.text("PRAGMA schema_version")).scalar_one()
    change = sa.text("UPDATE sqlite_master SET sql = :sql WHERE name = :name")
    connection.execute(sa.text("PRAGMA writable_schema = ON"))
    try:
        for name, sql in whole:
            if (new := made(name, sql)) != sql:
                connection.execute(change, {"name": name, "sql": new})
        connection.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))  # other connections read it again
    except sa.exc.DatabaseError as error:
        if getattr(error.orig, "sqlite_errorcode", None) not in {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_AUTH}:
            raise  # not refused, but failed: SQLite may have ended the transaction
        log.warning("%s: %s", otherwise, error.orig)
    connection.execute(sa.text("PRAGMA writable_schema = RESET"))  # and so does this one
