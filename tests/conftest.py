"""What every test may ask for: a database of its own on both engines, and a browser."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Generator, Iterator
from functools import cache
from pathlib import Path
from typing import Literal

import hypothesis
import pytest
from _pytest.terminal import TerminalReporter
from playwright.sync_api import Browser, Page

from service.store.db import open_database
from service.store.schema import migrate
from tests.support import cases
from tests.support.chromium import Chromium, NoBrowserError
from tests.support.compiling import files_compiled_once
from tests.support.house import House, open_house
from tests.support.kept_connections import connections_kept, keep
from tests.support.moulds import moulds_kept
from tests.support.one_loop import one_loop
from tests.support.passwords import cheap_passwords
from tests.support.postgres import NoPostgresError, PostgresServer, postgres_server
from tests.support.proofs import cheap_proofs
from tests.support.requirements import REQUIRE, not_run, report_not_run, report_summaries
from tests.support.reused import Shelf
from tests.support.statements import compiled_once

Contents = Literal["migrated", "published"]
hypothesis.settings.register_profile("untimed", deadline=None)  # how long a case takes tells of the machine alone
hypothesis.settings.load_profile("untimed")
BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


_LEFT: list[int] = []  # by each process of the run, once it ended
OURS = ("http://127.0.0.1", "http://localhost", "data:", "blob:", "file:")  # what a page may ask for
MEMORY, ROOM = Path("/dev/shm"), 4 << 30  # bytes: twenty times what was ever in use at once


def pytest_configure(config: pytest.Config) -> None:
    """A developer's own settings must not reach the tests; and what they write goes to memory where there is room.

    Thousands of databases are made, and every commit is synced: a disk is what a run would wait for most.
    """
    for name in [name for name in os.environ if name.startswith("NURTURE_") and name != REQUIRE]:
        del os.environ[name]
    if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ["TMPDIR"], tempfile.tempdir = str(MEMORY), None  # also for the processes that tests start
    cases.choose(config)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A run that a script put into the background ignores Ctrl-C, and so would every process that tests start.
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """While tests are read next to nothing is thrown away: the collector would look for it in vain."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Not every case of every test on both engines, in a run of everything."""
    cases.thin_out(config, items)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process of a run tells the one that reports how many cases it left."""
    if (told := getattr(session.config, "workeroutput", None)) is not None:
        told["left"] = session.config.stash.get(cases.LEFT, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Keep what a process told at its end; one that died told nothing."""
    _LEFT.append(getattr(node, "workeroutput", {}).get("left", 0))


def pytest_collection_finish() -> None:
    """What is there by now stays: the collector need not go through it again and again (a tenth of the run)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def _cheaper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    shared = tmp_path_factory.getbasetemp()
    folder = (shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared) / "compiled"
    folder.mkdir(exist_ok=True)
    with (
        compiled_once(),
        files_compiled_once(folder),
        moulds_kept(),
        cheap_passwords(),
        cheap_proofs(),
        connections_kept(),
        one_loop(),
    ):
        yield


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Say what could not run, and the figures that tests have noted as their `summary`."""
    report_not_run(terminalreporter)
    cases.report_left(terminalreporter, [*_LEFT, terminalreporter.config.stash.get(cases.LEFT, 0)])
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
def template_file(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Contents], Path]:
    """SQLite files to copy from, each made when it is first asked for."""
    folder = tmp_path_factory.mktemp("templates")

    @cache
    def make(contents: Contents) -> Path:
        file = folder / f"{contents}.db"
        _fill(f"sqlite:///{file}", contents)
        return file

    return make


@pytest.fixture(scope="session")
def _template_name(_postgres: PostgresServer) -> Callable[[Contents], str]:
    """The names of PostgreSQL databases to copy from, each made when it is first asked for."""

    @cache
    def make(contents: Contents) -> str:
        name = _postgres.create()
        _fill(_postgres.url(name), contents)
        return name

    return make


@pytest.fixture(scope="session")
def _shelf(_postgres: PostgresServer, _template_name: Callable[[Contents], str]) -> Callable[[Contents], Shelf]:
    """Databases that one test after another is given, each as new."""

    @cache
    def make(contents: Contents) -> Shelf:
        return Shelf(_postgres, _template_name(contents))

    return make


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
    """As `database_url`, with the newest schema; in a test with a `house` or an `office`, its content published.

    A copy of a database that was made once.
    """
    contents: Contents = "published" if {"house", "office"} & set(request.fixturenames) else "migrated"
    if request.param == "sqlite":
        file = tmp_path / "nurture.db"
        shutil.copyfile(request.getfixturevalue("template_file")(contents), file)
        yield f"sqlite:///{file}"
        return
    server: PostgresServer = request.getfixturevalue("_postgres")
    shelf: Shelf = request.getfixturevalue("_shelf")(contents)
    with shelf.lent() as name:
        yield server.url(name)


@pytest.fixture
def house(migrated_database_url: str, tmp_path: Path) -> Iterator[House]:
    """A whole installation with the shipped content published, on SQLite and on PostgreSQL."""
    with open_house(migrated_database_url, tmp_path, published=False) as built:
        yield built
        keep(built.services.database)


def _fill(url: str, contents: Contents) -> None:
    """Bring an empty database there, and let go of it: PostgreSQL copies none in use, and SQLite folds its log in."""
    database = open_database(url)
    try:
        migrate(database)
    finally:
        database.close()
    if contents == "published":
        with tempfile.TemporaryDirectory() as folder, open_house(url, Path(folder)):
            pass


@pytest.fixture(scope="session")
def _chromium() -> Iterator[Chromium]:
    """One for each process of the test run."""
    chromium = Chromium()
    yield chromium
    chromium.end()


@pytest.fixture(scope="module")
def browser(_chromium: Chromium) -> Iterator[Browser]:
    """A headless Chromium. Its module lets go of it: while somebody has it nobody can start an event loop."""
    try:
        with _chromium.lent() as browser:
            yield browser
    except NoBrowserError as error:
        not_run("Browser", str(error), required_as="browser")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of its own that reaches this machine alone; whatever else a page asks for fails the test."""
    context = browser.new_context(locale="nl-NL")
    foreign: list[str] = []
    context.on("request", lambda request: None if request.url.startswith(OURS) else foreign.append(request.url))
    yield context.new_page()
    context.close()
    assert not foreign, f"the page asked a third party: {foreign}"
