"""Changing values in a YAML file of staff: the bytes of all else, comments and blank lines too, stay as they are.

What was changed and is changed back gives the same bytes again: a value keeps the quotes it has, and gets new ones only
where it could not stand without.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from ruamel.yaml import YAML
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from service.domain.reading import Path
from service.errors import ProblemsError, RefusedError
from service.flows.content_yaml import Data, read_yaml

_ELSEWHERE_A_SWITCH = frozenset({"yes", "no", "on", "off", "y", "n"})
_NARROWEST = 2  # blanks of one more level


def with_text(text: str, path: Path, value: str) -> str:
    """The file with this text at the path; the key is added where it is missing."""
    return _set(text, path, value, value)


def with_switch(text: str, path: Path, *, on: bool) -> str:
    """The file with `true` or `false` at the path."""
    return _set(text, path, "true" if on else "false", on)


def with_items(text: str, path: Path, items: Sequence[int | str], *, in_lines: bool = False) -> str:
    """The file with another list at the path. A number keeps the item of that place, as it is written; a text is a new
    item, as YAML. `in_lines`: a list that was empty gets a line for each.
    """
    root, node = _root(text), _find(_root(text), path)
    if node is not None and not isinstance(node, SequenceNode) and not _is_nothing(node):
        raise _by_hand()
    old = list(node.value) if isinstance(node, SequenceNode) else []
    written = [text[_from(old[each]) : _to(text, old[each])] if isinstance(each, int) else each for each in items]
    if list(items) == list(range(len(old))):
        return text
    if node is None:
        return _sound(text, _added(text, root, path, f"[{', '.join(written)}]"))
    if isinstance(node, SequenceNode) and node.flow_style and (old or not in_lines):
        if "#" in _between(text, node):
            raise _by_hand()  # a comment, of an item that may go or get another place
        return _sound(text, _spliced(text, _from(node), _to(text, node), f"[{', '.join(written)}]"))
    if not old:
        return _sound(text, _first_lines(text, node, path, written))
    return _sound(text, _in_slots(text, path, old, items))


def item(value: str) -> str:
    """A text as an item of a list, as YAML: as it is where it can be, else in quotes."""
    return value if _is_plain(value, in_list=True) else _quoted(value)


def _set(text: str, path: Path, value: str, meant: Data) -> str:
    root = _root(text)
    node = _find(root, path)
    if node is None:
        written = value if isinstance(meant, bool) else item(value)
        return _sound(text, _added(text, root, path, written))
    if not isinstance(node, ScalarNode):
        raise _by_hand()
    if _data_at(text, path) == meant:
        return text
    written = value if isinstance(meant, bool) else _in_the_style_of(node, value, in_list=_is_in_list(root, path))
    begin, end = _from(node), _to(text, node)
    if _is_nothing(node):  # its mark stands at whatever comes next
        begin = end = _behind_colon(text, _key_of(root, path))
        written = f" {written}"
    changed = _sound(text, _spliced(text, begin, end, written))
    if _data_at(changed, path) != meant:
        raise _by_hand()
    return changed


def _in_the_style_of(node: ScalarNode, value: str, *, in_list: bool) -> str:
    """In double quotes where it was; in single ones where it needs some, or was in them without need."""
    old = str(node.value)
    if node.style == '"' or "\n" in value or not value.isprintable():
        return _quoted(value)
    if node.style == "'" and _is_plain(old, in_list=in_list):
        return _single(value)
    if _is_plain(value, in_list=in_list):
        return value
    return _single(value) if value or node.style == "'" else '""'


def _single(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _quoted(value: str) -> str:
    """In double quotes, each sign that YAML would take for the end of a line written out."""
    written = json.dumps(value, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in written)


def _is_plain(value: str, *, in_list: bool) -> bool:
    """Does it mean the same text without any quotes, behind a key; and, where it is in one, between brackets?"""
    if not value or not value.isprintable() or value.lower() in _ELSEWHERE_A_SWITCH:
        return False
    meant: dict[str, Data] = {f"a: {value}": {"a": value}}
    if in_list:
        meant[f"[{value}]"] = [value]
    return all(not (found := read_yaml(text, "")).problems and found.data == data for text, data in meant.items())


def _is_in_list(root: Node, path: Path) -> bool:
    """Is it written between brackets or braces, where a comma ends it?"""
    above = (_find(root, path[:depth]) for depth in range(1, len(path)))
    return any(isinstance(node, CollectionNode) and bool(node.flow_style) for node in above)


def _root(text: str) -> MappingNode:
    found = read_yaml(text, "")
    if found.problems:
        raise ProblemsError(found.problems)
    root = YAML(typ="safe", pure=True).compose(text)
    if not isinstance(root, MappingNode):
        raise _by_hand()
    return root


def _find(node: Node, path: Path) -> Node | None:
    for key in path:
        if isinstance(node, MappingNode):
            found = next((value for name, value in node.value if name.value == key), None)
        elif isinstance(node, SequenceNode) and isinstance(key, int) and key < len(node.value):
            found = node.value[key]
        else:
            found = None
        if found is None:
            return None
        node = found
    return node


def _data_at(text: str, path: Path) -> Data:
    found = read_yaml(text, "").data
    for key in path:
        if isinstance(found, dict) and isinstance(key, str):
            found = found.get(key)
        elif isinstance(found, list) and isinstance(key, int) and key < len(found):
            found = found[key]
        else:
            return None
    return found


def _between(text: str, node: SequenceNode) -> str:
    """What stands in a list on one line, or in brackets, beside its items."""
    begins = [_from(node), *(_to(text, each) for each in node.value)]
    ends = [*(_from(each) for each in node.value), _to(text, node)]
    return "".join(text[begin:end] for begin, end in zip(begins, ends, strict=True))


def _is_nothing(node: Node) -> bool:
    return isinstance(node, ScalarNode) and not node.value and node.style is None


def _from(node: Node) -> int:
    return int(node.start_mark.index)


def _to(text: str, node: Node) -> int:
    """Behind its last sign; what a text in lines (`|`) leaves behind it is not part of it."""
    end = int(node.end_mark.index)
    if isinstance(node, ScalarNode) and node.style in {"|", ">"}:
        return _from(node) + len(text[_from(node) : end].rstrip())
    return end


def _behind_colon(text: str, key: Node) -> int:
    return text.index(":", int(key.end_mark.index)) + 1


def _spliced(text: str, begin: int, end: int, written: str) -> str:
    return text[:begin] + written + text[end:]


def _last_index(text: str, node: Node) -> int:
    """Behind the last sign of it or of what it holds, however its end is told."""
    if not isinstance(node, CollectionNode) or node.flow_style:
        return _to(text, node)
    if isinstance(node, MappingNode):
        ends = [_behind_colon(text, key) if _is_nothing(each) else _last_index(text, each) for key, each in node.value]
    else:
        ends = [_last_index(text, each) for each in node.value]
    return max(ends, default=_from(node))


def _line_end(text: str, index: int) -> int:
    """Behind the end of the line that this place is in."""
    found = text.find("\n", max(index, 0))
    return len(text) if found < 0 else found + 1


def _line_begin(text: str, index: int) -> int:
    return text.rfind("\n", 0, index) + 1


def _lines(indent: int, lines: Sequence[str]) -> str:
    return "".join(f"{' ' * indent}{line}\n" for line in lines)


def _added(text: str, root: MappingNode, path: Path, written: str) -> str:
    """A key more, behind all others of the mapping it belongs in; that one is made where it is missing too."""
    depth = next(each for each in range(len(path) - 1, -1, -1) if _find(root, path[:each]) is not None)
    parent, keys = _find(root, path[:depth]), path[depth:]
    if parent is None or not all(isinstance(key, str) for key in keys):
        raise _by_hand()
    if isinstance(parent, MappingNode) and (parent.flow_style or not parent.value) and parent is not root:
        inside = written
        for key in reversed(keys[1:]):
            inside = f"{{{key}: {inside}}}"
        close = _to(text, parent) - 1
        return _spliced(text, close, close, f"{', ' if parent.value else ''}{keys[0]}: {inside}")
    if _is_nothing(parent):
        key_node = _key_of(root, path[:depth])
        indent = int(key_node.start_mark.column) + _NARROWEST
        at = _line_end(text, int(key_node.end_mark.index))
    elif isinstance(parent, MappingNode):
        indent = int(parent.value[0][0].start_mark.column) if parent.value else 0
        at = _line_end(text, _last_index(text, parent))
    else:
        raise _by_hand()
    lines = [f"{' ' * (_NARROWEST * place)}{key}:" for place, key in enumerate(keys)]
    lines[-1] += f" {written}"
    gap = "" if not text or text[at - 1 : at] == "\n" else "\n"
    return _spliced(text, at, at, gap + _lines(indent, lines))


def _key_of(root: MappingNode, path: Path) -> Node:
    parent = _find(root, path[:-1])
    if isinstance(parent, MappingNode):
        for name, _ in parent.value:
            if isinstance(name, Node) and name.value == path[-1]:
                return name
    raise _by_hand()


def _first_lines(text: str, node: Node, path: Path, written: Sequence[str]) -> str:
    """A list that was empty gets its first items, a line each, beneath its key."""
    key = _key_of(_root(text), path)
    begin = int(key.end_mark.index) + 1  # behind the colon
    end = _to(text, node) if isinstance(node, SequenceNode) else begin
    rest = text[end : _line_end(text, end)]
    indent = int(key.start_mark.column) + _NARROWEST
    return (
        text[:begin]
        + (rest if rest.endswith("\n") else rest + "\n")
        + _lines(indent, [f"- {each}" for each in written])
        + text[_line_end(text, end) :]
    )


def _in_slots(text: str, path: Path, old: Sequence[Node], items: Sequence[int | str]) -> str:
    """A list with a line or more an item: places are filled in order, new ones follow, what is over goes.

    The comment right above an item is its own, as everywhere in files that the studio changes.
    """
    slots: list[tuple[int, int]] = []
    above, indent = _line_end(text, int(_key_of(_root(text), path).start_mark.index)), 0
    for node in old:
        dash = text.rfind("-", 0, _from(node) + 1)
        if text[dash + 1 : _from(node)].strip() or text[_line_begin(text, dash) : dash].strip():
            raise _by_hand()
        begin = _line_begin(text, dash)
        indent = dash - begin
        while begin > above and text[_line_begin(text, begin - 1) : begin].lstrip().startswith("#"):
            begin = _line_begin(text, begin - 1)
        above = _line_end(text, _last_index(text, node))
        slots.append((begin, above))
    blocks = [
        _ended(text[slots[each][0] : slots[each][1]]) if isinstance(each, int) else _lines(indent, [f"- {each}"])
        for each in items
    ]
    filled, over = blocks[: len(slots)], "".join(blocks[len(slots) :])
    filled += [""] * (len(slots) - len(filled))
    filled[-1] += over
    for (begin, end), block in reversed(list(zip(slots, filled, strict=True))):
        text = _spliced(text, begin, end, block)
    if not items:
        key = _key_of_text(text, path)
        text = _spliced(text, key, key, " []")
    return text


def _key_of_text(text: str, path: Path) -> int:
    return int(_key_of(_root(text), path).end_mark.index) + 1


def _ended(block: str) -> str:
    return block if block.endswith("\n") else block + "\n"


def _sound(before: str, after: str) -> str:
    """The new text, where it can still be read."""
    if before != after and read_yaml(after, "").problems:
        raise _by_hand()
    return after


def _by_hand() -> RefusedError:
    return RefusedError(
        "this part of the file is written in a way of its own; change it in the file",
        "Dit stukje van het bestand is anders geschreven dan we hier aankunnen. Verander het in het bestand zelf.",
    )
