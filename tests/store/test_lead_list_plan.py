"""A page of the list of leads is read by indexes, in their order: it costs a page, and not all there are."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, text

from service.store import lead_list
from service.store.lead_list import Wanted
from tests.support import crowd
from tests.support.house import House

SORTED = ("TEMP B-TREE", "Seq Scan on lead", "SCAN enrolment\n", "Seq Scan on enrolment")
WANTED = (
    Wanted(),
    Wanted(stand="active"),
    Wanted(sequence="lage-rug", stand="active"),
    Wanted(sequence="lage-rug"),
    Wanted(stand="paused"),
    Wanted(asked=True),
    Wanted(booked=True),
)


@pytest.fixture
def full(house: House) -> House:
    crowd.model(house)
    crowd.due_at(house, [house.clock.now()] * 3_000)
    with house.services.database.transaction() as session:
        session.execute(text("ANALYZE"))
    return house


def test_a_page_sorts_nothing_and_reads_no_table_through(full: House) -> None:
    for wanted in WANTED:  # one crowd for all of them: to gather it takes a hundred times as long as a look
        plans = plans_of(full, wanted)
        assert plans
        for plan in plans:
            assert not [word for word in SORTED if word in plan], (wanted, plan)


def plans_of(full: House, wanted: Wanted) -> list[str]:
    """How the database means to find a page of this list."""
    engine = full.services.database.engine
    asked: list[tuple[str, Any]] = []

    def keep(_connection: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        if " LIMIT " in statement and "SELECT DISTINCT" in statement:
            asked.append((statement, values))

    event.listen(engine, "before_cursor_execute", keep)
    try:
        with full.services.database.transaction() as session:
            lead_list.page(session, wanted, before=2_000, limit=50, now=full.clock.now(), hmac=full.services.hmac)
    finally:
        event.remove(engine, "before_cursor_execute", keep)
    explain = "EXPLAIN QUERY PLAN " if full.services.database.is_sqlite else "EXPLAIN "
    with engine.connect() as connection:
        return [
            "\n".join(str(row) for row in connection.exec_driver_sql(explain + statement, values))
            for statement, values in asked
        ]
