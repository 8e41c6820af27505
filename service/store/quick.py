"""Statements on the way of every mail: put together once, and run past the object layer."""

from __future__ import annotations

import json
import sqlite3
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias, cast

from sqlalchemy import BindParameter, ClauseElement, ColumnElement, Connection, Dialect, Executable, bindparam
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, UserDefinedType
from sqlmodel import Session

Given: TypeAlias = Mapping[str, Any] | Sequence[Mapping[str, Any]]


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


def run(session: Session, statement: Executable, given: Given) -> Sequence[Any]:
    """The rows of a statement over columns, which have its columns as attributes; none where it returns none.

    Whatever the session still has to write is written before.
    """
    session.flush()
    begun = session.bind  # to ask the session for its connection takes as long as a short statement
    connection = begun if isinstance(begun, Connection) and begun.in_transaction() else session.connection()
    one, many = (given, False) if isinstance(given, Mapping) else (given[0], True)
    prepared = _prepared(statement, connection.dialect, frozenset(one), many=many)
    if prepared is not None:
        return prepared.run(connection, given)
    result = connection.execute(statement, given)
    return result.all() if result.returns_rows else ()


def firsts(session: Session, statement: Executable, given: Given) -> list[Any]:
    """As `run`, of each row the first column."""
    return [row[0] for row in run(session, statement, given)]


class _Prepared:
    """A statement as the driver takes it: its text, what stands in each place, and how each row is read.

    SQLAlchemy would find all that out anew for each run, which takes longer than SQLite does.
    """

    def __init__(self, compiled: SQLCompiler, dialect: Dialect, columns: Sequence[ColumnElement[Any]]) -> None:
        state = compiled.construct_expanded_state({bind.key: None for bind in compiled.bind_names if bind.required})
        self._text = state.statement
        self._is_sqlite = dialect.name == "sqlite"
        written_out = _literal(compiled)
        binds = {name: bind for bind, name in compiled.bind_names.items() if bind not in written_out}
        names = state.positiontup or () if self._is_sqlite else binds
        places = [_place(binds[name], dialect) for name in names]
        self._names = tuple(names)
        self._fixed = [each.fixed for each in places]
        self._given = [(number, each.key) for number, each in enumerate(places) if each.is_given]
        self._written = [(number, each.write) for number, each in enumerate(places) if each.write is not None]
        self._row: Any = namedtuple("Row", [str(each.key) for each in columns], rename=True)  # type: ignore[misc]
        readers = [each.type.dialect_impl(dialect).result_processor(dialect, None) for each in columns]
        self._readers = [(number, read) for number, read in enumerate(readers) if read is not None]

    def run(self, connection: Connection, given: Given) -> Sequence[Any]:
        """Its rows, none where it returns none."""
        many = not isinstance(given, Mapping)
        values = self._values(given) if isinstance(given, Mapping) else [self._values(each) for each in given]
        # Who listens to what SQLAlchemy is about to run would hear nothing of what goes past it.
        if self._is_sqlite and not connection.dispatch.before_cursor_execute:
            rows = _straight(connection, self._text, values, many=many)
        else:
            rows = _by_sqlalchemy(connection, self._text, values)
        return [self._read(row) for row in rows]

    def _values(self, given: Mapping[str, Any]) -> Any:
        values = self._fixed.copy()
        for number, key in self._given:
            values[number] = given[key]
        for number, write in self._written:
            values[number] = write(values[number])
        return tuple(values) if self._is_sqlite else dict(zip(self._names, values, strict=True))

    def _read(self, row: Sequence[Any]) -> Any:
        if not self._readers:
            return self._row._make(row)
        values = list(row)
        for number, read in self._readers:
            values[number] = read(values[number])
        return self._row._make(values)


def _straight(connection: Connection, text: str, values: Any, *, many: bool) -> Sequence[Any]:
    """On SQLite's driver, with SQLAlchemy's errors: by it a short statement takes five times as long."""
    driver = cast(sqlite3.Connection, connection.connection.driver_connection)
    try:
        return (driver.executemany if many else driver.execute)(text, values).fetchall()
    except sqlite3.Error as error:
        gone = connection.dialect.is_disconnect(cast(Any, error), None, None)
        raise DBAPIError.instance(
            text, None, error, sqlite3.Error, hide_parameters=True, connection_invalidated=gone, ismulti=many
        ) from error


def _by_sqlalchemy(connection: Connection, text: str, values: Any) -> Sequence[Any]:
    result = connection.exec_driver_sql(text, values)
    return result.all() if result.returns_rows else ()


@lru_cache(maxsize=128)
def _prepared(statement: Executable, dialect: Dialect, keys: frozenset[str], *, many: bool) -> _Prepared | None:
    """None for one whose text hangs on the values of its parameters, or that has some made anew."""
    element = cast(ClauseElement, statement)
    written = _with_constants(element) if dialect.name == "sqlite" else element
    compiled = cast(SQLCompiler, written.compile(dialect=dialect, column_keys=sorted(keys), for_executemany=many))
    if any(name in keys and not bind.required for name, bind in compiled.binds.items()):
        return None  # what is given stands before what is fixed, and of that SQLAlchemy knows more
    if compiled.insert_prefetch or compiled.update_prefetch or compiled.post_compile_params - _literal(compiled):
        return None
    return _Prepared(compiled, dialect, list(getattr(statement, "exported_columns", ())))


def _with_constants(statement: ClauseElement) -> ClauseElement:
    """What is fixed stands in the text: where a parameter stands in the condition of a partial index, SQLite plans the
    statement anew at each run. PostgreSQL does so too, and should: its tables grow under the plans it keeps."""

    def write_out(bind: BindParameter[Any]) -> None:
        values = bind.value if isinstance(bind.value, list | tuple) else [bind.value]
        if not bind.required and all(isinstance(each, str | int) for each in values):
            bind.literal_execute = True

    return visitors.cloned_traverse(statement, {}, {"bindparam": write_out})


def _literal(compiled: SQLCompiler) -> frozenset[BindParameter[Any]]:
    return frozenset(bind for bind in compiled.bind_names if bind.literal_execute)


class _Place(NamedTuple):
    """What stands in one place of a statement: what is given as `key`, as `write` makes it for the driver; or else
    what is `fixed`."""

    key: str
    is_given: bool
    write: Callable[[Any], Any] | None = None
    fixed: Any = None


def _place(bind: BindParameter[Any], dialect: Dialect) -> _Place:
    write = bind.type.dialect_impl(dialect).bind_processor(dialect)
    if bind.required:
        return _Place(bind.key, True, write=write)
    fixed = bind.effective_value
    return _Place(bind.key, False, fixed=write(fixed) if write is not None else fixed)
