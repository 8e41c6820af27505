"""Changing a YAML file of staff where it must change and nowhere else: the text is cut, never written anew.

Comments, blank lines, quotes and order outside the cut keep their very bytes, so a change and its reverse give the file
as it was. What is written in a way that cannot be cut safely is refused: OddlyWrittenError.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from service.domain.reading import Path
from service.errors import RefusedError
from service.flows.content_yaml import Data

_PLAIN = re.compile(r"[^\W\d_][\w -]*|\d{1,5} [a-z]+(?: [a-z]+)?|\d\d:\d\d")
_NOT_PLAIN = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_Pair = tuple[ScalarNode, Node]


class OddlyWrittenError(RefusedError):
    """The file means what it should, and is written so that only a person can change it."""

    code = "oddly-written"

    def __init__(self) -> None:
        super().__init__(
            "this file is written in a way that a form cannot change; change it as text",
            "Dit bestand is zo geschreven dat een formulier het niet kan wijzigen. Wijzig het als tekst.",
        )


@dataclass(frozen=True, kw_only=True)
class _Span:
    """The lines of one item of a list: `lead` is where the comment right above it begins; `last` is its own last, with
    the comments within it."""

    lead: int
    first: int
    last: int


def put(text: str, path: Path, values: Mapping[str, Data], order: Sequence[str]) -> str:
    """The text with these keys of the mapping at the path set; None takes a key away. New keys take their place in
    `order`. What takes the place of another key stands where that one stood."""
    gone = [key for key, value in values.items() if value is None]
    new = [key for key, value in values.items() if value is not None and key not in _keys(_at(text, path))]
    for key, value in values.items():
        node = _at(text, path)
        if key in new:
            instead = next((each for each in gone if {each, key} == {"template", "variants"}), None)
            text = _renamed(text, node, instead, key, value) if instead else _added(text, node, key, value, order)
            gone = [each for each in gone if each != instead]
        elif key not in gone and value is not None:
            text = _replaced(text, node, key, value)
    for key in gone:
        if key in _keys(_at(text, path)):
            text = _taken(text, _at(text, path), key)
    return text


def swapped(text: str, path: Path, position: int) -> str:
    """The text with this item of the list behind the next one, each with the comment above it."""
    spans, lines = _spans(text, path), text.split("\n")
    one, other = spans[position], spans[position + 1]
    between = lines[one.last + 1 : other.lead]
    return "\n".join(
        lines[: one.lead]
        + lines[other.lead : other.last + 1]
        + between
        + lines[one.lead : one.last + 1]
        + lines[other.last + 1 :]
    )


def inserted(text: str, path: Path, after: int, values: Mapping[str, Data]) -> str:
    """The text with a new item behind this one of the list, set apart as the others are."""
    spans, lines = _spans(text, path), text.split("\n")
    apart = len(spans) == 1 or any(
        not line.strip() for one, other in pairwise(spans) for line in lines[one.last : other.first]
    )
    head = lines[spans[after].first]
    dash = head.index("-")
    column = len(head) - len(head[dash + 1 :].lstrip())
    written = [f"{key}: {flow(value)}" for key, value in values.items()]
    item = [" " * dash + "-" + " " * (column - dash - 1) + written[0], *(" " * column + each for each in written[1:])]
    end = spans[after].last + 1
    return "\n".join(lines[:end] + [""] * apart + item + lines[end:])


def removed(text: str, path: Path, position: int) -> str:
    """The text without this item of the list, the comment right above it, and the blank lines before that."""
    spans, lines = _spans(text, path), text.split("\n")
    span = spans[position]
    start = span.lead
    if position and not any(line.strip() for line in lines[spans[position - 1].last + 1 : span.lead]):
        start = spans[position - 1].last + 1
    return "\n".join(lines[:start] + lines[span.last + 1 :])


def without_key(text: str, path: Path) -> str:
    """The text without the key at the end of the path, its lines, and the blank lines before them."""
    return _taken(text, _at(text, path[:-1]), str(path[-1]), blank=True)


def flow(value: Data) -> str:
    """A value on one line, as people write it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(each) for each in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _scalar(value) if isinstance(value, str) else str(value)


def _scalar(value: str, style: str | None = None) -> str:
    """In the quotes it had; in double ones where YAML could take it for something else, and for times of day."""
    if style == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    safe = _PLAIN.fullmatch(value) and value == value.strip() and value.lower() not in _NOT_PLAIN
    if style != '"' and safe and (":" not in value or style == ""):
        return value
    return json.dumps(value, ensure_ascii=False)


def _at(text: str, path: Path) -> Node:
    """The node at a path. One that stands in two places (`&`, `*`) cannot be changed in one."""
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except YAMLError as error:  # an earlier cut left what cannot be read any more
        raise OddlyWrittenError from error
    _refuse_shared(root, set())
    node: Node | None = root
    for part in path:
        if isinstance(node, MappingNode):
            node = next((value for key, value in node.value if str(key.value) == part), None)
        elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
        else:
            node = None
    if node is None:
        raise OddlyWrittenError
    return node


def _refuse_shared(node: Node | None, seen: set[int]) -> None:
    if node is None or getattr(node, "anchor", None) or id(node) in seen:
        raise OddlyWrittenError
    seen.add(id(node))
    if isinstance(node, MappingNode | SequenceNode):
        for each in node.value:
            for part in each if isinstance(each, tuple) else (each,):
                _refuse_shared(part, seen)


