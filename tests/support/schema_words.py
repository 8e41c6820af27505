"""The words that a SQLite schema was made with, and a SQLite that lets nobody change them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text


def words(connection: Connection) -> dict[str, str]:
    """Each table and index, and by which words it was made."""
    made = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    return {each.name: each.sql for each in made}


@contextmanager
def nobody_writes(connection: Connection) -> Iterator[None]:
    """Once, a change of words alone is refused. Where SQLite itself makes a table it writes other columns first."""
    asked: list[str | None] = []
    denied: list[str] = []

    def allow(action: int, table: str | None, field: str | None, *_: object) -> int:
        is_write = action == sqlite3.SQLITE_UPDATE and table == "sqlite_master"
        asked.append(field if is_write else None)
        if not is_write or field != "sql" or (len(asked) > 1 and asked[-2] is not None) or denied:
            return sqlite3.SQLITE_OK
        denied.append("sql")
        return sqlite3.SQLITE_DENY

    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    driver.set_authorizer(allow)
    yield
    driver.set_authorizer(None)
    assert denied
