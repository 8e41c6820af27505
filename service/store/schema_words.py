"""What all tables are written with: their base, the naming of constraints, and two sorts of those."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from sqlalchemy import JSON, CheckConstraint, Dialect, Index, MetaData, text
from sqlalchemy import Table as CoreTable
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import SQLModel

from service.store.moments import AsText

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
COUNTED: dict[str, Any] = {"sqlite_autoincrement": True}
"""No number of a removed row is given to another one, as on PostgreSQL: somebody outside may know a row by it."""
Json = JSON().with_variant(JSONB(), "postgresql")


class Content(TypeDecorator[dict[str, Any]]):
    """What a mail is filled in with, as JSON.

    What is no object of JSON any more (on SQLite a column holds any text) is read as one that says so, and ends no look
    at others: of that no mail can be made, so it is held, shown as such, and erased.
    """

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column's type."""
        return dialect.type_descriptor(AsText("JSON") if dialect.name == "sqlite" else JSONB())

    def process_bind_param(self, value: dict[str, Any] | None, dialect: Dialect) -> Any:
        """To the database."""
        return json.dumps(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> dict[str, Any]:
        """From the database."""
        try:
            found = json.loads(value) if dialect.name == "sqlite" else value
        except (ValueError, TypeError):
            found = None
        return found if isinstance(found, dict) else {"unreadable": True}


class Table(SQLModel):
    """The base of all tables: one naming of constraints, so that migrations can name them too."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING)


def core(table: type[Table]) -> CoreTable:
    """A table without its objects, for statements that are run for many rows at once."""
    return Table.metadata.tables[str(table.__tablename__)]


def one_of(column: str, *values: str) -> CheckConstraint:
    """No other value than these, whatever the code believes."""
    return CheckConstraint(either(column, *values), name=f"{column}_known")


def either(column: str, *values: str) -> str:
    """That it has one of these, for what is looked at with each row that is written: of a longer list after `IN` SQLite
    makes a table of its own, anew for each row."""
    return " OR ".join(f"{column} = '{value}'" for value in values)


def partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index over the rows of which `where` holds, on both engines."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))
