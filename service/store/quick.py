"""Statements on the way of every mail: put together once, and run past the object layer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Dialect, Executable, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, UserDefinedType
from sqlmodel import Session


class _Many(UserDefinedType[Sequence[Any]]):
    """Any number of values as one parameter: a list, which SQLite is given as JSON."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        """To the driver."""
        return json.dumps if dialect.name == "sqlite" else list


class _Among(FunctionElement[Any]):
    type = NullType()  # as Boolean, SQLite would be asked whether it `= 1`, and use no index
    inherit_cache = True


@compiles(_Among, "sqlite")
def _among_json(element: _Among, compiler: SQLCompiler, **given: Any) -> str:
    column, values = (compiler.process(each, **given) for each in element.clauses)
    return " ".join((column, "IN (SELECT value FROM", f"json_each({values}))"))


@compiles(_Among, "postgresql")
def _among_array(element: _Among, compiler: SQLCompiler, **given: Any) -> str:
    column, values = (compiler.process(each, **given) for each in element.clauses)
    return f"{column} = ANY({values})"


def among(column: ColumnElement[Any] | Mapped[Any], name: str) -> ColumnElement[bool]:
    """`column IN (…)`, of the values given as `name`: `IN` itself is written anew for each number of them."""
    return _Among(column, bindparam(name, type_=_Many()))


def run(
    session: Session, statement: Executable, given: Mapping[str, Any] | Sequence[Mapping[str, Any]]
) -> CursorResult[Any]:
    """What a statement over columns returns; whatever the session still has to write is written before."""
    session.flush()
    return session.connection().execute(statement, given)
