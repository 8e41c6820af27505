"""A 202 means it is kept; anything else means nothing was written (ACCEPTANCE L2, L10)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from tests.support.house import House, link
from tests.support.website import OPT_IN, opt_in, website


class FailingWrite:
    """Fails the n-th INSERT, UPDATE or DELETE from now on, as a full disk would."""

    def __init__(self, house: House, number: int) -> None:
        self._engine = house.services.database.engine
        self._left = number
        self.failed = False

    def __enter__(self) -> FailingWrite:
        event.listen(self._engine, "before_cursor_execute", self._look)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._look)

    def _look(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            self._left -= 1
            if self._left == 0:
                self.failed = True
                raise OperationalError(statement, None, Exception("database or disk is full"))


def test_an_opt_in_whose_nth_write_fails_leaves_nothing(house: House, client: TestClient) -> None:
    before = house.rows()
    number = 0
    while True:
        number += 1
        with FailingWrite(house, number) as failing:
            answer = client.post("/api/opt-ins", json=OPT_IN)
        if not failing.failed:
            break
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5"), number
        assert house.rows() == before, number
    assert answer.status_code == 202
    assert number > 6  # lead, opt-in, two consents, enrolment and message, at the least
    assert house.send_due() == 1


@pytest.mark.parametrize("path", ["opt-in", "press"])
def test_an_answer_comes_after_the_commit_and_a_commit_that_fails_is_no_yes(
    house: House, client: TestClient, path: str
) -> None:
    opt_in(client, "bram@example.org")
    house.send_due()
    url = link(house.mails("bram@example.org")[0], "c")
    before = house.rows()

    def post() -> Response:
        return client.post("/api/opt-ins", json=OPT_IN) if path == "opt-in" else client.post(url)

    def full(_connection: Any) -> None:
        raise OperationalError("COMMIT", None, Exception("database or disk is full"))

    engine = house.services.database.engine
    event.listen(engine, "commit", full)
    answer = post()
    event.remove(engine, "commit", full)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert house.rows() == before
    assert post().is_success
    assert house.rows() != before


@pytest.mark.parametrize("letter", "cub")
def test_a_press_whose_nth_write_fails_changes_nothing(house: House, client: TestClient, letter: str) -> None:
    opt_in(client)
    house.send_due()
    url = link(house.mails("anna@example.org")[0], letter)
    before = house.rows()
    number = 0
    while True:
        number += 1
        with FailingWrite(house, number) as failing:
            answer = client.post(url, data={"action": "request", "phone": "06 12345678"})
        if not failing.failed:
            break
        assert answer.status_code == 503
        assert house.rows() == before
    assert answer.status_code == 200
    assert number > 1
    assert house.rows() != before


def test_what_was_accepted_is_there_when_everything_starts_anew(house: House, client: TestClient) -> None:
    opt_in(client)
    house.services.database.close()
    assert house.send_due() == 1


def test_a_locked_database_is_503_and_nothing_is_half_written(migrated_database_url: str, house: House) -> None:
    if not house.services.database.is_sqlite:
        return  # PostgreSQL locks rows; its waiting ends in the same error, which the tests above raise
    other = sqlite3.connect(migrated_database_url.removeprefix("sqlite:///"), isolation_level=None)
    client = website(house)
    opt_in(client, "bram@example.org")
    house.send_due()
    url = link(house.mails("bram@example.org")[0], "u")
    before = house.rows()
    with house.services.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=50")
    other.execute("BEGIN IMMEDIATE")
    answer = client.post("/api/opt-ins", json=OPT_IN)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    page = client.post(url, headers={"Accept": "text/html"})
    assert (page.status_code, "Even niet bereikbaar" in page.text) == (503, True)
    assert house.rows() == before
    other.rollback()
    other.close()
    assert client.post("/api/opt-ins", json=OPT_IN).status_code == 202


@contextmanager
def full(house: House) -> Iterator[None]:
    """No room for one page more: SQLite's own limit; on PostgreSQL its own error, which no test can cause for real."""
    engine = house.services.database.engine
    with engine.begin() as connection:
        if house.services.database.is_sqlite:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            most = connection.exec_driver_sql("PRAGMA max_page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        else:
            connection.exec_driver_sql(_NO_SPACE)
    try:
        yield
    finally:
        with engine.begin() as connection:
            if house.services.database.is_sqlite:
                connection.exec_driver_sql(f"PRAGMA max_page_count={most}")
            else:
                connection.exec_driver_sql("DROP TRIGGER full_disk ON message; DROP FUNCTION full_disk")


_NO_SPACE = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON message FOR EACH ROW EXECUTE FUNCTION full_disk()
"""


def test_a_full_database_is_503_and_nothing_is_half_written(house: House, client: TestClient) -> None:
    with full(house):
        before = house.rows()
        for number in range(200):
            answer = client.post("/api/opt-ins", json=OPT_IN | {"email": f"lead{number}@example.org"})
            if answer.status_code != 202:
                break
            before = house.rows()  # the last page had room for this one
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert house.rows() == before
        assert client.get("/healthz").status_code == 200
    assert client.post("/api/opt-ins", json=OPT_IN).status_code == 202
    assert house.send_due() > 0
