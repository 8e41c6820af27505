"""Erasing leaves no trace where bytes could stay: database files, live rows, logs (ACCEPTANCE P1)."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from service.flows import privacy, ticks
from tests.support import acts
from tests.support.house import House
from tests.support.running import http, installation, link_in, wait_for
from tests.support.traces import in_files, traces

ADDRESS = "annelies.vermeulen@example.org"
SUBJECT = "Je gratis advies: begin vandaag"
TYPED = {"name": "Annelies Vermeulen", "phone": "06 98765432", "note": "Liefst na het tuinieren"}
TRACES = re.compile(rb"annelies|vermeulen|98765432|tuinieren", re.IGNORECASE)


def test_after_erasing_files_rows_and_logs_of_a_running_service_hold_no_trace(
    database_url: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with installation(tmp_path, database_url) as running:
        running.start()
        running.opt_in("bram@example.org")
        running.opt_in(ADDRESS, first_name="Annelies", answers={"posture": "hollow"})
        advice = running.first_mail(ADDRESS)
        links = {letter: link_in(advice, letter) for letter in "cubp"}
        assert http("POST", links["c"], form={}).status == 200
        running.clock(advance="P6D")
        assert http("POST", links["b"], form={"action": "request"} | TYPED).status == 200
        wait_for(lambda: running.mails("praktijk@solidperformance.example"), "the request at the practice")
        assert http("POST", links["u"], form={}).status == 200
        for url in links.values():
            http("GET", url)
        running.opt_in(ADDRESS, first_name="4nnelies Vermeulen")  # a name that is none
        wait_for(lambda: [str(mail["Subject"]) for mail in running.mails(ADDRESS)].count(SUBJECT) == 2, "her advices")
        running.opt_in(ADDRESS.replace("@", "@@"))
        assert traces(running, TRACES), "or this shows nothing"
        assert running.cli("lead", "export", ADDRESS, "--out", str(tmp_path / "export")).returncode == 0
        assert running.cli("backup", "--into", str(tmp_path / "backups")).returncode == 0
        assert running.cli("lead", "stop", ADDRESS).returncode == 0

        began = time.monotonic()
        logs = [str(path) for path in sorted(tmp_path.glob("*.log"))]
        also = [word for path in [*logs, str(tmp_path / "backups")] for word in ("--also", path)]
        said = running.cli("lead", "erase", ADDRESS, "--yes", *also)
        assert (said.returncode, said.stderr) == (0, "")
        assert said.stdout.startswith("Erased.\nSearched ")
        assert ": 0 traces.\n" in said.stdout
        assert "a backup, until it expires" in said.stdout
        record_property("summary", f"erasing a lead and proving it: {time.monotonic() - began:.1f} s")
        assert traces(running, TRACES) == []
        assert TRACES.search(running.logs().encode()) is None
        assert TRACES.search(running.cli("audit", "--json").stdout.encode()) is None
        refused = running.cli("lead", "traces", ADDRESS, "--also", str(tmp_path / "export"))
        assert refused.returncode == 1, "what was handed over is found, until it is deleted"
        told = json.loads(running.cli("retention", "--dry-run", "--json").stdout)
        assert TRACES.search(json.dumps(told).encode()) is None
        assert running.cli("lead", "show", "bram@example.org").returncode == 0

        running.clock(advance="P1D")
        before = len(running.mails(ADDRESS))
        running.opt_in(ADDRESS)
        wait_for(lambda: running.mails(ADDRESS)[before:], "the advice she asks for anew")
        running.clock(advance="P10D")
        assert len(running.mails(ADDRESS)) == before + 1, "the hash still knows that she said no"


def test_a_trace_that_a_reader_kept_in_the_log_goes_with_the_next_housekeeping(
    migrated_database_url: str, house: House
) -> None:
    if not house.services.database.is_sqlite:
        return  # on PostgreSQL live rows are what counts
    file = Path(migrated_database_url.removeprefix("sqlite:///"))
    house.opt_in(ADDRESS)
    house.send_due()
    reader = sqlite3.connect(file, isolation_level=None)
    with house.services.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=50")
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM lead").fetchone() == (1,)
    acts.commit(house, privacy.erase, house.services, house.lead(ADDRESS).id, "asked for", house.clock.now())
    assert not house.services.database.forget_for_good()
    assert in_files(file, TRACES)
    reader.close()
    ticks.housekeeping(house.services)
    assert in_files(file, TRACES) == []
