"""docs/acceptance.md against the tests it names."""

from __future__ import annotations

import re

import pytest

from tests.support.house import ROOT

ROWS = [line for line in (ROOT / "docs/acceptance.md").read_text(encoding="utf-8").splitlines() if line[:2] == "| "]
NAMED = re.compile(r"`((?:[\w/]+\.py)?)(?:::(\w+))?`")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:40].partition(" |")[0])
def test_every_test_it_names_exists(row: str) -> None:
    file = ""
    for named, test in NAMED.findall(row.rpartition(" | ")[2]):
        file = named or file
        source = (ROOT / "tests" / file).read_text(encoding="utf-8")
        assert not test or f"\ndef {test}(" in source, f"{file} has no {test}"


def test_every_row_is_shown_by_something() -> None:
    shown = [row for row in ROWS if not row.startswith(("| line |", "| what |"))]
    assert len(shown) > 35
    assert all(re.search(r"`[\w/]*test_\w+\.py|`make bench`", row.rpartition(" | ")[2]) for row in shown)
