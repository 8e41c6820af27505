"""A count beside a SQLite database that only grows: it tells when an older copy of the file was put back by hand.

Each hand-over counts up in the database, and after the commit in `NAME.high-water` beside it. A file ahead of its
database means that mail left which the database knows nothing of. The other way round is a crash in between.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import structlog
from sqlalchemy import String, bindparam, event, func
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import URL
from sqlmodel import Session

from service.errors import RefusedError
from service.store import events
from service.store.db import Database
from service.store.quick import firsts
from service.store.schema_words import core
from service.store.tables import Fact

_FACT = "high_water"
_COUNTED = "high_water"  # of a session: the file, and the count that it is to have
_AT = bindparam("at", type_=String())
# One statement, and no object of the session's: this stands on the way of every mail.
_COUNT_UP = (
    insert(core(Fact))
    .values(key=_FACT, value=func.json_object("count", 1, "at", _AT))
    .on_conflict_do_update(
        index_elements=["key"],
        set_={"value": func.json_object("count", func.json_extract(core(Fact).c.value, "$.count") + 1, "at", _AT)},
    )
    .returning(func.json_extract(core(Fact).c.value, "$.count").label("count"))
)
log = structlog.get_logger()


def count_up(session: Session, now: datetime) -> None:
    """One hand-over more, in its transaction; the file follows when that is committed. Nothing on PostgreSQL."""
    file = _beside(session.get_bind().engine.url)
    if file is None:
        return
    session.info[_COUNTED] = file, int(firsts(session, _COUNT_UP, {"at": now.isoformat()})[0])


# For all sessions at once: to listen to each by itself takes as long as two statements.
@event.listens_for(Session, "after_commit")
def _follow(session: Session) -> None:
    if session.in_nested_transaction():  # a savepoint's end is none of the hand-over's
        return
    file, count = session.info.pop(_COUNTED, (None, 0))
    if file is None:
        return
    try:
        _raise_to(file, count)
    except OSError as error:  # the hand-over is committed and goes on; the next one writes the file again
        log.warning("the high-water file cannot be written", error=error.strerror)


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_COUNTED, None)


def counted(session: Session) -> int:
    """How many hand-overs the database knows of."""
    return int((events.fact(session, _FACT) or {}).get("count", 0))


def last_hand_over(session: Session) -> datetime | None:
    """When the database last heard of one; None where there never was any."""
    kept = events.fact(session, _FACT)
    return datetime.fromisoformat(kept["at"]).astimezone(UTC) if kept else None


def ahead(database: Database, session: Session) -> int | None:
    """The file's count where it is above the database's; None where all is well, or there is no file."""
    file = _beside(database.url)
    if file is None or not file.exists():
        return None
    try:
        with closing(_Locked(file)) as kept:
            return kept.count if kept.count > counted(session) else None
    except OSError as error:
        raise RefusedError(f"the file {file} cannot be used: {error.strerror}; make it ours, or remove it") from error


def agree(session: Session, count: int, now: datetime) -> None:
    """What the file was ahead by has been dealt with: the database counts on from there."""
    at = last_hand_over(session) or now
    events.set_fact(session, _FACT, {"count": count, "at": at.isoformat()})


def start_anew(database: Database, count: int = 0) -> None:
    """The database was just made or restored: whatever the file said was about another."""
    file = _beside(database.url)
    if file is not None and (count or file.exists()):
        try:
            with closing(_Locked(file)) as kept:
                kept.write(count)
        except OSError as error:  # at worst the next start holds the mail once more
            log.warning("the high-water file cannot be written", error=error.strerror)


def _raise_to(file: Path, count: int) -> None:
    with closing(_Locked(file)) as kept:
        if kept.count < count:
            kept.write(count)


def _beside(url: URL) -> Path | None:
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(f"{url.database}.high-water")


class _Locked:
    """The file, held against other processes while it is open."""

    def __init__(self, file: Path) -> None:
        self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        found = os.read(self._descriptor, 32).decode("ascii", "replace").strip()
        self.count = int(found) if found.isdecimal() else 0

    def write(self, count: int) -> None:
        """One write of a fixed length: no reader ever sees half a number."""
        os.pwrite(self._descriptor, f"{count:020d}\n".encode(), 0)

    def close(self) -> None:
        os.close(self._descriptor)
