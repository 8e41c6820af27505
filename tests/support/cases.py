"""A run of everything gives PostgreSQL the first case of each test; SQLite sees all of them.

Cases of one test differ in what is asked, hardly in what the database is asked: the whole of it on both engines takes a
third longer. Of what is about pages, words, commands and mail that comes in PostgreSQL sees every fifth of those; of
modules marked `files`, which are about files and their pages, every fifteenth. `EVERY_CASE=1 make test` runs all of it,
and so does naming a file or a folder.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Literal

import pytest
from _pytest.mark.structures import ParameterSet

ALL, EVERYTHING = "EVERY_CASE", "TESTS_OF_EVERYTHING"  # what a person sets; what the processes of a run tell each other
LEFT = pytest.StashKey[int]()
PAGES = ("browser", "cli", "e2e", "web")
"""What is tested there is pages, words and commands."""
LEDGER = frozenset(
    {
        *("e2e/test_acceptance.py", "e2e/test_life.py", "e2e/test_stopping.py"),
        *("web/test_caps.py", "web/test_confirm.py", "web/test_durability.py", "web/test_flood.py"),
        *("web/test_mail_webhooks.py", "web/test_opt_ins.py", "web/test_unsubscribe.py", "web/test_webhooks.py"),
    }
)
"""But in these it is who may get mail, and what is written before an answer: PostgreSQL sees them as the others."""
ASIDE = frozenset(
    f"flows/test_{name}.py"
    for name in (
        *("addresses_back", "again", "alerts", "at_the_server", "away", "backlog", "booking", "booking_events"),
        *("carried", "pauses", "rates", "replies", "restoring", "retention", "erase_proof"),
        *("channel", "consent_texts", "desk_mails", "doctor", "doctor_web", "editors_urls", "export"),
        *("form_tokens", "kept_in_the_mailbox", "lead_report", "mail_news", "mailboxes", "media", "new_topic"),
        *("overrides", "publish_plan", "publishing", "respacing", "results", "revisions", "send_limits"),
        *("self_test", "signed_mail", "simulation", "staff_restored", "staff_throttle", "weekly_mail"),
        *("copying", "taking_back"),  # from SQLite to PostgreSQL all of it; the other way few ever go
    )
)
"""And of the flows these stand beside the ledger: days, plans, files, reports, mailboxes, certificates, looks."""
EVERY, FEW = 5, 15


def choose(config: pytest.Config) -> None:
    """Decide it once, before a run starts its processes."""
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS and not os.environ.get(ALL):
        os.environ[EVERYTHING] = "1"


def of_everything() -> bool:
    """Is this a run of everything, in which a long test shows less than it does where it is asked for by name?"""
    return bool(os.environ.get(EVERYTHING))


def engines(enough: Literal["sqlite", "postgres"]) -> list[ParameterSet]:
    """For a long test: the one engine that is enough in a run of everything, both where it is asked for by name."""
    both = {"sqlite": pytest.param("sqlite"), "postgres": pytest.param("postgres", marks=pytest.mark.postgres)}
    return [both[enough]] if of_everything() else list(both.values())


def examples(number: int) -> int:
    """How many examples of a property that takes long: a third of them in a run of everything."""
    return -(-number // 3) if of_everything() else number


def thin_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the rest to SQLite, where that is chosen."""
    if not of_everything():
        return
    on_both = {_test(each) for each in items if each.get_closest_marker("postgres") is None}
    tests: dict[str, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("postgres") is not None and _test(item) in on_both:
            tests.setdefault(_test(item), []).append(item)
    left = [item for cases in tests.values() for item in cases[1:]]
    alike: dict[tuple[str, int], list[pytest.Item]] = {}
    for first, *_ in tests.values():
        alike.setdefault(_kind(first), []).append(first)
    for (_, every), found in alike.items():
        left += [each for number, each in enumerate(found) if number % every]
    known = set(left)
    items[:] = [item for item in items if item not in known]
    config.hook.pytest_deselected(items=list(known))
    config.stash[LEFT] = len(known)


def _kind(item: pytest.Item) -> tuple[str, int]:
    """What it is about, and of how many tests about the same PostgreSQL sees one; of the ledger all."""
    file = _file(item)
    folder = file.partition("/")[0]
    if item.get_closest_marker("files"):
        return "files", FEW
    if file in ASIDE:
        return "aside", EVERY
    return (folder, EVERY) if folder in PAGES and file not in LEDGER else (file, 1)


def report_left(reporter: pytest.TerminalReporter, counts: Sequence[int]) -> None:
    """One line: how many cases PostgreSQL did not see."""
    if any(counts):
        reporter.write_line(
            f"{max(counts)} cases ran on SQLite alone, all others on both; every case: {ALL}=1 make test"
        )


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0].removeprefix("tests/")


def _test(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]
