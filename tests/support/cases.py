"""A run of everything gives PostgreSQL the first and the last case of each test; SQLite sees all of them.

Cases of one test differ in what is asked, hardly in what the database is asked: the whole of it on both engines takes a
third longer. Of a module marked `files`, whose tests are about files and pages, PostgreSQL sees the first test.
`EVERY_CASE=1 make test` runs all of it, and so does naming a file or a folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

ALL, ENDS = "EVERY_CASE", "TESTS_AT_THEIR_ENDS"  # what a person sets; what the processes of a run tell each other
LEFT = pytest.StashKey[int]()


def choose(config: pytest.Config) -> None:
    """Decide it once, before a run starts its processes."""
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS and not os.environ.get(ALL):
        os.environ[ENDS] = "1"


def thin_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the cases between the first and the last to SQLite, where that is chosen."""
    if not os.environ.get(ENDS):
        return
    on_both = {_test(each) for each in items if each.get_closest_marker("postgres") is None}
    tests: dict[str, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("postgres") is not None and _test(item) in on_both:
            tests.setdefault(_test(item), []).append(item)
    left = [item for cases in tests.values() for item in cases[1:-1]]
    left += _but_the_first(each for cases in tests.values() for each in cases if each.get_closest_marker("files"))
    known = set(left)
    items[:] = [item for item in items if item not in known]
    config.hook.pytest_deselected(items=list(known))
    config.stash[LEFT] = len(known)


def _but_the_first(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    by_file: dict[Path, list[pytest.Item]] = {}
    for each in items:
        by_file.setdefault(each.path, []).append(each)
    return [each for found in by_file.values() for each in found[1:]]


def report_left(reporter: pytest.TerminalReporter, counts: Sequence[int]) -> None:
    """One line: how many cases PostgreSQL did not see."""
    if any(counts):
        reporter.write_line(
            f"{max(counts)} cases ran on SQLite alone, all others on both; every case: {ALL}=1 make test"
        )


def _test(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]
