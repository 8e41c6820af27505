"""The set-up of the tests itself: what it promises the other tests."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Page
from sqlalchemy import inspect, text

from service.store.db import open_database
from service.store.schema import Schema, schema_state
from tests.support import cases

ROOT = Path(__file__).resolve().parents[1]


def test_an_empty_database_is_given_on_both_engines(database_url: str) -> None:
    database = open_database(database_url)
    assert schema_state(database) is Schema.EMPTY
    database.close()


def test_a_migrated_database_has_the_newest_schema(migrated_database_url: str) -> None:
    database = open_database(migrated_database_url)
    assert schema_state(database) is Schema.CURRENT
    database.close()


@pytest.mark.parametrize("run", [1, 2])
def test_what_one_test_writes_the_next_does_not_see(migrated_database_url: str, run: int) -> None:
    database = open_database(migrated_database_url)
    with database.transaction() as session:
        assert "left_behind" not in inspect(session.connection()).get_table_names()
        session.connection().execute(text("CREATE TABLE left_behind (run INTEGER)"))
    database.close()


@pytest.mark.postgres
def test_a_killed_test_run_leaves_no_server_behind(postgres_url: str) -> None:
    script = """
        import time
        from tests.support.postgres import start
        server = start()
        print(server.folder, server.keeper.pid, flush=True)
        time.sleep(600)
    """
    run = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    said = run.stdout.readline().split()
    run.kill()
    run.wait(30)
    run.stdout.close()
    folder, keeper = Path(said[0]), int(said[1])
    _wait(lambda: not folder.exists() and not _alive(keeper))
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host=str(folder), user="postgres")


def test_missing_programs_are_told_in_one_line_and_fail_where_required(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        textwrap.dedent("""
        from tests.support.requirements import not_run, report_not_run
        import pytest

        @pytest.fixture(scope="session")
        def server():
            not_run("PostgreSQL", "there is none", required_as="postgres")

        def pytest_terminal_summary(terminalreporter):
            report_not_run(terminalreporter)
        """)
    )
    (tmp_path / "test_two.py").write_text("def test_one(server): pass\ndef test_two(server): pass\n")

    def run(required: str) -> subprocess.CompletedProcess[str]:
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--import-mode=importlib",
            f"--rootdir={tmp_path}",
            str(tmp_path),
        ]
        env = os.environ | {"PYTHONPATH": str(ROOT), "NURTURE_TEST_REQUIRE": required}
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    free, required = run("browser"), run("browser, postgres")
    assert free.returncode == 0
    assert free.stdout.count("PostgreSQL tests not run: there is none [2]") == 1
    assert required.returncode == 1
    assert "2 errors" in required.stdout


def test_a_run_of_everything_gives_postgresql_the_first_case_of_a_test_every_fifth_of_pages_and_sqlite_the_whole(
    tmp_path: Path,
) -> None:
    (tmp_path / "conftest.py").write_text(
        textwrap.dedent("""
        from tests.support import cases

        def pytest_collection_modifyitems(config, items):
            cases.thin_out(config, items)

        def pytest_terminal_summary(terminalreporter):
            cases.report_left(terminalreporter, [terminalreporter.config.stash[cases.LEFT]])
        """)
    )
    (tmp_path / "test_some.py").write_text(
        textwrap.dedent("""
        import pytest

        @pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
        @pytest.mark.parametrize("case", range(5))
        def test_many(engine, case): pass

        @pytest.mark.postgres
        @pytest.mark.parametrize("case", range(3))
        def test_nowhere_else(case): pass
        """)
    )
    options = ["-p", "no:cacheprovider", "-o", "markers=postgres", f"--rootdir={tmp_path}", "-v"]
    (tmp_path / "web").mkdir()
    for module, tests in (("pages", "abc"), ("forms", "def")):
        functions = "\n".join(f"def test_{test}(engine): pass" for test in tests)
        (tmp_path / "web" / f"test_{module}.py").write_text(
            "import pytest\n"
            "BOTH = ['sqlite', pytest.param('postgres', marks=pytest.mark.postgres)]\n"
            "pytestmark = pytest.mark.parametrize('engine', BOTH)\n"
            f"{functions}\n"
        )
    env = os.environ | {"PYTHONPATH": str(ROOT), cases.EVERYTHING: "1"}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)], env=env, capture_output=True, text=True, check=False
    )
    seen = [line.partition("::")[2].partition(" ")[0] for line in run.stdout.splitlines() if "PASSED" in line]
    assert sorted(seen) == sorted(
        [f"test_many[{case}-sqlite]" for case in range(5)]
        + ["test_many[0-postgres]"]
        + [f"test_nowhere_else[{case}]" for case in range(3)]
        + [f"test_{test}[sqlite]" for test in "abcdef"]
        + [f"test_{test}[postgres]" for test in "dc"]  # the forms come first
    )
    assert "8 cases ran on SQLite alone" in run.stdout


def test_each_file_that_the_engines_are_chosen_for_is_there() -> None:
    assert [file for file in sorted(cases.LEDGER | cases.ASIDE) if not (ROOT / "tests" / file).is_file()] == []


@pytest.mark.browser
def test_a_page_is_shown_without_asking_anybody_else(page: Page) -> None:
    page.goto("data:text/html,<title>Dag</title>")
    assert page.title() == "Dag"


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _wait(over: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not over():
        assert time.monotonic() < deadline, "the server is still there"
        time.sleep(0.05)
