"""A SQLite file as an engine."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from service.errors import ProblemsError, UnavailableError
from service.store.db import open_database


def test_a_sqlite_that_is_too_old_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.34.1")
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    with pytest.raises(ProblemsError) as refused:
        open_database("sqlite:///nurture.db")
    [problem] = refused.value.problems
    assert problem.message == (
        "NURTURE_DATABASE_URL: the SQLite of this Python is 3.34.1, and 3.35.0 or newer is needed; use another Python, "
        "or PostgreSQL"
    )
    open_database("postgresql+psycopg://nobody@localhost/nurture").close()


def test_a_file_that_cannot_be_opened_is_not_taken_for_one_that_others_use(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/not/there/nurture.db")
    with pytest.raises(UnavailableError, match="unable to open database file"), database.alone():
        pass
