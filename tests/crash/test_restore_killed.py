"""A restore that is killed at any moment leaves what was there before, or what was restored (ACCEPTANCE L10)."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from service.store.db import open_database
from tests.support import cases
from tests.support.running import Running, installation

MOMENTS = (0.05, 0.3, 0.5, 0.7, 0.9)  # of the time that a whole restore takes; a first one that is surely too early
ANNA, BRAM = "anna@example.org", "bram@example.org"
LEADS = {"one.zip": [ANNA], "two.zip": [ANNA, BRAM]}


@pytest.mark.parametrize("database_url", cases.engines("sqlite"), indirect=True)
def test_killed_at_any_moment_it_leaves_the_old_state_or_the_new_one(database_url: str, tmp_path: Path) -> None:
    with installation(tmp_path, database_url, NURTURE_DEMO="0") as running:
        running.start()
        for file, address in (("one.zip", ANNA), ("two.zip", BRAM)):
            assert running.opt_in(address).status == 202
            running.first_mail(address)
            assert running.cli("backup", file).returncode == 0
        running.stop()
        began = time.monotonic()
        restored = running.start("restore", "one.zip", "--replace", "--yes")
        assert restored.wait(60) == 0, running.log_of(restored)
        whole = time.monotonic() - began
        kept, undone = "one.zip", 0
        for moment in MOMENTS:
            other = "two.zip" if kept == "one.zip" else "one.zip"
            process = running.start("restore", other, "--replace", "--yes")
            time.sleep(moment * whole)
            process.send_signal(signal.SIGKILL)
            process.wait(20)
            found = leads(running)
            assert found in LEADS.values(), found
            undone += found == LEADS[kept]
            kept = kept if found == LEADS[kept] else other
        assert undone
        assert running.cli("restore", "two.zip", "--replace", "--yes").returncode == 0
        assert leads(running) == LEADS["two.zip"]


def leads(running: Running) -> list[str]:
    """Who is in the database; each with all that belongs to her, and all mail on hold."""
    database = open_database(running.database_url)
    try:
        with database.reading() as session:
            found = [str(each) for each in session.execute(text("SELECT address FROM lead ORDER BY id")).scalars()]
            for table in ("opt_in", "enrolment", "message", "attempt"):
                assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == len(found), table
            assert session.execute(text("SELECT count(*) FROM fact WHERE key = 'restored'")).scalar_one() == 1
    finally:
        database.close()
    return found
