"""A database that is away, locked, full or damaged: told as such, and not as a defect of ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from service.errors import UnavailableError

_AWAY = "De dienst is even niet bereikbaar. Probeer het over een minuut nog eens."  # leads read it, too


@contextmanager
def told_as_unavailable() -> Iterator[None]:
    """Raise UnavailableError for what is no fault of a statement."""
    try:
        yield
    except (DBAPIError, PoolTimeoutError) as error:
        if isinstance(error, DBAPIError) and _is_damaged(error):
            raise _damaged(error) from error
        away = isinstance(error, OperationalError | InterfaceError | PoolTimeoutError) or (
            _is_read_only(error) or _is_of_the_url(error)
        )
        if not away and not (isinstance(error, DBAPIError) and error.connection_invalidated):
            raise  # a statement that is wrong; but PostgreSQL may end a session with an error of any class
        raise _unusable(_plain_reason(error), _plain_reason(error)) from error


def ended() -> UnavailableError:
    """What to say where SQLite has ended a transaction by itself, as at a full disk: nothing of it is kept."""
    return _unusable("SQLite ended the transaction", "SQLite brak de transactie af")


def _unusable(why: str, waarom: str) -> UnavailableError:
    return UnavailableError(
        f"the database cannot be used just now ({why})", _AWAY, staff=f"de database is nu niet te gebruiken ({waarom})"
    )


def replaced() -> UnavailableError:
    """What to say where SQLite's file was removed, or another put in its place, under a process that has it open."""
    return UnavailableError(
        "the database file was removed or replaced while it was in use: stop `serve` and every `worker`, put the right "
        "file back, and start them again",
        _AWAY,
    )


def is_locked(error: BaseException | None) -> bool:
    """Does somebody else have SQLite's file?"""
    return _code(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _is_damaged(error: DBAPIError) -> bool:
    """Is SQLite's file no database, or no whole one, any more?"""
    return _code(error) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def _damaged(error: DBAPIError) -> UnavailableError:
    return UnavailableError(
        f"the database file is damaged, or no SQLite database at all ({_plain_reason(error)}); stop `serve` and every "
        "`worker`, move the file away with all that begins with its name, and put a backup back: nurture restore FILE",
        _AWAY,
        staff=f"het bestand van de database is beschadigd, of geen SQLite-database ({_plain_reason(error)}); stop "
        "`serve` en elke `worker`, zet het weg met alles waarvan de naam zo begint, en zet een back-up terug: nurture "
        "restore BESTAND",
    )


def _code(error: BaseException | None) -> int:
    """SQLite's own; 0 for anything else. An extended one has the plain one in its last byte."""
    return int(getattr(getattr(error, "orig", None), "sqlite_errorcode", 0)) & 0xFF


def _is_read_only(error: DBAPIError) -> bool:
    """A standby before it takes over, or a server whose disk is full: PostgreSQL writes again in a while."""
    return getattr(error.orig, "sqlstate", None) == "25006"


def _is_of_the_url(error: DBAPIError) -> bool:
    """An option behind the question mark that libpq does not know: no connection was even tried."""
    return str(error.orig).startswith("invalid connection option")


def _plain_reason(error: Exception) -> str:
    """The driver's first line, without the statement and its values: those may be personal."""
    if not isinstance(error, DBAPIError):
        return "every connection is in use"
    return (str(error.orig).strip().splitlines() or ["no reason given"])[0][:200]
