"""Rows as lines and back: the same on both engines, and what is no row is refused."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlmodel import Session

from service.store import dump, events, schema
from service.store.db import open_database

ODD = {"b": [1, 0.1, None, "née \\ \" ' {}"], "a": {"z": "", "y": False}}
WHEN = "2026-03-29T00:59:59.999999+00:00"


def table(connection: Connection, name: str) -> dump.DumpedTable:
    return next(each for each in dump.tables(connection) if each.name == name)


def written(session: Session, name: str) -> list[str]:
    with closing(dump.lines(session.connection(), table(session.connection(), name))) as lines:
        return list(lines)


def test_lines_go_in_and_come_out_the_same_whichever_engine_wrote_them(migrated_database_url: str) -> None:
    database = open_database(migrated_database_url)
    there = [[1, "Frank", "published", ODD, WHEN], [2, "", "é\n\t", {}, "2026-01-01T00:00:00+00:00"]]
    given = [json.dumps(row, ensure_ascii=False, separators=(",", ":"), sort_keys=True) for row in there]
    with database.transaction() as session:
        audit = table(session.connection(), "audit")
        assert audit.columns == ("id", "actor", "action", "details", "at")
        assert dump.load(session.connection(), audit, audit.columns, given) == 2
        assert written(session, "audit") == given
    database.close()


def test_more_and_longer_rows_than_go_at_once_all_arrive(
    migrated_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dump, "_BATCH", 3)
    monkeypatch.setattr(dump, "_LONG", 500)
    database = open_database(migrated_database_url)
    with database.transaction() as session:
        audit = table(session.connection(), "audit")
        rows = [
            json.dumps([number, "x" * 100 * number, "a", {}, WHEN], separators=(",", ":")) for number in range(1, 12)
        ]
        assert dump.load(session.connection(), audit, audit.columns, iter(rows)) == len(rows)
        assert written(session, "audit") == rows
    database.close()


def test_half_a_character_which_sqlite_keeps_in_json_stops_no_backup(tmp_path: Path) -> None:
    """The log of what staff did cannot be mended: nobody may change a row of it."""
    database = open_database(f"sqlite:///{tmp_path / 'a.db'}")
    schema.migrate(database)
    with database.transaction() as session:
        events.audit(session, "Frank", "published", datetime.now(UTC), override_by="Jos\udce9 é")
        session.flush()
        (line,) = written(session, "audit")
        assert json.loads(line)[3] == {"override_by": "Jos? é"}
        assert line.encode()
    database.close()


@pytest.mark.parametrize("values", [[2, "Frank"], [2, "Frank", "a", {}, WHEN, 1]])
def test_a_line_with_more_or_fewer_values_than_columns_is_refused(
    migrated_database_url: str, values: list[object]
) -> None:
    database = open_database(migrated_database_url)
    lines = [json.dumps([1, "Frank", "a", {}, WHEN]), json.dumps(values)]
    with database.transaction() as session:
        audit = table(session.connection(), "audit")
        with pytest.raises(ValueError, match=r"than there are columns|zip\(\)"):
            dump.load(session.connection(), audit, audit.columns, lines)
    database.close()
