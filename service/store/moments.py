"""How moments stand in the database; on SQLite as text, which is made and read in a fifth of the time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType


class AsText(UserDefinedType[str]):
    """A column of SQLite, declared by this word, whose text is what its owner makes and reads of it."""

    cache_ok = True

    def __init__(self, word: str) -> None:
        self.word = word

    def get_col_spec(self, **_given: object) -> str:
        """In the table."""
        return self.word

    def literal_processor(self, dialect: Dialect) -> Callable[[str], str]:  # noqa: ARG002 - the base's signature
        """In a statement."""
        return lambda text: "'" + text.replace("'", "''") + "'"


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept in UTC. A naive one is a mistake, and refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """On SQLite, which has no such type, the text itself."""
        return dialect.type_descriptor(AsText("DATETIME") if dialect.name == "sqlite" else self.impl_instance)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """To the database, in UTC."""
        if value is None:
            return None
        return _text(value) if dialect.name == "sqlite" else _in_utc(value)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """On SQLite straight to the text, as it is read."""
        return _text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the base's signature
        """From a database that has moments: always aware, always UTC."""
        return None if value is None else cast(datetime, value).astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """On SQLite straight from the text: seven of them are read for each mail."""
        return _moment if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


_NAIVE = len("2026-11-29 09:30:00.000000")


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        raise ValueError("a datetime without a time zone")
    return moment.astimezone(UTC)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else _written(_in_utc(moment))


@lru_cache(maxsize=64)  # what is written together happened at one moment
def _written(utc: datetime) -> str:
    """Without its zone: SQLite has none to keep."""
    return utc.isoformat(" ", "microseconds")[:_NAIVE]


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(f"{text}+00:00")  # as we write it: without a zone, which costs the least to add
    except ValueError:
        moment = datetime.fromisoformat(text)  # by another hand, with one
    return moment if moment.tzinfo is UTC else moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
