"""What the rules of lint look at: a mail's head and body as they were read; and how a rule says what it found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from service.errors import Problem, Severity
from service.mail.expansion import Line, Marks
from service.mail.front_matter import FOLDER, MARK, SourceFile
from service.mail.names import Audience

_IMAGE = re.compile(r"!\[(?P<alt>[^\]]*)\]\((?P<target>[^)\s]*)[^)]*\)")
_LINK_END = re.compile(r"\]\([^)]*\)(?:\{[^}]*\})?")
_WORD = re.compile(r"\w[\w’'-]*")


@dataclass(frozen=True, kw_only=True)
class Head:
    """The head of a mail: its texts by key, still with their Jinja."""

    source: SourceFile
    audience: Audience
    texts: Mapping[str, str]

    def line(self, key: str) -> Line:
        """A text of the head and where it stands."""
        return Line(text=self.texts[key], file=self.source.name, number=self.source.head_lines.get(key, 1))


@dataclass(frozen=True, kw_only=True)
class Link:
    """One link of a body: the words it stands beneath, and its address; marks in both."""

    label: str
    target: str
    line: Line


@dataclass(frozen=True, kw_only=True)
class Image:
    """One image of a body: what is read to whoever does not see it, and where it comes from; marks in both."""

    alt: str
    target: str
    line: Line


@dataclass(frozen=True, kw_only=True)
class Body:
    """The body of a mail, partials included, with marks for all Jinja. `titles`: those the practice may use.

    `files` are all sources by name; `main_buttons` is how many a lead can get to see at most.
    """

    head: Head
    lines: Sequence[Line]
    tokens: Sequence[Token]
    marks: Marks
    files: Mapping[str, SourceFile]
    main_buttons: int
    titles: Sequence[str]

    def links(self) -> Iterator[Link]:
        """Every link, buttons among them, in the order of reading."""
        for token in self.tokens:
            label, target, inside = "", "", False
            for child in token.children or []:
                if child.type == "link_open":
                    label, target, inside = "", str(child.attrs.get("href", "")), True
                elif child.type == "link_close":
                    yield Link(label=label, target=target, line=self.line_of(token, label))
                    inside = False
                elif inside:
                    label += child.content if child.type not in {"softbreak", "hardbreak"} else " "

    def images(self) -> Iterator[Image]:
        """Every image, as it is written."""
        for line in self.lines:
            for found in _IMAGE.finditer(line.text):
                yield Image(alt=found["alt"], target=found["target"], line=line)

    def words(self) -> int:
        """Words below the heading, on all branches together; images, addresses and values do not count."""
        filled = [line.text for line in self.lines if line.text.strip()]
        below = filled[1:] if filled and filled[0].startswith("# ") else filled
        text = "\n".join(line for line in below if not line.startswith(":::"))
        return len(_WORD.findall(MARK.sub("", _LINK_END.sub("", _IMAGE.sub("", text)))))

    def values(self) -> set[str]:
        """The names of all values that the body prints or links to."""
        found = (self.marks.by_id[word] for line in self.lines for word in MARK.findall(line.text))
        return {mark.name for mark in found if mark.kind == "value"}

    def keywords(self, line: Line) -> set[str]:
        """What stands in the tags on a line, such as `if`; an `include` is still there where its partial is not."""
        return {self.marks.by_id[word].keyword for word in MARK.findall(line.text)}

    def line_of(self, token: Token, text: str = "") -> Line:
        """The line of a block that holds this text, else its first."""
        first, end = token.map or (0, 1)
        lines = self.lines[first:end]
        return next((line for line in lines if text and text in line.text), lines[0])


def finding(key: str, line: Line, message: str, dutch: str, severity: Severity = "warning") -> Problem:
    """What a rule says of a line in a file of email_templates/; its id is `mail.` and the key."""
    return Problem(
        id=f"mail.{key}", message=message, dutch=dutch, file=FOLDER + line.file, line=line.number, severity=severity
    )


def top(source: SourceFile) -> Line:
    """The first line of a file, for what is wrong with all of it."""
    return Line(text="", file=source.name, number=1)
