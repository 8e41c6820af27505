"""Knowing, without a sleep, that one transaction waits for another, or a worker for a notification."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
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


def listeners(house: House) -> list[int]:
    """Backends of this database whose last word was LISTEN, and that now wait."""
    url = house.services.database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND state = 'idle' AND query LIKE 'LISTEN%'"
        ).fetchall()
    return [row[0] for row in rows]
