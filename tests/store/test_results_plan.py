"""Counting the results of a stretch of time costs what happened in it, never all that is stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel import Session

from service.store import message_rows, results, results_by_week, today
from service.store.outbox import Paused
from service.store.results import Span
from tests.store.test_outbox_plan import Query, reads_all
from tests.support.house import START, House
from tests.support.taken import mails_taken

LONG_AGO = START - timedelta(days=400)


@pytest.fixture
def full(house: House) -> House:
    """Thousands of mails of long ago, and a few of today."""
    ids = mails_taken(house, 3_000)
    moved = text("UPDATE message SET created_at = :at, settled_at = :at WHERE id < :before")
    at = LONG_AGO if not house.services.database.is_sqlite else LONG_AGO.strftime("%Y-%m-%d %H:%M:%S.%f")
    with house.services.database.transaction() as session:
        session.execute(moved, {"at": at, "before": ids[-20]})
    with house.services.database.transaction() as session:
        session.execute(text("ANALYZE"))
    return house


LOOKS: dict[str, Callable[[Session, datetime], object]] = {
    "mails": lambda session, now: results.states(session, Span(since=now - timedelta(days=7))),
    "weeks": lambda session, now: results_by_week.mails(session, [now - timedelta(days=7), now + timedelta(days=1)]),
    "left today": lambda session, now: today.left(session, now - timedelta(hours=12), now + timedelta(hours=12)),
    "to come": lambda session, now: today.coming(session, now + timedelta(hours=12), Paused()),
    "held": lambda session, _now: message_rows.count_in(session, ("held", "unknown")),
    "held for": lambda session, _now: message_rows.count_held_for(session, ("te snel",)),
}


def test_a_look_goes_by_an_index(full: House) -> None:
    for name, look in LOOKS.items():  # one crowd for all of them
        plans = plans_of(full, look)
        assert plans, name
        for statement, plan in plans:
            assert not reads_all(plan, "message"), (name, statement, plan)


def plans_of(full: House, look: Callable[[Session, datetime], object]) -> list[tuple[object, str]]:
    """Each statement that is asked, and how the database means to answer it."""
    queries: list[Query] = []

    def keep(_connection: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        if statement.startswith("SELECT"):
            queries.append((statement, values))

    engine = full.services.database.engine
    event.listen(engine, "before_cursor_execute", keep)
    try:
        with full.services.database.transaction() as session:
            look(session, full.clock.now())
    finally:
        event.remove(engine, "before_cursor_execute", keep)
    explain = "EXPLAIN QUERY PLAN " if full.services.database.is_sqlite else "EXPLAIN "
    with engine.connect() as connection:
        return [
            (statement, "\n".join(str(row[-1]) for row in connection.exec_driver_sql(explain + statement, values)))
            for statement, values in queries
        ]
