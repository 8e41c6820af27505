"""Groups of tests that need a program of the machine: said in one line when it is missing, and failed on demand."""

from __future__ import annotations

import os
from collections import Counter
from typing import NoReturn

import pytest
from _pytest.terminal import TerminalReporter

REQUIRE = "NURTURE_TEST_REQUIRE"


def not_run(group: str, reason: str, *, required_as: str) -> NoReturn:
    """Leave the test out with one line at the end; with `required_as` in NURTURE_TEST_REQUIRE, fail it."""
    line = f"{group} tests not run: {reason}"
    if required_as in os.environ.get(REQUIRE, "").replace(" ", "").split(","):
        pytest.fail(f"{line} ({REQUIRE} asks for them)", pytrace=False)
    pytest.skip(line)


def report_not_run(reporter: TerminalReporter) -> None:
    """One line a reason, with the number of tests: nothing is left out silently."""
    reasons: Counter[str] = Counter()
    for report in reporter.stats.get("skipped", []):
        if isinstance(report.longrepr, tuple):
            reasons[str(report.longrepr[2]).removeprefix("Skipped: ")] += 1
    for reason, tests in sorted(reasons.items()):
        reporter.write_line(f"{reason} [{tests}]")


def report_summaries(reporter: TerminalReporter) -> None:
    """What tests noted with `record_property("summary", …)`, a line each."""
    for reports in (reporter.stats.get("passed", []), reporter.stats.get("failed", [])):
        for report in reports:
            for name, value in report.user_properties:
                if name == "summary":
                    reporter.write_line(str(value))
