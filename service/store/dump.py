"""Every row of every table as text and back, on both engines: what backup files are made of.

Tables and columns are read from the database itself, not from `tables.py`: so a new table comes along by itself, and
a backup of an older schema is loaded into that very schema before it is migrated.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import JSON, Column, Connection, DateTime, LargeBinary, MetaData, Table, func, inspect, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from service.store.db import UtcDateTime

_VERSION = "alembic_version"  # the schema's own; a backup names its revision instead
_BATCH = 500
_MODULUS = 1 << 256


@dataclass(frozen=True, kw_only=True)
class DumpedTable:
    """One table as it stands in a database: what is read from it and written to it."""

    name: str
    columns: tuple[str, ...]
    table: Table


class Digest:
    """What went through it, as a count and a sum of SHA-256: equal for equal rows.

    Engines sort text differently, and PostgreSQL keeps the keys of JSON in an order of its own: neither matters here.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def through(self, rows: Iterable[str]) -> Iterator[str]:
        """The same lines, each taken in as it passes."""
        for line in rows:
            same = json.dumps(json.loads(line), sort_keys=True) if "{" in line else line
            self.rows += 1
            self._sum = (self._sum + int.from_bytes(hashlib.sha256(same.encode()).digest())) % _MODULUS
            yield line

    def hexdigest(self) -> str:
        """Of all that has passed, the count included."""
        return hashlib.sha256(f"{self.rows}:{self._sum:x}".encode()).hexdigest()


def tables(connection: Connection) -> list[DumpedTable]:
    """All tables but the schema's own, each after those it refers to."""
    inspector = inspect(connection)
    order = [name for name, _ in inspector.get_sorted_table_and_fkc_names() if name is not None and name != _VERSION]
    found = []
    for name in order:
        keys = set(inspector.get_pk_constraint(name)["constrained_columns"])
        columns = [
            Column(each["name"], _kind(each["type"], nullable=each["nullable"]), primary_key=each["name"] in keys)
            for each in inspector.get_columns(name)
        ]
        found.append(
            DumpedTable(
                name=name,
                columns=tuple(column.name for column in columns),
                table=Table(name, MetaData(), *columns),
            )
        )
    return found


def lines(connection: Connection, dumped: DumpedTable) -> Generator[str, None, None]:
    """Each row as one line of JSON, a list in the order of the columns; never the whole table in memory.

    Close it: on PostgreSQL it reads from a cursor of the server's.
    """
    statement = select(dumped.table).order_by(*dumped.table.primary_key.columns)
    with connection.execute(statement, execution_options={"yield_per": _BATCH}) as rows:
        for row in rows:
            yield json.dumps([_written(value) for value in row], ensure_ascii=False, separators=(",", ":"))


def load(connection: Connection, dumped: DumpedTable, columns: Iterable[str], rows: Iterable[str]) -> int:
    """Insert lines that `lines` wrote, whichever engine they came from. Returns how many.

    ValueError for a line that is no such row.
    """
    named = [dumped.table.columns[name] for name in columns]
    read = (
        {column.name: _read(value, column.type) for column, value in zip(named, json.loads(line), strict=True)}
        for line in rows
    )
    count = 0
    while batch := list(islice(read, _BATCH)):
        connection.execute(dumped.table.insert(), batch)
        count += len(batch)
    return count


def go_on_counting(connection: Connection) -> None:
    """New rows get ids above those that were loaded. SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    quote = connection.dialect.identifier_preparer.quote
    for dumped in tables(connection):
        for column in dumped.table.primary_key.columns:
            find = text("SELECT pg_get_serial_sequence(:name, :column)")
            sequence = connection.execute(find, {"name": quote(dumped.name), "column": column.name}).scalar()
            if sequence is not None:
                last = connection.execute(select(func.max(column))).scalar()
                connection.execute(
                    text("SELECT setval(CAST(:sequence AS regclass), :last, :used)"),
                    {"sequence": sequence, "last": last or 1, "used": last is not None},
                )


def hold_still(connection: Connection) -> None:
    """Nobody reads or writes any table until this transaction ends, however long that takes. SQLite's writer may
    have done so already."""
    take_time(connection)
    if connection.dialect.name == "postgresql":
        quote = connection.dialect.identifier_preparer.quote
        names = ", ".join(quote(each.name) for each in tables(connection))
        connection.execute(text(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE"))


def take_time(connection: Connection) -> None:
    """This transaction may wait for another one between two statements."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))


def holds_nothing(connection: Connection) -> bool:
    """No tables yet, or none with rows but the facts that a first start or a `migrate` leaves."""
    return all(
        dumped.name == "fact" or connection.execute(select(dumped.table).limit(1)).first() is None
        for dumped in tables(connection)
    )


def drop_all(connection: Connection) -> None:
    """Take every table away, the schema's own too; for what is loaded in its place, in the same transaction."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA defer_foreign_keys=ON"))
    for dumped in reversed(tables(connection)):
        dumped.table.drop(connection)
    connection.execute(text(f"DROP TABLE IF EXISTS {_VERSION}"))


def _kind(found: TypeEngine[Any], *, nullable: bool) -> TypeEngine[Any]:
    """The type to read and write a column by: moments aware, and no JSON null where the database has none at all."""
    if isinstance(found, DateTime):
        return UtcDateTime()
    if isinstance(found, JSON):
        return JSON(none_as_null=nullable).with_variant(JSONB(none_as_null=nullable), "postgresql")
    return found


def _written(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def _read(value: Any, kind: TypeEngine[Any]) -> object:
    if value is None:
        return None
    if isinstance(kind, UtcDateTime):
        return datetime.fromisoformat(value)
    if isinstance(kind, LargeBinary):
        return base64.b64decode(value)
    return value
