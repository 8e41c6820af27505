"""The demo's clock: real time plus an offset in the database, so that every process and the CLI see the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from service.store import events
from service.store.db import Database

_FACT = "clock"


class DemoClock:
    """Real time plus the stored offset, read at each question."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def now(self) -> datetime:
        """The demo's moment, in UTC."""
        with self._database.reading() as session:
            kept = events.fact(session, _FACT) or {}
        return datetime.now(UTC) + timedelta(seconds=kept.get("offset_seconds", 0.0))

    def move_to(self, moment: datetime) -> None:
        """Set the clock forward. Raises UnavailableError where the database does not answer; never goes back."""
        with self._database.transaction() as session:
            kept = events.fact(session, _FACT) or {}
            offset = (moment - datetime.now(UTC)).total_seconds()
            if offset > kept.get("offset_seconds", 0.0):
                events.set_fact(session, _FACT, {"offset_seconds": offset})
