"""The id of every `Problem` that the code can raise, read from its syntax: nobody has to keep a list.

An id is a text, a text with a prefix (`f"mail.{key}"`), or handed in by whoever calls the function; then the calls are
followed, in the same file for a private function and anywhere for another (from there no further). What comes from
`problem_id(NAME)` is one family: the settings.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support.house import ROOT

SETTINGS = "setting-…"
"""Stands for all ids that are made of the name of a setting."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True)
class _Call:
    file: Path
    node: ast.Call
    inside: _Function | None


@cache
def raised_ids(folder: Path = ROOT / "service") -> dict[str, str]:
    """Each id with one place that raises it. AssertionError for a place whose ids cannot be told."""
    calls = [call for file in sorted(folder.rglob("*.py")) for call in _calls(file)]
    by_name: dict[str, list[_Call]] = {}
    for call in calls:
        by_name.setdefault(_called(call.node), []).append(call)
    found: dict[str, str] = {}
    for call in by_name.get("Problem", []):
        value = next((keyword.value for keyword in call.node.keywords if keyword.arg == "id"), None)
        if value is not None:
            for each in _ids(value, call, by_name, 0):
                found.setdefault(each, f"{call.file.relative_to(ROOT)}:{call.node.lineno}")
    return found


def _ids(value: ast.expr, call: _Call, by_name: Mapping[str, list[_Call]], depth: int) -> Iterator[str]:
    place = f"{call.file.relative_to(ROOT)}:{call.node.lineno}"
    assert depth < 6, f"{place}: the id comes from too far away"
    match value:
        case ast.Constant(value=str() as text):
            yield text
        case ast.Attribute(attr="id"):
            pass  # a problem told once more
        case ast.Call() if _called(value) == "problem_id":
            yield SETTINGS
        case ast.JoinedStr():
            prefix = "".join(str(part.value) for part in value.values if isinstance(part, ast.Constant))
            (hole,) = [part.value for part in value.values if isinstance(part, ast.FormattedValue)]
            yield from (prefix + each for each in _ids(hole, call, by_name, depth))
        case ast.Name(id=name) if call.inside is not None and name in _parameters(call.inside):
            yield from _handed_in(name, call, by_name, depth)
        case ast.IfExp():
            yield from _ids(value.body, call, by_name, depth)
            yield from _ids(value.orelse, call, by_name, depth)
        case _:
            raise AssertionError(f"{place}: cannot tell which id this is; write it out, or hand it in as a text")


def _handed_in(name: str, call: _Call, by_name: Mapping[str, list[_Call]], depth: int) -> Iterator[str]:
    assert call.inside is not None
    function = call.inside
    for other in by_name.get(function.name, []):
        elsewhere = function.name.startswith("_") and other.file != call.file
        if elsewhere or not _fits(other.node, function):
            continue
        value = _argument(other.node, function, name)
        if value is None:
            continue
        if _is_chosen(value) or (other.file == call.file and _is_parameter(value, other)):
            yield from _ids(value, other, by_name, depth + 1)


def _fits(call: ast.Call, function: _Function) -> bool:
    """Whether the call hands in all that is needed: many things are called `add`."""
    needed = [each.arg for each in function.args.args if each.arg not in {"self", "cls"}]
    needed = needed[: len(needed) - len(function.args.defaults)]
    spread = any(isinstance(each, ast.Starred) for each in call.args)
    return spread or len(call.args) + len(call.keywords) >= len(needed)


def _is_chosen(value: ast.expr) -> bool:
    """A text, or one of several by a condition."""
    if isinstance(value, ast.IfExp):
        return _is_chosen(value.body) and _is_chosen(value.orelse)
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _is_parameter(value: ast.expr, call: _Call) -> bool:
    return isinstance(value, ast.Name) and call.inside is not None and value.id in _parameters(call.inside)


def _argument(call: ast.Call, function: _Function, name: str) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    names = [each.arg for each in function.args.args if each.arg not in {"self", "cls"}]
    position = names.index(name) if name in names else len(call.args)
    return call.args[position] if position < len(call.args) else None


def _parameters(function: _Function) -> set[str]:
    return {each.arg for each in (*function.args.args, *function.args.kwonlyargs)}


def _called(call: ast.Call) -> str:
    return str(getattr(call.func, "id", getattr(call.func, "attr", "")))


def _calls(file: Path) -> Iterator[_Call]:
    def walk(node: ast.AST, inside: _Function | None) -> Iterator[_Call]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Call):
                yield _Call(file=file, node=child, inside=inside)
            yield from walk(child, child if isinstance(child, _Function) else inside)

    yield from walk(ast.parse(file.read_text(encoding="utf-8")), None)
