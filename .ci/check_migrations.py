"""Fail when the tables and the migrations do not describe the same schema, on SQLite and, where it is, PostgreSQL."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from service.store.db import open_database
from service.store.schema import migrate
from service.store.tables import Table
from tests.support.postgres import NoPostgresError, postgres_server


def differences(url: str) -> list[str]:
    """What a new migration would have to change, after an empty database at `url` got all there are."""
    database = open_database(url)
    try:
        migrate(database)
        with database.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            return [str(change) for change in compare_metadata(context, Table.metadata)]
    finally:
        database.close()


def main() -> int:
    """Print every difference; 1 when there is any."""
    with tempfile.TemporaryDirectory() as folder:
        found = {"SQLite": differences(f"sqlite:///{folder}/nurture.db")}
    try:
        with postgres_server() as server:
            found["PostgreSQL"] = differences(server.url(server.create()))
    except NoPostgresError as error:
        print(f"migrations not compared on PostgreSQL: {error}")
    for engine, changes in found.items():
        for change in changes:
            print(f"{engine}: no migration for {change}", file=sys.stderr)
    if not any(found.values()):
        print(f"migrations and tables agree on {' and '.join(found)}")
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
