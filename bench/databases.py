"""Fresh databases for a bench, on both engines. They survive a power cut: much of the time goes into that."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from service.store.db import open_database
from service.store.schema import migrate
from tests.support.postgres import NoPostgresError, PostgresServer, postgres_server

Fresh = Callable[[], AbstractContextManager[str]]
"""Gives the URL of an empty database, which goes when its block ends."""


@contextmanager
def engines(wanted: list[str]) -> Iterator[dict[str, Fresh]]:
    """engine -> its fresh databases. PostgreSQL is left out, saying so, where there is none."""
    found: dict[str, Fresh] = {"SQLite": _sqlite} if "sqlite" in wanted else {}
    if "postgres" not in wanted:
        yield found
        return
    try:
        server = postgres_server(durable=True)
        with server as running:
            yield found | {"PostgreSQL": lambda: _of(running)}
    except NoPostgresError as error:
        print(f"PostgreSQL not measured: {error}", file=sys.stderr)
        yield found


def migrated(url: str) -> str:
    """The same URL, with the newest schema in the database."""
    database = open_database(url)
    try:
        migrate(database)
    finally:
        database.close()
    return url


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{Path(folder) / 'bench.db'}"


@contextmanager
def _of(server: PostgresServer) -> Iterator[str]:
    name = server.create()
    try:
        yield server.url(name)
    finally:
        server.drop(name)
