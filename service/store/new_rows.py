"""Rows written at once, each by a statement that was made before: what an opt-in is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar, cast

from sqlalchemy import Executable, Insert, Integer, String, Table, column, func, insert, select
from sqlalchemy import table as named
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.attributes import instance_dict, manager_of_class
from sqlmodel import Session

from service.store import schema_words
from service.store.db import locks_rows
from service.store.schema_words import core

_counted = named("sqlite_sequence", column("name", String), column("seq", Integer))
_Row = TypeVar("_Row", bound=schema_words.Table)


def add(session: Session, table: type[_Row], **values: Any) -> _Row:
    """Write a row now; what is left out is null. Returns it with its id, as if it had been read from the database.

    As `session.add` and `session.flush` at a third of their cost, for a table whose key is the number that the
    database gives.
    """
    (number,) = cast("tuple[int]", session.connection().execute(_inserting(core(table)), values).inserted_primary_key)
    manager = manager_of_class(table)
    row: _Row = manager.new_instance()
    instance_dict(row).update(dict.fromkeys(manager), **values, id=number)
    make_transient_to_detached(row)
    session.add(row)
    return row


def add_numbered(session: Session, table: type[schema_words.Table], rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Write these rows of one table now; each has the same columns. Returns their numbers, in the same order.

    For whoever needs no more of them: an object costs as much as its row.
    """
    if not rows:
        return []
    connection = session.connection()
    if locks_rows(session):
        return list(connection.execute(_numbering(core(table)), list(rows)).scalars())
    # For SQLite, SQLAlchemy makes one statement a row of that. There nobody else writes, so the next numbers are ours.
    last = connection.execute(_last(core(table))).scalar_one()
    numbered = [{"id": number, **row} for number, row in enumerate(rows, start=last + 1)]
    connection.execute(_inserting(core(table)), numbered)
    return [row["id"] for row in numbered]


def add_bare(session: Session, table: type[schema_words.Table], *rows: Mapping[str, Any]) -> None:
    """Write these rows of one table now, in one statement; each has the same columns. Nobody needs them again."""
    if rows:
        session.connection().execute(_inserting(core(table)), list(rows))


@cache
def _inserting(table: Table) -> Insert:
    return insert(table)


@cache
def _numbering(table: Table) -> Executable:
    return insert(table).returning(table.c.id, sort_by_parameter_order=True)


@cache
def _last(table: Table) -> Executable:
    """The highest number that was ever given, where SQLite counts (migration 0018); else the highest there is."""
    given = select(_counted.c.seq).where(_counted.c.name == table.name).scalar_subquery()
    return select(func.max(func.coalesce(given, 0), func.coalesce(func.max(table.c.id), 0)))
