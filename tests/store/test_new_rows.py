"""Rows written at once stand as the session would have written them, and are its rows from then on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlmodel import Session, select

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


def test_of_a_row_that_nobody_needs_the_number_is_enough(house: House) -> None:
    def write(session: Session) -> int:
        new_rows.add_bare(session, Lead)  # none at all
        return new_rows.add_numbered(session, Lead, **fields(1))

    number = acts.commit(house, write)
    found = acts.commit(house, lambda session: session.exec(select(Lead)).all())
    assert [(lead.id, lead.address, lead.first_name) for lead in found] == [(number, "a1@example.org", None)]
