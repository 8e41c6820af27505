"""Rows written at once stand as the session would have written them, and are its rows from then on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlmodel import Session, col, delete, select

from service.store import new_rows
from service.store.tables import Lead
from tests.support import acts
from tests.support.house import START, House


def fields(number: int) -> dict[str, Any]:
    return {
        "public_id": f"{number:022d}",
        "address": f"a{number}@example.org",
        "answers": {"klacht": "rug"},
        "created_at": START,
        "erase_at": START + timedelta(days=28),
    }


def test_a_row_is_written_as_the_session_writes_it(house: House) -> None:
    def write(session: Session) -> None:
        session.add(Lead(**fields(1)))
        session.flush()
        added = new_rows.add(session, Lead, **fields(2))
        assert added.id
        assert added.first_name is None

    acts.commit(house, write)
    by_session, at_once = (row[3:] for row in house.rows()["lead"])  # from behind id, public id and address on
    assert at_once == by_session


def test_what_is_changed_in_it_later_is_written_too(house: House) -> None:
    def write(session: Session) -> int:
        added = new_rows.add(session, Lead, **fields(1))
        assert session.get(Lead, added.id) is added
        added.first_name = "Anna"
        return added.id

    number = acts.commit(house, write)
    found = acts.commit(house, lambda session: session.exec(select(Lead).where(Lead.id == number)).one())
    assert (found.first_name, found.created_at, found.answers) == ("Anna", START, {"klacht": "rug"})


def test_of_rows_that_nobody_needs_the_numbers_are_told_in_their_order(house: House) -> None:
    def write(session: Session) -> list[int]:
        assert new_rows.add_numbered(session, Lead, []) == []
        new_rows.add_bare(session, Lead)  # none at all
        first = new_rows.add(session, Lead, **fields(9)).id
        session.exec(delete(Lead).where(col(Lead.id) == first))
        assert new_rows.add_numbered(session, Lead, [fields(1)])[0] >= first
        return new_rows.add_numbered(session, Lead, [fields(number) for number in (4, 2, 3)])

    numbers = acts.commit(house, write)
    found = acts.commit(house, lambda session: session.exec(select(Lead).order_by("id")).all())
    assert [lead.address[:2] for lead in found] == ["a1", "a4", "a2", "a3"]
    assert [lead.id for lead in found[1:]] == numbers
    house.opt_in("bram@example.org")
    assert house.lead("bram@example.org").id not in numbers