def _pairs(node: Node) -> list[_Pair]:
    if not isinstance(node, MappingNode) or not all(isinstance(key, ScalarNode) for key, _ in node.value):
        raise OddlyWrittenError
    return list(node.value)


def _in_line(node: Node) -> bool:
    return isinstance(node, CollectionNode) and bool(node.flow_style)


def _keys(node: Node) -> list[str]:
    return [str(key.value) for key, _ in _pairs(node)]


def _pair(node: Node, key: str) -> _Pair:
    found = next((each for each in _pairs(node) if str(each[0].value) == key), None)
    if found is None:
        raise OddlyWrittenError
    return found


def _behind_colon(text: str, key: Node) -> int:
    return text.index(":", int(key.end_mark.index)) + 1


def _pair_end(text: str, pair: _Pair) -> int:
    """Where a key with its value ends. The mark of a value that is not there stands at whatever comes next."""
    key, value = pair
    nothing = value.start_mark.index == value.end_mark.index
    return _behind_colon(text, key) if nothing else _end(text, value)


def _end(text: str, node: Node) -> int:
    """Where what the node says ends: a block's own mark stands behind the comments that follow it."""
    if isinstance(node, MappingNode | SequenceNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _pair_end(text, last) if isinstance(last, tuple) else _end(text, last)
    end = int(node.end_mark.index)
    while end > node.start_mark.index and text[end - 1] in " \r\n":
        end -= 1
    return end


def _replaced(text: str, node: Node, key: str, value: Data) -> str:
    pair = found, old = _pair(node, key)
    start, end = int(old.start_mark.index), _pair_end(text, pair)
    style = (old.style or "") if isinstance(old, ScalarNode) and start < end else None
    new = _scalar(value, style) if isinstance(value, str) else flow(value)
    if start >= end or old.start_mark.line != found.start_mark.line:
        start, new = _behind_colon(text, found), f" {new}"
    return text[:start] + new + text[end:]


def _renamed(text: str, node: Node, old: str, key: str, value: Data) -> str:
    pair = _pair(node, old)
    return text[: pair[0].start_mark.index] + f"{key}: {flow(value)}" + text[_pair_end(text, pair) :]


def _added(text: str, node: Node, key: str, value: Data, order: Sequence[str]) -> str:
    pairs = _pairs(node)
    if not pairs:
        raise OddlyWrittenError
    written = f"{key}: {flow(value)}"
    if _in_line(node):
        end = _pair_end(text, pairs[-1])
        return f"{text[:end]}, {written}{text[end:]}"
    before = order[: order.index(key)]
    first = pairs[0]
    after = next((pair for pair in reversed(pairs) if str(pair[0].value) in before), first)
    end = text.find("\n", _pair_end(text, after))
    end = len(text) if end < 0 else end
    return f"{text[:end]}\n{' ' * first[0].start_mark.column}{written}{text[end:]}"


def _taken(text: str, node: Node, key: str, *, blank: bool = False) -> str:
    pairs = _pairs(node)
    position = [str(each.value) for each, _ in pairs].index(key)
    found = pairs[position][0]
    if len(pairs) == 1:
        raise OddlyWrittenError
    if _in_line(node):
        if position:
            return text[: _pair_end(text, pairs[position - 1])] + text[_pair_end(text, pairs[position]) :]
        return text[: found.start_mark.index] + text[pairs[1][0].start_mark.index :]
    lines = text.split("\n")
    first, last = int(found.start_mark.line), text.count("\n", 0, _pair_end(text, pairs[position]))
    if lines[first][: found.start_mark.column].strip():
        raise OddlyWrittenError  # it shares its line with the dash of the list
    top = int(node.start_mark.line)
    while blank and first > top and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    while blank and first > top and not lines[first - 1].strip():
        first -= 1
    return "\n".join(lines[:first] + lines[last + 1 :])


def _spans(text: str, path: Path) -> list[_Span]:
    node = _at(text, path)
    if not isinstance(node, SequenceNode) or node.flow_style:
        raise OddlyWrittenError
    lines, found = text.split("\n"), list[_Span]()
    top = text.count("\n", 0, int(_key_of(text, path).end_mark.index))
    for item in node.value:
        first = int(item.start_mark.line)
        if lines[first][: item.start_mark.column].strip() != "-":
            raise OddlyWrittenError
        lead, above = first, found[-1].last if found else top
        while lead - 1 > above and lines[lead - 1].lstrip().startswith("#"):
            lead -= 1
        last, dash = text.count("\n", 0, _end(text, item)), lines[first].index("-")
        while last + 1 < len(lines) and _is_comment_within(lines[last + 1], dash):
            last += 1
        found.append(_Span(lead=lead, first=first, last=last))
    return found


def _is_comment_within(line: str, dash: int) -> bool:
    """A comment that stands further in than the dash of an item belongs to that item: often a key, out for a while."""
    told = line.lstrip()
    return told.startswith("#") and len(line) - len(told) > dash


def _key_of(text: str, path: Path) -> Node:
    return next(key for key, _ in _pairs(_at(text, path[:-1])) if str(key.value) == path[-1])
