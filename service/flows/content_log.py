"""What staff change in the content folder, in the audit log: with the change itself, whatever ends the process between.

The folder's journal holds the entries until they are in the database. Where a process ended before that, they are
written when the next one starts, or by the next save; those that were there already are not written again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from sqlmodel import Session, select

from service.errors import UnavailableError
from service.flows import content_journal
from service.store import events
from service.store.db import Database
from service.store.tables import AuditEntry

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Who did what to which files, and when."""

    actor: str
    action: str
    at: datetime
    details: dict[str, Any]


class ContentLog:
    """The audit log of one installation, as its content folder needs it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, entries: Sequence[Entry]) -> str:
        """These as the text that `keep` and `catch_up` take."""
        return json.dumps([asdict(each) | {"at": each.at.isoformat()} for each in entries])

    def keep(self, note: str) -> None:
        """Write these, in this order, and all or none. NotKnownError where a server went away during the commit."""
        written = False
        try:
            with self._database.transaction() as session:
                for each in _entries(note):
                    _write(session, each)
                written = True
        except UnavailableError as error:
            if written and not self._database.is_sqlite:
                raise content_journal.NotKnownError from error
            raise

    def catch_up(self, note: str) -> None:
        """Write those of these that are not there yet."""
        with self._database.transaction() as session:
            for each in _entries(note):
                if not _is_there(session, each):
                    _write(session, each)


def catch_up(database: Database, folder: Path) -> None:
    """Write what a process that was ended left unwritten. Where there is no room for it, it waits for the next save."""
    if not content_journal.something_was_left(folder):
        return
    try:
        with content_journal.alone(folder):
            content_journal.note_what_was_left(folder, ContentLog(database).catch_up)
    except OSError as error:
        log.warning("content log not caught up", reason=error.strerror)


def _entries(note: str) -> list[Entry]:
    return [Entry(**each | {"at": datetime.fromisoformat(each["at"])}) for each in json.loads(note)]


def _write(session: Session, entry: Entry) -> None:
    events.audit(session, entry.actor, entry.action, entry.at, **entry.details)
    session.flush()  # they stand there in this order


def _is_there(session: Session, entry: Entry) -> bool:
    same = select(AuditEntry.details).where(
        AuditEntry.at == entry.at, AuditEntry.actor == entry.actor, AuditEntry.action == entry.action
    )
    return entry.details in session.exec(same).all()
