"""Whoever reads the log of what staff did in Dutch reads every action and detail in Dutch."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from service.domain.audit_words import DUTCH, DUTCH_DETAILS
from tests.support.running import ROOT


def entries() -> Iterator[ast.Call]:
    """Each place in the code where an entry is written."""
    for file in (ROOT / "service").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "audit":
                yield node


def test_every_action_has_its_words() -> None:
    actions = {each.value for call in entries() for each in call.args[2:3] if isinstance(each, ast.Constant)}
    assert {"lead exported", "database copied"} <= actions
    assert actions - DUTCH.keys() == set()


def test_every_detail_has_its_words() -> None:
    named = {each.arg for call in entries() for each in call.keywords if each.arg is not None}
    assert "lead" in named
    assert named - DUTCH_DETAILS.keys() == set()
