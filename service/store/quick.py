"""Statements on the way of every mail: put together once, and run past the object layer."""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias, cast

from sqlalchemy import BindParameter, ClauseElement, ColumnElement, Connection, Dialect, Executable, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped
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
    connection = session.connection()
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
        self._text = str(compiled)
        self._is_positional = compiled.positional
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        names = compiled.positiontup or () if compiled.positional else binds
        self._places = [(name, *_place(binds[name], dialect)) for name in names]
        self._row: Any = namedtuple("Row", [str(each.key) for each in columns], rename=True)  # type: ignore[misc]
        readers = [each.type.dialect_impl(dialect).result_processor(dialect, None) for each in columns]
        self._readers = [(number, read) for number, read in enumerate(readers) if read is not None]

    def run(self, connection: Connection, given: Given) -> Sequence[Any]:
        """Its rows, none where it returns none."""
        if not isinstance(given, Mapping):
            connection.exec_driver_sql(self._text, [self._values(each) for each in given])
            return ()
        result = connection.exec_driver_sql(self._text, self._values(given))
        return [self._read(row) for row in result.all()] if result.returns_rows else ()

    def _values(self, given: Mapping[str, Any]) -> Any:
        if self._is_positional:
            return tuple([fixed if write is None else write(given[key]) for _, key, write, fixed in self._places])
        return {name: fixed if write is None else write(given[key]) for name, key, write, fixed in self._places}

    def _read(self, row: Sequence[Any]) -> Any:
        if not self._readers:
            return self._row._make(row)
        values = list(row)
        for number, read in self._readers:
            values[number] = read(values[number])
        return self._row._make(values)


@lru_cache(maxsize=128)
def _prepared(statement: Executable, dialect: Dialect, keys: frozenset[str], *, many: bool) -> _Prepared | None:
    """None for one whose text hangs on the values of its parameters, or that has some made anew."""
    written = cast(ClauseElement, statement).compile(dialect=dialect, column_keys=sorted(keys), for_executemany=many)
    compiled = cast(SQLCompiler, written)
    made_anew = compiled.insert_prefetch or compiled.update_prefetch
    if any(name in keys and not bind.required for name, bind in compiled.binds.items()):
        return None  # what is given stands before what is fixed, and of that SQLAlchemy knows more
    if made_anew or compiled.literal_execute_params or compiled.post_compile_params:
        return None
    return _Prepared(compiled, dialect, list(getattr(statement, "exported_columns", ())))


def _place(bind: BindParameter[Any], dialect: Dialect) -> tuple[str, Callable[[Any], Any] | None, Any]:
    """What stands in one place: the name of what is given and how it is written, or else what is fixed."""
    write = bind.type.dialect_impl(dialect).bind_processor(dialect)
    if bind.required:
        return bind.key, write or _as_it_is, None
    fixed = bind.effective_value
    return bind.key, None, write(fixed) if write is not None else fixed


def _as_it_is(value: Any) -> Any:
    return value
