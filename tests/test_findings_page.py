"""docs/meldingen.md explains every finding that the code can raise, and no other; the rules speak Dutch."""

from __future__ import annotations

import ast
import re

from service.mail.names import allowed_names
from tests.support.finding_ids import raised_ids
from tests.support.house import ROOT

PAGE = (ROOT / "docs/meldingen.md").read_text(encoding="utf-8")
ENTRIES = re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]


def explained() -> list[str]:
    return [each for entry in ENTRIES for each in re.findall(r"`([^`]+)`", entry.partition("\n")[0])]


def test_every_finding_has_an_entry_and_every_entry_a_finding() -> None:
    raised = raised_ids()
    missing = {each: place for each, place in raised.items() if each not in explained()}
    assert missing == {}, "write an entry for these in docs/meldingen.md"
    assert sorted(explained()) == sorted(raised), "an entry twice, or one that nothing raises"


def test_every_entry_says_why_and_what_to_do_with_an_example() -> None:
    for entry in ENTRIES:
        for part in ("**Waarom.** ", "**Doen.** "):
            assert entry.count(part) == 1, entry
        assert "- Goed: " in entry or "mail.safety-missing" in entry, entry


def test_the_entry_for_an_unknown_name_lists_those_there_are() -> None:
    (entry,) = [each for each in ENTRIES if each.startswith("`mail.unknown-name`")]
    rows = [line.split("|")[1] for line in entry.splitlines() if line.startswith("| `")]
    assert sorted(re.findall(r"`([^`]+)`", "".join(rows))) == sorted(allowed_names("lead"))


def test_the_scan_finds_ids_written_out_put_together_and_handed_in() -> None:
    assert {"consent-reworded", "mail.unknown-name", "mail.claim", "content-yml", "window-empty"} <= set(raised_ids())


def test_every_rule_of_lint_says_what_it_found_in_dutch() -> None:
    files = [*sorted((ROOT / "service/mail").glob("lint_*.py")), *sorted((ROOT / "service/flows").glob("*l*_*.py"))]
    calls = [
        node
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"finding", "told"}
    ]
    assert len(calls) > 25
    assert all(len(call.args) >= {"finding": 4, "told": 5}[getattr(call.func, "id", "")] for call in calls)
