"""Changing `practice.yaml` for somebody: only the values asked about, every comment and blank line kept."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import ScalarString

from service.domain.practice import parse_practice
from service.errors import Problem, ProblemsError
from service.flows.content_yaml import read_yaml

FILE = "practice.yaml"
FACTS: Mapping[str, str] = {
    "name": "Name of the practice",
    "address": "Street, number, postcode and town, on one line",
    "kvk": "KvK number",
    "phone": "Phone number",
    "email": "E-mail address of the practice",
    "staff": "Who gets answers of leads and requests for a pain check (addresses, with commas)",
    "privacy_url": "Web address of your privacy page",
    "links.article": "Web address of the article with the form",
    "pain_check.price": "Price of a pain check",
    "pain_check.duration": "How long a pain check takes",
    "pain_check.location": "Where a pain check is",
}
"""What is asked, in this order: a path in the file, and the question."""
MADE_UP = ("address", "kvk", "phone", "email", "staff", "privacy_url", "links.article", "pain_check.location")
"""While one of these is as it was shipped, the file keeps its `placeholder: true`."""


def facts(text: str) -> dict[str, str]:
    """The present answers; lists with commas. Raises ProblemsError for a file that cannot be read at all."""
    return _facts(_load(text))


def with_facts(text: str, answers: Mapping[str, str]) -> str:
    """The file with these answers in place of its own.

    Once none of the made-up facts is left, `placeholder` becomes false.
    """
    document = _load(text)
    before, made_up = _facts(document), _made_up(document, answers)
    for path, answer in answers.items():
        if answer != before[path]:
            _put(document, path, answer)
    if document.get("placeholder") and not made_up:
        document["placeholder"] = False
    written = io.StringIO()
    _yaml().dump(document, written)
    return written.getvalue()


def still_made_up(text: str, answers: Mapping[str, str]) -> list[str]:
    """Which facts are as they were shipped, where the file says that its facts are made up."""
    return _made_up(_load(text), answers)


def problem_with(text: str, path: str, answer: str) -> str | None:
    """Why this answer cannot stand in the file, in words for the question that asked for it; None when it can."""
    known = {problem.message for problem in _problems(text)}
    found = _problems(with_facts(text, {path: answer}))
    return next((problem.at_field("en") for problem in found if problem.message not in known), None)


def _problems(text: str) -> Sequence[Problem]:
    yaml = read_yaml(text, FILE)
    return yaml.problems or parse_practice(yaml.data, yaml.line_of, FILE)[1]


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4_096  # no line of staff is broken in two
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _load(text: str) -> CommentedMap:
    syntax = read_yaml(text, FILE).problems
    if syntax:
        raise ProblemsError(syntax)
    document = _yaml().load(text)
    if not isinstance(document, CommentedMap):
        raise ProblemsError([Problem(id="content-wrong-shape", file=FILE, message="this must be keys with values")])
    return document


def _find(document: CommentedMap, path: str) -> object:
    found: object = document
    for key in path.split("."):
        found = found.get(key) if isinstance(found, CommentedMap) else None
    return found


def _facts(document: CommentedMap) -> dict[str, str]:
    return {path: _told(_find(document, path)) for path in FACTS}


def _made_up(document: CommentedMap, answers: Mapping[str, str]) -> list[str]:
    if not document.get("placeholder"):
        return []
    before = _facts(document)
    return [path for path in MADE_UP if answers.get(path, before[path]) == before[path]]


def _told(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _put(document: CommentedMap, path: str, answer: str) -> None:
    *above, key = path.split(".")
    parent = document
    for each in above:
        parent = parent.setdefault(each, CommentedMap())
    old = parent.get(key)
    if path == "staff":
        _put_list(parent, key, [each for part in answer.split(",") if (each := part.strip())])
    else:
        parent[key] = type(old)(answer) if isinstance(old, ScalarString) else answer


def _put_list(parent: CommentedMap, key: str, values: list[str]) -> None:
    old = parent.get(key)
    if not isinstance(old, CommentedSeq):
        parent[key] = values
        return
    # The blank line and the comment behind a list hang on its last item.
    behind = old.ca.items.pop(len(old) - 1, None)
    old[:] = values
    if behind is not None and values:
        old.ca.items[len(values) - 1] = behind
