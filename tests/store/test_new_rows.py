"""Rows written at once stand as the session would have written them, and are its rows from then on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from service.errors import InvalidInputError
from service.store import new_rows
from service.store.tables import Lead, TimelineEntry
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


def refuse(session: Session, first: Lead) -> None:
    with new_rows.all_or_none(session):
        first.first_name = "Bram"
        new_rows.add(session, Lead, **fields(2))
        session.add(TimelineEntry(lead_id=first.id, kind="x", details={}, at=START))
        raise InvalidInputError("no")


def test_a_part_that_refuses_leaves_nothing_and_the_rest_stands(house: House) -> None:
    def write(session: Session) -> None:
        first = new_rows.add(session, Lead, **fields(1))
        first.first_name = "Anna"
        with pytest.raises(InvalidInputError):
            refuse(session, first)
        new_rows.add(session, Lead, **fields(3))

    acts.commit(house, write)
    found = acts.commit(house, lambda session: session.exec(select(Lead).order_by("id")).all())
    assert [(lead.address, lead.first_name) for lead in found] == [("a1@example.org", "Anna"), ("a3@example.org", None)]
    assert house.rows()["timeline"] == []
