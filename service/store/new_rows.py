"""Rows written at once, each by a statement that was made before: what an opt-in is made of."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, cast

from sqlalchemy import Insert, Table, insert
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.attributes import instance_dict, manager_of_class
from sqlmodel import Session

from service.store import schema_words
from service.store.schema_words import core

_Row = TypeVar("_Row", bound=schema_words.Table)


def add(session: Session, table: type[_Row], **values: Any) -> _Row:
    """Write a row now; what is left out is null. Returns it with its id, as if it had been read from the database.

    As `session.add` and `session.flush` at a third of their cost, for a table whose key is the number that the
    database gives.
    """
    number = add_numbered(session, table, **values)
    manager = manager_of_class(table)
    row: _Row = manager.new_instance()
    instance_dict(row).update(dict.fromkeys(manager), **values, id=number)
    make_transient_to_detached(row)
    session.add(row)
    return row


def add_numbered(session: Session, table: type[schema_words.Table], **values: Any) -> int:
    """Write a row now. Returns its number, for whoever needs no more of it: the object costs as much as the row."""
    written = session.connection().execute(_inserting(core(table)), values)
    (number,) = cast("tuple[int]", written.inserted_primary_key)
    return number


def add_bare(session: Session, table: type[schema_words.Table], *rows: Mapping[str, Any]) -> None:
    """Write these rows of one table now, in one statement; each has the same columns. Nobody needs them again."""
    if rows:
        session.connection().execute(_inserting(core(table)), list(rows))


@cache
def _inserting(table: Table) -> Insert:
    return insert(table)
