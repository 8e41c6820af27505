"""HTML of a mail as plain text, quoted mail marked with `> `. One pass, no recursion, nothing raised.

Not `html.parser`: on hostile input its time grows with the square of the length.
"""

from __future__ import annotations

import html
import re

_PIECE = re.compile(r"<!--|<[!/?a-zA-Z][^<>]{0,4000}>|[^<]+|<")
_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9:-]{0,30})")
_BREAKS = frozenset(
    {"br", "hr", "p", "div", "tr", "table", "li", "ul", "ol", "blockquote", "pre", "center", "section"}
    | {f"h{level}" for level in range(1, 7)}
)
_UNSEEN = frozenset({"style", "script", "head", "title", "template"})
# Gmail, Outlook on the web, Thunderbird and Yahoo put what they quote, or its first line, into elements named so.
_QUOTING = re.compile(
    r"(?:class|id)\s{0,5}=\s{0,5}[\"']?[\w ]{0,60}"
    r"(?:gmail_quote|divrplyfwdmsg|appendonsend|yahoo_quoted|moz-cite-prefix|stopspelling|protonmail_quote)",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"[ \t\r\f\v\u00a0]+")
_MANY_LINES = re.compile(r"\n{3,}")
_NO_CHARACTER = re.compile(r"&#[xX]?[0-9a-fA-F]{9,};?")  # a number of thousands of digits makes Python refuse
CUT = "-----Original Message-----"
"""Stands where an element says that the rest is a quoted mail, so that whoever cuts quotes sees it."""


def to_text(source: str) -> str:
    """What a reader would see, a line for each block. Of a link its text alone; links are looked for elsewhere."""
    writer = _Writer()
    position = 0
    while found := _PIECE.match(source, position):
        piece, position = found[0], found.end()
        if piece == "<!--":
            end = source.find("-->", position)
            position = len(source) if end < 0 else end + 3
        elif (tag := _TAG.match(piece)) and piece.endswith(">"):
            writer.tag(tag[1].lower(), piece)
        elif not piece.startswith(("<!", "<?")):
            writer.words(piece)
    text = "\n".join(line.strip() for line in "".join(writer.done).split("\n"))
    return _MANY_LINES.sub("\n\n", text).strip()


def unescaped(text: str) -> str:
    """With its characters for their names and numbers; what is too long a number for any is left out."""
    return html.unescape(_NO_CHARACTER.sub("", text))


class _Writer:
    def __init__(self) -> None:
        self.done: list[str] = []
        self._depth = 0
        self._unseen = ""

    def words(self, piece: str) -> None:
        """Text between tags."""
        if not self._unseen:
            self.done.append(_BLANKS.sub(" ", unescaped(piece).replace("\n", " ")))

    def tag(self, name: str, piece: str) -> None:
        """A tag: perhaps the start of a line, of a quote, or of something nobody sees."""
        closing = piece.startswith("</")
        if self._unseen:
            self._unseen = "" if closing and name == self._unseen else self._unseen
            return
        if name in _UNSEEN and not closing:
            self._unseen = name
            return
        if name == "blockquote":
            self._depth = max(0, self._depth - 1) if closing else min(self._depth + 1, 20)
        if name in _BREAKS:
            self._line()
        if not closing and _QUOTING.search(piece):
            self.done.append(f"\n{CUT}")
            self._line()

    def _line(self) -> None:
        self.done.append("\n" + "> " * self._depth)
