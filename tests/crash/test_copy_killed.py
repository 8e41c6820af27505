"""A copy that is killed at any moment leaves one database to go on with, and the same command ends it."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest
from sqlmodel import select

from service.flows import copy_marks
from service.store import dump, schema
from service.store.db import open_database
from service.store.tables import Lead
from tests.support import cases
from tests.support.running import installation

MOMENTS = (0.05, 0.4, 0.6, 0.7, 0.8, 0.9)  # of the time that a whole copy takes
ANNA, BRAM = "anna@example.org", "bram@example.org"


@pytest.mark.parametrize("database_url", cases.engines("sqlite"), indirect=True)
def test_killed_at_any_moment_it_leaves_one_database_to_go_on_with(
    database_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    trial, other = f"sqlite:///{tmp_path / 'trial.db'}", f"sqlite:///{tmp_path / 'other.db'}"
    if database_url.startswith("sqlite"):
        other = str(request.getfixturevalue("postgres_url"))
    with installation(tmp_path, database_url, NURTURE_DEMO="0") as running:
        running.start()
        for address in (ANNA, BRAM):
            assert running.opt_in(address).status == 202
            running.first_mail(address)
        running.stop()
        began = time.monotonic()
        assert running.cli("copy-database", "--to", trial).returncode == 0
        whole = time.monotonic() - began
        assert running.cli("copy-database", "--take-back", "--yes").returncode == 0
        for moment in MOMENTS:
            process = running.start("copy-database", "--to", other)
            time.sleep(moment * whole)
            process.send_signal(signal.SIGKILL)
            process.wait(20)
            here, there = leads(database_url), leads(other)
            assert (here == [ANNA, BRAM]) != (there == [ANNA, BRAM]) or not (here or there)
            if not here:
                break
        if not leads(other):
            ended = running.cli("copy-database", "--to", other)
            assert ended.returncode == 0, ended.stderr
        assert (leads(database_url), leads(other)) == ([], [ANNA, BRAM])


def leads(url: str) -> list[str]:
    """Who is in a database that may be used; nobody where it is empty, or closed."""
    database = open_database(url)
    try:
        if schema.schema_state(database) is not schema.Schema.CURRENT:
            return []
        with database.reading() as session:
            assert dump.tables(session.connection())
            if copy_marks.of(session) is not None:
                return []
            return list(session.exec(select(Lead.address).order_by(Lead.address)))
    finally:
        database.close()
