"""Erasing leaves no trace where bytes could stay: database files, live rows, logs (ACCEPTANCE P1)."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

from sqlalchemy import create_engine, inspect, text

from service.flows import privacy, ticks
from tests.support import acts
from tests.support.house import House
from tests.support.running import Running, http, installation, link_in, wait_for

ADDRESS = "annelies.vermeulen@example.org"
SUBJECT = "Je gratis advies: begin vandaag"
TYPED = {"name": "Annelies Vermeulen", "phone": "06 98765432", "note": "Liefst na het tuinieren"}
TRACES = re.compile(rb"annelies|vermeulen|98765432|tuinieren", re.IGNORECASE)


def test_after_erasing_files_rows_and_logs_of_a_running_service_hold_no_trace(
    database_url: str, tmp_path: Path
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
        assert traces(running), "or this shows nothing"

        said = running.cli("lead", "erase", ADDRESS, "--yes")
        assert (said.returncode, said.stdout) == (0, "Erased.\n")
        assert traces(running) == []
        assert TRACES.search(running.logs().encode()) is None
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
    assert in_files(file)
    reader.close()
    ticks.housekeeping(house.services)
    assert in_files(file) == []


def traces(running: Running) -> list[str]:
    """The files of SQLite, or the tables of PostgreSQL, in which she can be found."""
    file = Path(running.database_url.removeprefix("sqlite:///"))
    return in_files(file) if running.database_url.startswith("sqlite") else in_tables(running.database_url)


def in_files(file: Path) -> list[str]:
    """Database, write-ahead log and shared memory."""
    return [path.name for path in sorted(file.parent.glob(f"{file.name}*")) if TRACES.search(path.read_bytes())]


def in_tables(url: str) -> list[str]:
    """Every column of every table, as text."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            found = []
            for table in inspect(connection).get_table_names():
                rows = connection.execute(text(f'SELECT t::text FROM "{table}" t')).scalars()
                if any(TRACES.search(row.encode()) for row in rows):
                    found.append(table)
            return found
    finally:
        engine.dispose()
