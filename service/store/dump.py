"""Every row of every table as text and back, on both engines: what backup files are made of.

Columns are read from the database itself, not from `tables.py`: so a backup of an older schema is loaded into that very
schema before it is migrated. Tables that are none of ours may stand beside them, of an extension for one.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Insert,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    cast,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from service.errors import RefusedError
from service.store.moments import UtcDateTime
from service.store.tables import Table as OurTable

_VERSION = "alembic_version"  # the schema's own; a backup names its revision instead
_BATCH = 500
_LONG = 1 << 22  # characters of a batch after which no more is added to it
_MODULUS = 1 << 256


@dataclass(frozen=True, kw_only=True)
class DumpedTable:
    """One table as it stands in a database: what is read from it and written to it."""

    name: str
    columns: tuple[str, ...]
    table: Table


class Digest:
    """What went through it, as a count and a sum of SHA-256: equal for equal rows, in whatever order they come."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def through(self, rows: Iterable[str]) -> Iterator[str]:
        """The same lines, each taken in as it passes."""
        for line in rows:
            self.rows += 1
            self._sum = (self._sum + int.from_bytes(hashlib.sha256(line.encode()).digest())) % _MODULUS
            yield line

    def hexdigest(self) -> str:
        """Of all that has passed, the count included."""
        return hashlib.sha256(f"{self.rows}:{self._sum:x}".encode()).hexdigest()


