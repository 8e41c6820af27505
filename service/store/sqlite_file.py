"""A SQLite file as an engine: how it is opened, and how each transaction on it begins."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, create_engine

from service.store.away import ended, replaced

_OLDEST = (3, 35, 0)
_BUSY_TIMEOUT_MS = 5_000
_LEAST_MS = 100  # for whoever waited that long for the turn already: may another process just be writing
# FULL: a 202 must survive a power cut. secure_delete: an erased address leaves no bytes behind.
PRAGMAS: Mapping[str, str | int] = {
    "busy_timeout": _BUSY_TIMEOUT_MS,
    "journal_mode": "WAL",
    "synchronous": "FULL",
    "foreign_keys": "ON",
    "secure_delete": "ON",
}


def engine(url: URL, *, begin: str, pool_size: int, alone: bool = False) -> Engine:
    """Each of its transactions begins with that word. `alone`: nobody else can open the file meanwhile."""
    made = create_engine(
        url,
        connect_args={"check_same_thread": False, "timeout": _BUSY_TIMEOUT_MS / 1000},
        pool_size=pool_size,
        max_overflow=0 if pool_size == 1 else 32,
        hide_parameters=True,
    )

    file = _OneFile(url)

    @event.listens_for(made, "do_connect")
    def _before_it_connects(*_: object) -> None:
        file.check()  # or SQLite would make a new one

    @event.listens_for(made, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN is a deferred one; ours comes below
        if alone:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE").close()  # before the first look, or WAL is shared
        for pragma, value in PRAGMAS.items():
            connection.execute(f"PRAGMA {pragma}={value}").close()
        file.note()

    @event.listens_for(made, "begin")
    def _on_begin(connection: Any) -> None:
        file.check()
        patience = connection.get_execution_options().get("patience_ms")
        if patience is None:
            connection.exec_driver_sql(begin)
            return
        connection.exec_driver_sql(f"PRAGMA busy_timeout={patience}")
        try:
            connection.exec_driver_sql(begin)
        finally:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")

    @event.listens_for(made, "commit")
    def _on_commit(connection: Any) -> None:
        # At a full disk or an error of it SQLite itself ends a transaction, and a COMMIT of none would be no error to
        # the driver: what was begun in it would be handed over.
        if not connection.connection.driver_connection.in_transaction:
            raise ended()

    return made


class _OneFile:
    """The file that an engine opened first. Where another has its name, or none, what is written is lost in the end."""

    def __init__(self, url: URL) -> None:
        self._path = url.database or ""
        self._opened: tuple[int, int] | None = None

    def note(self) -> None:
        """It is open."""
        self._opened = self._opened or self._there()

    def check(self) -> None:
        """Raise UnavailableError where it is not the one that has the name."""
        if self._opened is not None and self._there() != self._opened:
            raise replaced()

    def _there(self) -> tuple[int, int] | None:
        try:
            found = Path(self._path).stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


def after_waiting(engine: Engine, seconds: float) -> Engine:
    """The engine for a transaction where it, or one behind it, stood in line for so long: that counts for how long it
    waits for the file.

    Else, while another process holds the file, each in the line would wait its own five seconds after those before it.
    """
    if seconds < _LEAST_MS / 1000:
        return engine
    return engine.execution_options(patience_ms=max(_LEAST_MS, _BUSY_TIMEOUT_MS - round(seconds * 1000)))


def too_old() -> str:
    """What to do where this Python's SQLite does not know what we write (RETURNING); empty where it does."""
    if sqlite3.sqlite_version_info >= _OLDEST:
        return ""
    return (
        f"the SQLite of this Python is {sqlite3.sqlite_version}, and 3.35.0 or newer is needed; "
        "use another Python, or PostgreSQL"
    )


def begins_now(session: Session, connection: Connection) -> bool:
    """Begin the transaction, unless another process is writing to the file of this SQLite database."""
    driver = cast(sqlite3.Connection, connection.connection.driver_connection)
    driver.execute("PRAGMA busy_timeout=0")
    try:
        session.connection()
    except OperationalError as error:
        if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    finally:
        driver.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
    return True
