"""PostgreSQL databases that one test after another is given, each as new: to make and drop one costs most of a test.

What a test wrote is deleted; what was there before must still be there, untouched to the row; and nobody may have
changed how the database is built. Where that is not so the next test gets a database that is made for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import psycopg
from psycopg import sql

from tests.support import kept_connections
from tests.support.postgres import PostgresServer

_OURS = 16_384  # the first number that PostgreSQL gives to what a database is built of by others than itself
_SHAPE = " UNION ALL ".join(
    f"SELECT '{table}', count(*), max(xmin::text::bigint) FROM {table} WHERE {number} >= {_OURS}"
    for table, number in (
        *(("pg_class", "oid"), ("pg_attribute", "attrelid"), ("pg_attrdef", "adrelid"), ("pg_index", "indexrelid")),
        *(("pg_constraint", "oid"), ("pg_trigger", "oid"), ("pg_proc", "oid"), ("pg_type", "oid")),
    )
)
"""How many rows each part of the catalogue has of it, and who wrote the last: whoever builds writes there."""
_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"
_NUMBERS = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' ORDER BY sequencename"
_AWAY = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> ALL (%s)"""
_WHOLE = "SELECT ctid::text, xmin::text FROM {} ORDER BY ctid"
"""Where each row lies and who wrote it: a row that was changed, or written anew, has another of these."""


@dataclass(frozen=True, kw_only=True)
class _AsNew:
    """What a database held before any test."""

    shape: list[tuple[str, int, int]]
    rows: dict[str, list[tuple[str, str]]]
    numbers: list[tuple[str, int | None]]


class Shelf:
    """Copies of one template, on one server."""

    def __init__(self, server: PostgresServer, template: str) -> None:
        self._server = server
        self._template = template
        self._free: list[tuple[str, _AsNew]] = []

    @contextmanager
    def lent(self) -> Iterator[str]:
        """The name of a database like the template, for as long as the block runs."""
        name, as_new = self._free.pop() if self._free else self._made()
        try:
            yield name
        finally:
            with kept_connections.lent(name, partial(self._server.connected, name)) as connection:
                connection.execute(_AWAY, [[connection.info.backend_pid, *kept_connections.pids(name)]])
                clean = _is_as_new(connection, as_new)
            if clean:
                self._free.append((name, as_new))
            else:
                kept_connections.give_up(name)
                self._server.drop(name)

    def _made(self) -> tuple[str, _AsNew]:
        name = self._server.create(template=self._template)
        with self._server.connected(name) as connection:
            rows = {
                table: connection.execute(sql.SQL(_WHOLE).format(sql.Identifier(table))).fetchall()
                for (table,) in connection.execute(_TABLES).fetchall()
            }
            shape = connection.execute(_SHAPE).fetchall()
            return name, _AsNew(shape=shape, rows=rows, numbers=connection.execute(_NUMBERS).fetchall())


def _is_as_new(connection: psycopg.Connection, as_new: _AsNew) -> bool:
    """Delete what was added. False: there is more to it than that."""
    if connection.execute(_SHAPE).fetchall() != as_new.shape:
        return False
    connection.execute("SET session_replication_role = replica")  # no trigger and no foreign key says no
    connection.execute(sql.SQL("; ").join(map(_emptied, as_new.rows.items())), prepare=False)
    connection.execute(sql.SQL("; ").join(map(_counted, as_new.numbers)), prepare=False)
    return all(
        connection.execute(sql.SQL(_WHOLE).format(sql.Identifier(table))).fetchall() == kept
        for table, kept in as_new.rows.items()
        if kept
    )


def _emptied(table: tuple[str, list[tuple[str, str]]]) -> sql.Composed:
    name, kept = table
    places = sql.SQL(", ").join(sql.Literal(place) for place, _ in kept)
    where = sql.SQL(" WHERE ctid NOT IN (SELECT p::tid FROM unnest(ARRAY[{}]) AS p)").format(places)
    return sql.SQL("DELETE FROM {}{}").format(sql.Identifier(name), where if kept else sql.SQL(""))


def _counted(number: tuple[str, int | None]) -> sql.Composed:
    name, last = number
    called = sql.SQL("true" if last is not None else "false")
    return sql.SQL("SELECT setval({}, {}, {})").format(sql.Literal(f'public."{name}"'), sql.Literal(last or 1), called)