def tables(connection: Connection, *, others: bool = False) -> list[DumpedTable]:
    """All tables of ours but the schema's own, each after those it refers to; and those of `others`, where wanted."""
    inspector = inspect(connection)
    named = [name for name, _ in inspector.get_sorted_table_and_fkc_names() if name is not None and name != _VERSION]
    order = [name for name in named if others or name in OurTable.metadata.tables]
    found = []
    for name in order:
        keys = set(inspector.get_pk_constraint(name)["constrained_columns"])
        columns = [
            Column(
                each["name"],
                _kind(each["type"], nullable=each["nullable"]),
                primary_key=each["name"] in keys,
                nullable=each["nullable"],
            )
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

    Equal rows are equal lines on both engines: PostgreSQL keeps the keys of JSON in an order of its own, here they are
    sorted. Close it: on PostgreSQL it reads from a cursor of the server's. RefusedError where a row cannot be read.
    """
    statement = select(dumped.table).order_by(*dumped.table.primary_key.columns)
    written = [(place, write) for place, each in enumerate(dumped.table.columns) if (write := _writer(each.type))]
    # `default` is for tables of others: we have no such columns.
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=str).encode
    long = any(isinstance(each.type, LargeBinary) for each in dumped.table.columns)
    with connection.execute(statement, execution_options={"yield_per": 1 if long else _BATCH}) as rows:
        for row in _read_all(rows, dumped.name):
            values = list(row)
            for place, write in written:
                if values[place] is not None:
                    values[place] = write(values[place])
            # SQLite keeps halves of characters in JSON, and no file and no other engine does.
            yield encode(values).encode(errors="replace").decode()


def _read_all(rows: Iterable[Any], table: str) -> Iterator[Any]:
    try:
        yield from rows
    except ValueError as error:  # a backup without that row would be none
        raise RefusedError(
            f"a row of the table {table} is damaged: it holds a value that cannot be read; mend or remove it, "
            "or put an earlier backup back",
            f"een rij van de tabel {table} is beschadigd: er staat iets in dat niet te lezen is; herstel of verwijder "
            "die, of zet een eerdere back-up terug",
        ) from error


def load(connection: Connection, dumped: DumpedTable, columns: Iterable[str], rows: Iterable[str]) -> int:
    """Insert lines that `lines` wrote, whichever engine they came from. Returns how many.

    ValueError for a line that is no such row.
    """
    named = [dumped.table.columns[name] for name in columns]
    server = _by_server(dumped, named) if connection.dialect.name == "postgresql" else None
    count = 0
    for batch in _batches(rows):
        if server is None:
            connection.execute(dumped.table.insert(), [_values(named, line) for line in batch])
        elif connection.execute(server, {"rows": f"[{','.join(batch)}]"}).rowcount != len(batch):
            raise ValueError("a line with more or fewer values than there are columns")
        count += len(batch)
    return count


def _batches(rows: Iterable[str]) -> Iterator[list[str]]:
    """Some hundreds, and fewer where they are long: of images each may be megabytes."""
    batch, size = [], 0
    for line in rows:
        batch.append(line)
        size += len(line)
        if len(batch) == _BATCH or size > _LONG:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _by_server(dumped: DumpedTable, named: Sequence[Column[Any]]) -> Insert:
    """Many lines as one value, of which PostgreSQL makes the rows: half the work of an INSERT for each."""
    line = func.jsonb_array_elements(cast(bindparam("rows", type_=String), JSONB), type_=JSONB).column_valued("line")
    values = [_taken(line[place], column) for place, column in enumerate(named)]
    found = select(*values).where(func.jsonb_array_length(line) == len(named))
    return dumped.table.insert().from_select(named, found).execution_options(preserve_rowcount=True)


def _taken(value: Any, column: Column[Any]) -> ColumnElement[Any]:
    if isinstance(column.type, JSON):
        return func.nullif(value, text("'null'::jsonb")) if column.nullable else value
    if isinstance(column.type, LargeBinary):
        return func.decode(value.astext, "base64")
    return cast(value.astext, column.type)


def _values(named: Sequence[Column[Any]], line: str) -> dict[str, object]:
    return {column.name: _read(value, column.type) for column, value in zip(named, json.loads(line), strict=True)}


def given(connection: Connection) -> dict[str, int]:
    """The highest number that a row of each table ever got, also of those that are gone, where the engine counts it."""
    if connection.dialect.name == "sqlite":
        if not inspect(connection).has_table("sqlite_sequence"):
            return {}
        return {row.name: row.seq for row in connection.execute(text("SELECT name, seq FROM sqlite_sequence"))}
    last = text("SELECT coalesce(pg_sequence_last_value(CAST(:sequence AS regclass)), 0)")
    return {
        name: int(connection.execute(last, {"sequence": sequence}).scalar_one())
        for name, sequence, _ in _sequences(connection)
    }


def go_on_counting(connection: Connection, beyond: Mapping[str, int] = MappingProxyType({})) -> None:
    """New rows get ids above those that were loaded, and above those that were `given` elsewhere.

    Above those that are there SQLite goes by itself.
    """
    if connection.dialect.name == "sqlite":
        higher = text("UPDATE sqlite_sequence SET seq = :last WHERE name = :name AND seq < :last")
        for name, last in beyond.items():
            connection.execute(higher, {"name": name, "last": last})
        return
    for name, sequence, column in _sequences(connection):
        last = max(connection.execute(select(func.max(column))).scalar() or 0, beyond.get(name, 0))
        connection.execute(
            text("SELECT setval(CAST(:sequence AS regclass), :last, :used)"),
            {"sequence": sequence, "last": last or 1, "used": last > 0},
        )


def _sequences(connection: Connection) -> Iterator[tuple[str, str, Column[Any]]]:
    """Of each table of PostgreSQL that has one: its name, what counts its rows, and the column."""
    quote = connection.dialect.identifier_preparer.quote
    for dumped in tables(connection):
        for column in dumped.table.primary_key.columns:
            find = text("SELECT pg_get_serial_sequence(:name, :column)")
            sequence = connection.execute(find, {"name": quote(dumped.name), "column": column.name}).scalar()
            if sequence is not None:
                yield dumped.name, sequence, column


def hold_still(connection: Connection) -> None:
    """On PostgreSQL: nobody reads or writes any table until this transaction ends, however long it waits in between."""
    connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    quote = connection.dialect.identifier_preparer.quote
    if names := ", ".join(quote(each.name) for each in tables(connection)):
        connection.execute(text(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE"))


def holds_nothing(connection: Connection) -> bool:
    """No tables yet, or none with rows but the facts that a first start or a `migrate` leaves."""
    return all(
        dumped.name == "fact" or connection.execute(select(dumped.table).limit(1)).first() is None
        for dumped in tables(connection)
    )


def drop_all(connection: Connection, *, others: bool = False) -> None:
    """Take every table of ours away, the schema's own too; for what is loaded in its place, in the same transaction.

    With `others` all there are: of a newer version nobody knows which are ours.
    """
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA defer_foreign_keys=ON"))
    for dumped in reversed(tables(connection, others=others)):
        dumped.table.drop(connection)
    connection.execute(text(f"DROP TABLE IF EXISTS {_VERSION}"))


def _kind(found: TypeEngine[Any], *, nullable: bool) -> TypeEngine[Any]:
    """The type to read and write a column by: moments aware, and no JSON null where the database has none at all."""
    if isinstance(found, DateTime):
        return UtcDateTime()
    if isinstance(found, JSON):
        return JSON(none_as_null=nullable).with_variant(JSONB(none_as_null=nullable), "postgresql")
    return found


def _writer(kind: TypeEngine[Any]) -> Callable[[Any], object] | None:
    """What makes JSON of a value of this type; None for those that are JSON."""
    if isinstance(kind, UtcDateTime):
        return datetime.isoformat
    if isinstance(kind, LargeBinary):
        return lambda value: base64.b64encode(value).decode()
    return None


def _read(value: Any, kind: TypeEngine[Any]) -> object:
    if value is None:
        return None
    if isinstance(kind, UtcDateTime):
        return datetime.fromisoformat(value)
    if isinstance(kind, LargeBinary):
        return base64.b64decode(value)
    return value
