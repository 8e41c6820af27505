"""YAML of staff to plain data with the line of every key; what YAML can do beyond that is refused.

Nodes are walked here instead of being constructed: no tag can make an object, an alias cannot multiply, and each
key's line is at hand for the problems found later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from service.domain.reading import Path
from service.errors import Problem

LARGEST_FILE = 256 * 1024
_MOST_NODES = 20_000
_MOST_MARKS = 10_000
"""Line ends, commas, opening brackets: reading takes a second for so many, whatever they turn out to mean."""
_DEEPEST = 20
_TOO_BIG = "this is too much, nested too deeply, or refers to itself too often"
_TE_GROOT = "dit is te veel, zit te diep in elkaar, of verwijst te vaak naar zichzelf; schrijf het korter op"
_TAG = "tag:yaml.org,2002:"
_NO_SIGN = "this is no valid YAML: it holds a character that may not stand in it"
_GEEN_TEKEN = "dit is geen geldige YAML: er staat een teken in dat niet mag; haal het weg"

Scalar = str | int | float | bool | date | None
Data = Scalar | list["Data"] | dict[str, "Data"]


@dataclass(frozen=True, kw_only=True)
class YamlFile:
    """The plain data of one file (None when it cannot be read), the lines of its keys and items, and the problems."""

    data: Data
    lines: Mapping[Path, int]
    problems: tuple[Problem, ...]

    def line_of(self, path: Path) -> int | None:
        """The line (from 1) of the key or item at the path, or None where there is none."""
        return self.lines.get(path)


def read_yaml(text: str, file: str) -> YamlFile:
    """The data of a YAML text; every syntax problem is one sentence with its line."""
    if sum(map(text.count, "\n,[{")) > _MOST_MARKS:
        problem = Problem(id="yaml-too-big", message=_TOO_BIG, dutch=_TE_GROOT, file=file)
        return YamlFile(data=None, lines=MappingProxyType({}), problems=(problem,))
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except YAMLError as error:
        return _failed(file, *_told(error, text))
    except (RecursionError, ValueError):
        return _failed(
            file,
            "this is nested too deeply, or is no YAML; keep to keys, lists and texts",
            "dit zit te diep in elkaar, of is geen YAML; houd het bij sleutels, lijsten en teksten",
            None,
        )
    walk = _Walk(file)
    data = walk.plain(node, ()) if node is not None else None
    return YamlFile(data=data, lines=MappingProxyType(walk.lines), problems=tuple(walk.problems))


class _Walk:
    """One pass over the nodes of a file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[Path, int] = {}
        self.problems: list[Problem] = []
        self._visited = 0

    def plain(self, node: Node, path: Path) -> Data:
        """The node as plain data; notes its line unless its key has noted one."""
        self.lines.setdefault(path, node.start_mark.line + 1)
        self._visited += 1
        if len(path) > _DEEPEST or self._visited > _MOST_NODES:
            if not any(problem.id == "yaml-too-big" for problem in self.problems):
                told = (
                    (
                        "this is nested too deeply; write it with fewer lists inside lists",
                        "dit zit te diep in elkaar; schrijf het met minder lijsten in lijsten",
                    )
                    if len(path) > _DEEPEST
                    else (
                        "this holds too much, or refers to `&` by `*` too often; write out what `*` stands for",
                        "dit is te veel, of verwijst met `*` te vaak naar `&`; schrijf voluit wat je met `*` bedoelt",
                    )
                )
                top = self.lines.get(path[:1], node.start_mark.line + 1)  # an alias itself has no line
                self._add("yaml-too-big", node, *told, line=top if len(path) <= _DEEPEST else None)
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            self._check_tag(node, "seq")
            return [self.plain(each, (*path, position)) for position, each in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Data]:
        self._check_tag(node, "map")
        found: dict[str, Data] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self._add(
                    "yaml-odd-key",
                    key_node,
                    "a key must be a plain word; are there quotes missing round it?",
                    "een sleutel moet een gewoon woord zijn; ontbreken er aanhalingstekens omheen?",
                )
                continue
            key = str(key_node.value).strip()
            if "\0" in key:
                self._add("yaml-syntax", key_node, _NO_SIGN, _GEEN_TEKEN)
                continue
            if key == "<<":
                self._add(
                    "yaml-merge",
                    key_node,
                    "`<<` is not read here; write the keys out",
                    "`<<` lezen we hier niet; schrijf de sleutels voluit",
                )
                continue
            if key in found:
                first = self.lines[(*path, key)]
                self._add(
                    "yaml-repeated-key",
                    key_node,
                    f"`{key}` stands here twice (first in line {first}); keep one",
                    f"`{key}` staat hier twee keer (de eerste op regel {first}); laat er één staan",
                )
                continue
            self.lines[(*path, key)] = key_node.start_mark.line + 1
            found[key] = self.plain(value_node, (*path, key))
        return found

    def _scalar(self, node: Node) -> Scalar:
        text, kind = str(node.value), str(node.tag).removeprefix(_TAG)
        if "\0" in text:  # written as an escape; no database can keep it
            self._add("yaml-syntax", node, _NO_SIGN, _GEEN_TEKEN)
        if kind == "null":
            return None
        if kind == "bool":
            return {"true": True, "false": False}.get(text.lower(), text)
        if kind in {"int", "float", "timestamp"}:
            return _number_or_day(text, kind)
        self._check_tag(node, "str")
        return text

    def _check_tag(self, node: Node, expected: str) -> None:
        if str(node.tag) != _TAG + expected:
            tag = str(node.tag).removeprefix(_TAG)
            self._add(
                "yaml-tag", node, f"`{tag}` is not read here; leave it out", f"`{tag}` lezen we hier niet; laat het weg"
            )

    def _add(self, problem_id: str, node: Node, message: str, dutch: str, line: int | None = None) -> None:
        line = line or node.start_mark.line + 1
        self.problems.append(Problem(id=problem_id, message=message, dutch=dutch, file=self.file, line=line))


