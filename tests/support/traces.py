"""Looking for what must be nowhere: in SQLite's files, or in the live rows of PostgreSQL (ACCEPTANCE P1)."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import create_engine, inspect, text

from tests.support.running import Running

Pattern = re.Pattern[bytes]


def traces(running: Running, pattern: Pattern) -> list[str]:
    """The files of SQLite, or the tables of PostgreSQL, in which it can be found."""
    file = Path(running.database_url.removeprefix("sqlite:///"))
    if running.database_url.startswith("sqlite"):
        return in_files(file, pattern)
    return in_tables(running.database_url, pattern)


def in_files(file: Path, pattern: Pattern) -> list[str]:
    """Database, write-ahead log and shared memory."""
    return [path.name for path in sorted(file.parent.glob(f"{file.name}*")) if pattern.search(path.read_bytes())]


def in_tables(url: str, pattern: Pattern) -> list[str]:
    """Every column of every table, as text."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            found = []
            for table in inspect(connection).get_table_names():
                rows = connection.execute(text(f'SELECT t::text FROM "{table}" t')).scalars()
                if any(pattern.search(row.encode()) for row in rows):
                    found.append(table)
            return found
    finally:
        engine.dispose()
