"""What every test may ask for: a database of its own on both engines, and a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter
from playwright.sync_api import Browser, Error, Page, Route, sync_playwright

from tests.support.house import House, open_house
from tests.support.postgres import NoPostgresError, PostgresServer, postgres_server
from tests.support.requirements import REQUIRE, not_run, report_not_run, report_summaries

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
# Chromium calls home otherwise: for updates, for lists of bad pages, for a better guess of what is typed.
BROWSER_ARGUMENTS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-first-run",
    "--no-pings",
)


def pytest_configure() -> None:
    """A developer's own settings must not reach the tests."""
    for name in [name for name in os.environ if name.startswith("NURTURE_") and name != REQUIRE]:
        del os.environ[name]


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Say what could not run, and the figures that tests have noted as their `summary`."""
    report_not_run(terminalreporter)
    report_summaries(terminalreporter)


@pytest.fixture(scope="session")
def _postgres() -> Iterator[PostgresServer]:
    """One server for each process of the test run."""
    try:
        with postgres_server() as server:
            yield server
    except NoPostgresError as error:
        not_run("PostgreSQL", str(error), required_as="postgres")


@pytest.fixture(scope="session")
def _migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the newest schema and no rows, to copy from."""
    file = tmp_path_factory.mktemp("migrated") / "nurture.db"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def _migrated_postgres(_postgres: PostgresServer) -> str:
    """The name of a PostgreSQL database with the newest schema and no rows, to copy from."""
    name = _postgres.create()
    _migrate(_postgres.url(name))
    return name


@pytest.fixture
def postgres_url(_postgres: PostgresServer) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of the test's own. Mark the test `postgres`."""
    name = _postgres.create()
    yield _postgres.url(name)
    _postgres.drop(name)


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of the test's own; the test runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'nurture.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(params=BOTH)
def migrated_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """As `database_url`, with the newest schema: a copy of a database that was migrated once."""
    if request.param == "sqlite":
        file = tmp_path / "nurture.db"
        shutil.copyfile(request.getfixturevalue("_migrated_sqlite"), file)
        yield f"sqlite:///{file}"
        return
    template: str = request.getfixturevalue("_migrated_postgres")
    server: PostgresServer = request.getfixturevalue("_postgres")
    name = server.create(template=template)
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def house(migrated_database_url: str, tmp_path: Path) -> Iterator[House]:
    """A whole installation with the shipped content published, on SQLite and on PostgreSQL."""
    with open_house(migrated_database_url, tmp_path) as built:
        yield built


def _migrate(url: str) -> None:
    from service.store.db import open_database
    from service.store.schema import migrate

    database = open_database(url)
    try:
        migrate(database)
    finally:
        database.close()  # SQLite then folds its write-ahead log in; PostgreSQL copies no database in use


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium: the machine's own, or Playwright's where it was brought.

    It ends with its module: Playwright keeps an event loop running, and other tests start their own.
    """
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=found, args=list(BROWSER_ARGUMENTS))
        except Error as error:
            not_run("Browser", _first_line(error) if found else "no Chromium on PATH", required_as="browser")
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of its own that reaches this machine alone; whatever else a page asks for fails the test."""
    context = browser.new_context(locale="nl-NL")
    foreign: list[str] = []

    def refuse(route: Route) -> None:
        foreign.append(route.request.url)
        route.abort()

    context.route(lambda url: not url.startswith(("http://127.0.0.1", "http://localhost", "data:", "file:")), refuse)
    yield context.new_page()
    context.close()
    assert not foreign, f"the page asked a third party: {foreign}"


def _first_line(error: Error) -> str:
    return error.message.splitlines()[0]
