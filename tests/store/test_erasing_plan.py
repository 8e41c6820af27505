"""Erasing a lead costs what is hers, and not what is stored."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint

from service.store.tables import Table

ERASED = {"lead", "opt_in", "consent", "enrolment", "message"}


def _references() -> Iterator[ForeignKeyConstraint]:
    for table in Table.metadata.sorted_tables:
        for each in sorted(table.foreign_key_constraints, key=lambda each: tuple(each.column_keys)):
            if each.referred_table.name in ERASED:
                yield each


def _led_by(reference: ForeignKeyConstraint) -> set[str]:
    """The columns that an index over every row of the referring table begins with."""
    table = reference.table
    whole: list[Index | UniqueConstraint] = [
        each for each in table.indexes if each.dialect_options["postgresql"]["where"] is None
    ]
    whole += [each for each in table.constraints if isinstance(each, UniqueConstraint)]
    return {each.columns[0].name for each in whole} | {next(iter(table.primary_key.columns)).name}


@pytest.mark.parametrize(
    "reference", list(_references()), ids=lambda each: f"{each.table.name}-{'-'.join(each.column_keys)}"
)
def test_what_refers_to_a_row_that_is_erased_is_found_by_an_index(reference: ForeignKeyConstraint) -> None:
    # For each row that goes the database looks for whoever still refers to it: without one it reads the whole table.
    assert _led_by(reference) & set(reference.column_keys)
