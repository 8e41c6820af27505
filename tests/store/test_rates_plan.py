"""Counting what comes back costs what came back and what left lately, never all that is stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel import Session

from service.domain.feedback import FeedbackKind
from service.mail.links import new_public_id
from service.store import rates
from service.store.tables import FeedbackEvent
from tests.store.test_outbox_plan import Query, reads_all
from tests.support.house import START, House
from tests.support.taken import mails_taken

LONG_AGO = START - timedelta(days=400)


@pytest.fixture
def full(house: House) -> House:
    """Thousands of mails and of events of long ago, and a few of today."""
    ids = mails_taken(house, 2_000)
    with house.services.database.transaction() as session:
        moved = text("UPDATE message SET created_at = :at, first_handed_at = :at WHERE id < :before")
        at = LONG_AGO if not house.services.database.is_sqlite else LONG_AGO.strftime("%Y-%m-%d %H:%M:%S.%f")
        session.execute(moved, {"at": at, "before": ids[-20]})
        for kind in (FeedbackKind.COMPLAINED, FeedbackKind.HARD_BOUNCE, FeedbackKind.DELIVERED):
            for number in range(300):
                moment = house.clock.now() if number < 3 else LONG_AGO
                session.add(
                    FeedbackEvent(
                        source="postmark",
                        key=new_public_id(),
                        kind=kind,
                        raw_kind="test",
                        message_id=ids[-number - 1],
                        at=moment,
                        received_at=moment,
                    )
                )
    with house.services.database.transaction() as session:
        session.execute(text("ANALYZE"))
    return house


LOOKS: dict[str, Callable[[Session, datetime], object]] = {
    "20": lambda session, since: rates.taken(session, since, 1_000),
    "3": rates.complaints,
    "(3, 0)": rates.hard_bounces,
}
"""What a look finds -> the look."""


def asked(house: House, found: str) -> list[Query]:
    """Every statement of a look, which finds what it should."""
    queries: list[Query] = []

    def keep(_connection: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        if statement.startswith("SELECT"):
            queries.append((statement, values))

    event.listen(house.services.database.engine, "before_cursor_execute", keep)
    try:
        with house.services.database.transaction() as session:
            assert str(LOOKS[found](session, house.clock.now() - timedelta(days=1))) == found
    finally:
        event.remove(house.services.database.engine, "before_cursor_execute", keep)
    return queries


def test_each_look_goes_by_an_index_and_asks_little(full: House) -> None:
    looks = [asked(full, found) for found in LOOKS]
    assert all(1 <= len(queries) < 20 for queries in looks)
    explain = "EXPLAIN QUERY PLAN " if full.services.database.is_sqlite else "EXPLAIN "
    with full.services.database.engine.connect() as connection:
        for statement, values in chain.from_iterable(looks):
            rows = connection.exec_driver_sql(explain + statement, values)
            plan = "\n".join(str(row[-1]) for row in rows)
            assert not reads_all(plan, "message"), (statement, plan)
            assert not reads_all(plan, "feedback_event"), (statement, plan)
