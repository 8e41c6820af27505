"""Connections to PostgreSQL that one house leaves to the next on the same database.

A house opens four; each is a process of the server, which reads the catalogue and plans every statement anew. On one
that is kept all of that has happened. What belongs to a session (settings, locks, who listens) is cleared in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, QueuePool, event
from sqlalchemy.dialects.postgresql.psycopg import _log_notices
from sqlalchemy.exc import DBAPIError

from service.store.db import Database

_CLEARED = "SELECT pg_advisory_unlock_all(); UNLISTEN *; RESET ALL"
_MOST = 4  # of one database: a house with many threads opens twenty, and the next ones use two or three
_kept: dict[str, list[psycopg.Connection]] = {}  # by the name of the database; those that nobody has


@contextmanager
def connections_kept() -> Iterator[None]:
    """Whoever waits until nobody else is on a database meanwhile finds nobody kept there."""
    wait = Database.wait_until_alone

    def alone(database: Database) -> None:
        give_up(str(database.url.database))
        wait(database)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "wait_until_alone", alone)
        yield
    for name in list(_kept):
        give_up(name)


def take_kept(engine: Engine) -> None:
    """Let this engine connect by what was kept, where there is something."""

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: object, _record: object, _given: object, named: dict[str, Any]) -> psycopg.Connection | None:
        while (connection := _next(named["dbname"])) is not None:
            with suppress(psycopg.OperationalError):  # its server went away meanwhile
                with connection.transaction():
                    connection.execute("SELECT set_config('application_name', %s, false)", [named["application_name"]])
                return connection
        return None


@contextmanager
def lent(name: str, anew: Callable[[], psycopg.Connection]) -> Iterator[psycopg.Connection]:
    """One that is kept of a database, or `anew`: every statement on it counts at once, and it is kept again."""
    while (connection := _next(name)) is not None:
        with suppress(psycopg.OperationalError):  # as above
            connection.autocommit = True
            connection.execute("SELECT 1")
            break
    else:
        with anew() as connection:
            yield connection
        return
    yield connection  # who raises leaves it to nobody
    connection.execute(_CLEARED, prepare=False)
    connection.autocommit = False
    _kept.setdefault(name, []).append(connection)


def _next(name: str) -> psycopg.Connection | None:
    while waiting := _kept.get(name):
        connection = waiting.pop()
        if not connection.closed:
            return connection
    return None


def keep(database: Database) -> None:
    """Take the connections that this database does not use at the moment out of its pool, for the next on it."""
    pool, name = database.engine.pool, str(database.url.database)
    if database.is_sqlite:
        return
    assert isinstance(pool, QueuePool)
    with suppress(DBAPIError):  # a server that went away leaves nothing to keep
        for _ in range(pool.checkedin()):
            borrowed = pool.connect()
            connection = borrowed.driver_connection
            borrowed.detach()
            assert isinstance(connection, psycopg.Connection)
            if len(_kept.setdefault(name, [])) >= _MOST:
                connection.close()
                continue
            connection.remove_notice_handler(_log_notices)  # the next engine adds it again
            connection.prepared_max = 1000
            with connection.transaction():
                connection.execute(_CLEARED, prepare=False)  # several statements cannot be
            _kept[name].append(connection)


def pids(name: str) -> list[int]:
    """The server's processes behind what is kept of a database."""
    return [each.info.backend_pid for each in _kept.get(name, []) if not each.closed]


def give_up(name: str) -> None:
    """Close what is kept of a database."""
    for each in _kept.pop(name, []):
        each.close()
