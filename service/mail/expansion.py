"""Swaps Jinja for opaque marks before Markdown and MJML see it, and puts it back afterwards.

`[x]({{ url }})` is no link for Markdown, and a statement between two paragraphs would land inside one. A mark is a
plain word to both of them. Partials are expanded on the way, and each line remembers the file it came from.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from service.mail.front_matter import MARK, SourceFile
from service.mail.sandbox import lexed

SLOTS = ("subject", "preheader", "reason", "content", "footer")
"""Names that the compiler itself fills in layouts and footers."""

INCLUDE = re.compile(r"""\{%[-+]?\s*include\b[\s(]*["'](?P<name>[^"']+)["']""")
"""A partial where it is included, blank or bracket before its name or not; the name is all that is caught."""
_KEYWORD = re.compile(r"\w+")


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A piece of Jinja that a mark stands for: `name` is the dotted name or call where it is no more than that."""

    kind: Literal["value", "statement", "slot"]
    code: str
    name: str
    file: str
    line: int

    @property
    def keyword(self) -> str:
        """`if`, `else`, `endfor`… of a statement."""
        found = _KEYWORD.search(self.code) if self.kind == "statement" else None
        return found[0] if found else ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of expanded Markdown and where it stands in the files."""

    text: str
    file: str
    number: int


@dataclass(kw_only=True)
class Marks:
    """All marks of one mail, over its content, footer and layout."""

    by_id: dict[str, Mark] = field(default_factory=dict)

    def add(self, mark: Mark) -> str:
        """The word that stands for this piece from here on."""
        word = f"qJ{len(self.by_id):04d}Jq"
        self.by_id[word] = mark
        return word

    def wrap(self, word: str, filter_name: str) -> str:
        """A second mark for the same value, passed through a filter."""
        mark = self.by_id[word]
        inner = mark.code[2:-2].strip()
        code = f"{{{{ ({inner})|{filter_name} }}}}"
        return self.add(Mark(kind="value", code=code, name=mark.name, file=mark.file, line=mark.line))

    def put_back(self, text: str, slots: Mapping[str, str]) -> str:
        """The template again: each mark becomes its Jinja, each slot what belongs there."""

        def original(match: re.Match[str]) -> str:
            mark = self.by_id[match[0]]
            return slots.get(mark.name, match[0]) if mark.kind == "slot" else mark.code

        return MARK.sub(original, text)

    def is_statement(self, word: str) -> bool:
        """Whether a word is the mark of a statement."""
        return word in self.by_id and self.by_id[word].kind == "statement"


def expand(source: SourceFile, files: Mapping[str, SourceFile], marks: Marks) -> list[Line]:
    """The Markdown of a mail, partials included, with marks for all Jinja. The template has passed the checker."""
    lines: list[Line] = []
    for line in _marked(source, marks):
        words = MARK.findall(line.text)
        alone = bool(words) and not MARK.sub("", line.text).strip()
        included = marks.by_id[words[0]] if len(words) == 1 and alone else None
        match = INCLUDE.search(included.code) if included and included.keyword == "include" else None
        if match and match["name"] in files:
            nested = expand(files[match["name"]], files, marks)
            lines += [_blank(line), *nested, _blank(line)]
        elif alone and all(marks.is_statement(word) for word in words):
            lines += [_blank(line), line, _blank(line)]
        else:
            lines.append(line)
    return lines


def mark_text(source: SourceFile, marks: Marks) -> str:
    """The body of a layout with marks for all Jinja; nothing is included there."""
    return "\n".join(line.text for line in _marked(source, marks))


def misplaced_includes(lines: list[Line], marks: Marks) -> list[Mark]:
    """Includes that do not stand alone on their line, and so were not expanded."""
    beside_text = (line.text for line in lines if MARK.sub("", line.text, count=1).strip())
    found = (marks.by_id[word] for text in beside_text for word in MARK.findall(text))
    return [mark for mark in found if mark.keyword == "include"]


def inline_html(template: str) -> str:
    """A one-line text template as HTML: its plain text escaped, its Jinja left as it is."""
    return "".join(html.escape(value) if kind == "data" else value for _, kind, value in lexed(template))


def _blank(line: Line) -> Line:
    return Line(text="", file=line.file, number=line.number)


def _marked(source: SourceFile, marks: Marks) -> list[Line]:
    text, number = "", 1
    done: list[Line] = []
    for kind, code, start in _pieces(source.body):
        if kind == "data":
            first, *rest = code.split("\n")
            text += first
            for part in rest:
                done.append(Line(text=text, file=source.name, number=number))
                number += 1
                text = part
        elif kind != "comment":
            text += marks.add(_mark(kind, code, source.name, start))
            number += code.count("\n")
        else:
            number += code.count("\n")
    done.append(Line(text=text, file=source.name, number=number))
    skip = max(source.head_lines.values(), default=0)
    return [line for line in done if line.number > skip or line.text]


def _mark(kind: str, code: str, file: str, line: int) -> Mark:
    name = re.sub(r"\s", "", code[2:-2]).replace("'", '"')
    if kind == "variable" and name in SLOTS:
        return Mark(kind="slot", code=code, name=name, file=file, line=line)
    if kind == "variable":
        return Mark(kind="value", code=code, name=name, file=file, line=line)
    return Mark(kind="statement", code=code, name="", file=file, line=line)


@lru_cache(maxsize=256)
def _pieces(body: str) -> tuple[tuple[str, str, int], ...]:
    """`(kind, text, line)` with kind data, variable, block or comment; a tag is one piece with its delimiters."""
    pieces: list[tuple[str, str, int]] = []
    open_kind, held, start = "", "", 1
    for line, kind, value in lexed(body):
        base, _, edge = kind.rpartition("_")
        if edge == "begin" and base in {"variable", "block", "comment"}:
            open_kind, held, start = base, value, line
        elif edge == "end" and base == open_kind:
            pieces.append((open_kind, held + value, start))
            open_kind = ""
        elif open_kind:
            held += value
        else:
            pieces.append(("data", value, line))
    return tuple(pieces)
