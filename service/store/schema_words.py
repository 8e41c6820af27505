"""What all tables are written with: their base, the naming of constraints, and two sorts of those."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import JSON, CheckConstraint, Index, MetaData, text
from sqlalchemy import Table as CoreTable
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
Json = JSON().with_variant(JSONB(), "postgresql")


class Table(SQLModel):
    """The base of all tables: one naming of constraints, so that migrations can name them too."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING)


def core(table: type[Table]) -> CoreTable:
    """A table without its objects, for statements that are run for many rows at once."""
    return Table.metadata.tables[str(table.__tablename__)]


def one_of(column: str, *values: str) -> CheckConstraint:
    """No other value than these, whatever the code believes."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index over the rows of which `where` holds, on both engines."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))
