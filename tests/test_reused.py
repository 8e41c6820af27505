"""One test after another is given the same PostgreSQL database, and none can tell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from tests.support.house import open_house
from tests.support.kept_connections import keep
from tests.support.postgres import PostgresServer
from tests.support.reused import Shelf

pytestmark = pytest.mark.postgres
A_LEAD = "INSERT INTO cap_hit (scope, key, at) VALUES ('address', 'x', now())"


@pytest.fixture
def server(request: pytest.FixtureRequest) -> PostgresServer:
    found: PostgresServer = request.getfixturevalue("_postgres")
    return found


@pytest.fixture
def shelf(server: PostgresServer, request: pytest.FixtureRequest) -> Shelf:
    template_name: Callable[[str], str] = request.getfixturevalue("_template_name")
    return Shelf(server, template_name("published"))


def held(connection: psycopg.Connection) -> list[object]:
    tables = connection.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 2200").fetchall()
    return [connection.execute(f'SELECT * FROM "{name}" ORDER BY 1').fetchall() for (name,) in sorted(tables)]


def test_what_one_wrote_the_next_does_not_find_and_numbers_begin_anew(shelf: Shelf, server: PostgresServer) -> None:
    with shelf.lent() as first, server.connected(first) as connection:
        before = held(connection)
        connection.execute(A_LEAD)
        connection.execute("INSERT INTO audit (actor, action, details, at) VALUES ('x', 'y', '{}', now())")
        assert held(connection) != before
        [written] = connection.execute("SELECT max(id) FROM audit").fetchall()
    with shelf.lent() as second, server.connected(second) as connection:
        assert second == first
        assert held(connection) == before
        again = connection.execute(
            "INSERT INTO audit (actor, action, details, at) VALUES ('x', 'y', '{}', now()) RETURNING id"
        )
        assert again.fetchall() == [written]


@pytest.mark.parametrize(
    "act",
    [
        "DROP TRIGGER audit_no_change ON audit",
        "ALTER TABLE audit DISABLE TRIGGER audit_no_change",
        "ALTER TABLE lead ADD COLUMN shoe_size integer",
        "CREATE TABLE loose (id integer)",
        "UPDATE alembic_version SET version_num = version_num",
        "DELETE FROM alembic_version",
        "SET session_replication_role = replica; DELETE FROM revision WHERE id = 1",
    ],
)
def test_who_changed_what_was_there_leaves_it_to_nobody(shelf: Shelf, server: PostgresServer, act: str) -> None:
    with shelf.lent() as first, server.connected(first) as connection:
        connection.execute(act.encode())
    with shelf.lent() as second:
        assert second != first


def test_who_still_holds_on_to_it_is_sent_away(shelf: Shelf, server: PostgresServer) -> None:
    with shelf.lent() as first:
        holding = server.connected(first)
        holding.execute("BEGIN")
        holding.execute("LOCK TABLE lead")
    with shelf.lent() as second:
        assert second == first
    with pytest.raises(psycopg.OperationalError):
        holding.execute("SELECT 1")
    holding.close()


def test_a_house_goes_on_by_the_connections_that_the_one_before_it_left(
    shelf: Shelf, server: PostgresServer, tmp_path: Path
) -> None:
    seen: list[tuple[str, int]] = []
    for _ in range(12):  # often enough for whatever a driver does differently at the tenth time
        with shelf.lent() as name, open_house(server.url(name), tmp_path, published=False) as house:
            with house.services.database.transaction() as session:
                seen.append((name, session.execute(text("SELECT pg_backend_pid()")).scalar_one()))
                session.execute(text(f"SET LOCAL application_name = 'x'; {A_LEAD}"))
            keep(house.services.database)
    assert len(set(seen)) == 1


def test_a_connection_that_its_server_ended_is_taken_by_nobody(
    shelf: Shelf, server: PostgresServer, tmp_path: Path
) -> None:
    for _ in range(2):
        with shelf.lent() as name, open_house(server.url(name), tmp_path, published=False) as house:
            with house.services.database.transaction() as session:
                session.execute(text("SELECT 1"))
            keep(house.services.database)
            with server.connected("postgres") as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [name]
                )
    with shelf.lent() as name, open_house(server.url(name), tmp_path, published=False) as house:
        assert house.messages() == []
