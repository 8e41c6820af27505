"""docs/deliverability.md lists everything that doctor may say, and nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.support.house import ROOT

PAGE = (ROOT / "docs/deliverability.md").read_text(encoding="utf-8")
LISTED = [each for row in re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE) for each in re.findall(r"`([^`]+)`", row)]


def _ids() -> Iterator[str]:
    """As patterns: what is filled in later may be anything."""
    for file in sorted((ROOT / "service/flows").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding":
                (value,) = [keyword.value for keyword in node.keywords if keyword.arg == "id"]
                parts = value.values if isinstance(value, ast.JoinedStr) else [value]
                yield "".join(re.escape(str(p.value)) if isinstance(p, ast.Constant) else r"\S+" for p in parts)


def test_every_finding_of_doctor_is_listed() -> None:
    ids = sorted(set(_ids()))
    assert len(ids) > 40
    assert [each for each in ids if not any(re.fullmatch(each, name) for name in LISTED)] == []


def test_no_finding_is_listed_that_doctor_cannot_have() -> None:
    written_out = [each for each in _ids() if each != r"\S+"]
    composed = {"setting-…", "mail", "mail-fallback", "bounce-mailbox", "reply-mailbox"}
    assert [
        name for name in LISTED if name not in composed and not any(re.fullmatch(each, name) for each in written_out)
    ] == []
    assert sorted(set(LISTED)) == sorted(LISTED), "listed twice"
