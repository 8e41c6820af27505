"""A sequence's file under a new name: only what must differ is written anew."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

_PLAIN = re.compile(r"[^\W\d_][\w -]*")
_SCHEMA = "# yaml-language-server:"


def sequence_copied(text: str, source: str, name: str, *, topic: str, title: str, mails: Mapping[str, str]) -> str:
    """The text of a sequence's file with another title and topic, and templates renamed as `mails` says.

    All comments and spacing stay; where a comment names the old sequence, it names the new one.
    """
    root = YAML(typ="safe", pure=True).compose(text)
    wanted: list[tuple[Node, str]] = []
    for key, value in _pairs(root):
        if key in {"title", "topic"}:
            wanted.append((value, title if key == "title" else topic))
        for step in value.value if key == "steps" and isinstance(value, SequenceNode) else ():
            for step_key, given in _pairs(step):
                named = [given] if step_key == "template" else []
                named += [each for _, each in _pairs(given)] if step_key == "variants" else []
                wanted += [(node, mails[str(node.value)]) for node in named]
    for node, new in sorted(wanted, key=lambda each: each[0].start_mark.index, reverse=True):
        start, end = node.start_mark.index, node.end_mark.index
        end = start + len(text[start:end].rstrip())  # a text in lines (`>`) reaches to whatever comes next
        text = text[:start] + _scalar(new) + text[end:]
    words = re.compile(rf"(?<![\w-]){re.escape(source)}(?![\w-])")
    lines = [words.sub(name, line) if line.lstrip().startswith("#") else line for line in text.split("\n")]
    note = f"# Gekopieerd van {source}. Werk {name}.checklist.md af, en pas ook de uitleg hieronder aan."
    lines.insert(1 if lines[0].startswith(_SCHEMA) else 0, note)
    return "\n".join(lines)


def _pairs(node: Node) -> list[tuple[str, Node]]:
    if not isinstance(node, MappingNode):
        return []
    return [(str(key.value), value) for key, value in node.value if isinstance(key, ScalarNode)]


def _scalar(text: str) -> str:
    """As people would write it; in quotes where YAML could take it for something else."""
    plain = _PLAIN.fullmatch(text) and text == text.strip() and text.lower() not in {"true", "false", "null"}
    return text if plain else json.dumps(text, ensure_ascii=False)
