"""Knowing, without a sleep, that one transaction waits for another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from tests.support.house import House


def wait_until_it_waits(house: House) -> None:
    """Until the other transaction stands before our lock; on SQLite it cannot even begin."""
    if house.services.database.is_sqlite:
        return
    mine = "datname = current_database() AND wait_event_type = 'Lock'"
    waiting = text(f"SELECT count(*) FROM pg_stat_activity WHERE {mine}")
    deadline = datetime.now(UTC) + timedelta(seconds=20)
    while datetime.now(UTC) < deadline:
        with house.services.database.reading() as session:
            if session.execute(waiting).scalar_one():
                return
    raise AssertionError("nobody waits")
