"""Changing `practice.yaml` from a page: what was changed and no byte more, and what is wrong told at its field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from service.domain.practice import Practice, parse_practice
from service.domain.reading import WEEKDAYS, Path
from service.errors import Problem, RefusedError
from service.flows import yaml_edits
from service.flows.content_yaml import Data, YamlFile, read_yaml

FILE = "practice.yaml"
Kind = Literal["line", "lines", "days", "choice"]
FACTS: Mapping[str, Kind] = MappingProxyType(
    {
        "name": "line",
        "address": "line",
        "kvk": "line",
        "phone": "line",
        "email": "line",
        "logo": "line",
        "staff": "lines",
        "opening_days": "days",
        "booking.kind": "choice",
        "booking.url": "line",
        "pain_check.price": "line",
        "pain_check.duration": "line",
        "pain_check.location": "line",
        "pain_check.reimbursement": "line",
        "pain_check.bring": "line",
        "pain_check.cancellation": "line",
        "privacy_url": "line",
        "links.article": "line",
        "links.video_hollow": "line",
        "links.video_flat": "line",
        "protected_titles": "lines",
    }
)
"""What can be changed on a page, in this order: a path in the file, and how it is asked for."""
SHIPPED: Mapping[str, str] = MappingProxyType(
    {
        "address": "Voorbeeldstraat 1, 1234 AB Voorbeeldstad",
        "kvk": "00000000",
        "phone": "020 000 00 00",
        "email": "praktijk@solidperformance.example",
        "staff": "praktijk@solidperformance.example",
        "privacy_url": "https://solidperformance.example/privacy",
        "links.article": "https://solidperformance.example/artikel",
        "pain_check.location": "Voorbeeldstraat 1, Voorbeeldstad",
    }
)
"""The made-up facts of the file as it comes: what is still so stands in for the practice's own."""
_TOGETHER = ("booking.kind", "booking.url")


def facts(text: str) -> dict[str, tuple[str, ...]]:
    """What the file says now: one text for most facts, several for lists. Empty where it says nothing."""
    return {path: _told(_at(text, path)) for path in FACTS}


def still_made_up(text: str) -> frozenset[str]:
    """The facts that are as they came, where the file says that it holds made-up ones."""
    if _at(text, "placeholder") is not True:
        return frozenset()
    now = facts(text)
    return frozenset(path for path, made_up in SHIPPED.items() if now[path] == (made_up,))


def with_facts(text: str, answers: Mapping[str, Sequence[str]]) -> str:
    """The file with these facts in place of its own. Once none of the made-up ones is left, it says so too.

    Raises RefusedError where the file is written in a way that only a person can change.
    """
    before = facts(text)
    for path, answer in answers.items():
        if tuple(answer) != before[path]:
            text = _with_fact(text, path, answer)
    if _at(text, "placeholder") is True and not still_made_up(text):
        text = yaml_edits.with_switch(text, ("placeholder",), on=False)
    return text


def problems(text: str, answers: Mapping[str, Sequence[str]]) -> dict[str, Problem]:
    """What each of these answers would be refused for, by its path; those the file has already are not told again."""
    before = facts(text)
    changed = {path: answer for path, answer in answers.items() if tuple(answer) != before[path]}
    found: dict[str, Problem] = {}
    for path in changed:
        together = {each: changed[each] for each in (_TOGETHER if path in _TOGETHER else (path,)) if each in changed}
        problem = _new_problem(text, with_facts(text, together))
        if problem is not None:
            found[path] = problem
    return found


def read(text: str) -> tuple[Practice | None, Sequence[Problem]]:
    """The practice that the file describes, or None, and all that is wrong with it."""
    yaml = _parsed(text)
    if yaml.problems:
        return None, yaml.problems
    return parse_practice(yaml.data, yaml.line_of, FILE)


def new_problem(before: str, after: str) -> Problem | None:
    """The first thing wrong with the file that was not wrong before; None where there is none."""
    return _new_problem(before, after)


def _new_problem(before: str, after: str) -> Problem | None:
    known = {problem.message for problem in read(before)[1]}
    return next((problem for problem in read(after)[1] if problem.message not in known), None)


def _with_fact(text: str, path: str, answer: Sequence[str]) -> str:
    keys = _keys(path)
    if FACTS[path] in {"line", "choice"}:
        return yaml_edits.with_text(text, keys, answer[0] if answer else "")
    there = _at(text, path)
    old = list(map(_line, there)) if isinstance(there, list) else []
    wanted = sorted(answer, key=_day_order) if FACTS[path] == "days" else list(answer)
    return yaml_edits.with_items(
        text, keys, [old.index(each) if each in old else yaml_edits.item(each) for each in wanted]
    )


def _day_order(day: str) -> int:
    known: Sequence[str] = WEEKDAYS
    if day not in known:
        raise RefusedError("there is no such day", "Die dag bestaat niet.")
    return known.index(day)


@lru_cache(maxsize=8)
def _parsed(text: str) -> YamlFile:
    """Kept, for a page asks for one fact after the other."""
    return read_yaml(text, FILE)


def _keys(path: str) -> Path:
    return tuple(path.split("."))


def _at(text: str, path: str) -> Data:
    found: Data = _parsed(text).data
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _told(value: Data) -> tuple[str, ...]:
    """As the field of a form brings it back: what nobody changed there is not written anew."""
    lines = map(_line, value) if isinstance(value, list) else [_line(value)]
    return tuple(filter(None, lines))


def _line(value: Data) -> str:
    return "" if value is None else " ".join(str(value).split())