def _number_or_day(text: str, kind: str) -> Scalar:
    # what only looks like a number or a day stays text, and is told where it is used
    try:
        if kind == "timestamp":
            return date.fromisoformat(text)
        return int(text) if kind == "int" else float(text)
    except ValueError:
        return text


def _told(error: YAMLError, text: str) -> tuple[str, str, int | None]:
    if isinstance(error, MarkedYAMLError):
        unclosed = error.context == "while scanning a quoted scalar"
        mark = (error.context_mark if unclosed else None) or error.problem_mark or error.context_mark
        what = " ".join(str(error.problem or error.context or "it cannot be read").split())
        return (
            f"this is no valid YAML: {what}; check the indentation, colons and quotes",
            f"dit is geen geldige YAML: {_in_dutch(what)}",
            mark.line + 1 if mark else None,
        )
    return _NO_SIGN, _GEEN_TEKEN, text.count("\n", 0, error.position) + 1 if isinstance(error, ReaderError) else None


_READERS_WORDS = {
    "expected <block end>": "een regel springt te ver of te weinig in; laat hem gelijk staan met de regel erboven",
    "expected ',' or ']'": "een lijst met `[` mist een komma of de `]` aan het eind",
    "expected ',' or '}'": "een rijtje met `{` mist een komma of de `}` aan het eind",
    "mapping values are not allowed": "hier kan geen dubbele punt staan; zet de tekst tussen aanhalingstekens, "
    "en kijk of de regel even ver inspringt als die erboven",
    "could not find expected ':'": "achter een sleutel ontbreekt de dubbele punt",
    "character '\\t'": "er staat een tab; gebruik spaties",
    "cannot start any token": "een waarde kan niet met dit teken beginnen; zet de waarde tussen aanhalingstekens",
    "found unexpected end of stream": "een aanhalingsteken wordt nergens gesloten; zet er een achter de tekst",
    "but found another document": "er staat `---` in het bestand; laat die regel weg",
    "undefined alias": "`*` verwijst naar iets dat er niet is; zet de tekst tussen aanhalingstekens",
}
"""The YAML reader's own sentences, by a part of them, in words for staff."""


def _in_dutch(what: str) -> str:
    otherwise = "kijk naar het inspringen, de dubbele punten en de aanhalingstekens"
    return next((dutch for part, dutch in _READERS_WORDS.items() if part in what), otherwise)


def _failed(file: str, message: str, dutch: str, line: int | None) -> YamlFile:
    problem = Problem(id="yaml-syntax", message=message, dutch=dutch, file=file, line=line)
    return YamlFile(data=None, lines=MappingProxyType({}), problems=(problem,))
