"""Writes a mail's tokens as plain text: each link's address alone on a line of its own, the rest wrapped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from service.mail.expansion import Marks
from service.mail.front_matter import MARK

WIDTH = 72
_GUESS = 14
"""How long a value is taken to be when lines are wrapped: a name, a price."""

_TITLE = 40
"""How long a heading with a value in it is underlined at least."""
_KEPT = "\ue000"
"""A space at which no line is broken: what stands in code is copied whole."""

_SPACES = re.compile(r"[ \t]+")
_RULES = {"veiligheid": "=" * 60, "kader": "-" * 60}


@dataclass(frozen=True, kw_only=True)
class _Block:
    """Text with an empty line after it, or a statement, which prints nothing of its own."""

    text: str
    statement: bool = False


def write_text(tokens: Sequence[Token], marks: Marks) -> str:
    """The text of one piece, marks still in it; it ends in one newline."""
    blocks = _Writer(marks).blocks(tokens)
    text = "".join(block.text if block.statement else block.text + "\n\n" for block in blocks)
    return text.replace(_KEPT, " ").rstrip("\n") + "\n"


class _Writer:
    def __init__(self, marks: Marks) -> None:
        self._marks = marks

    def blocks(self, tokens: Sequence[Token]) -> list[_Block]:
        """Blocks of a run of tokens at one level; lists, quotes and tables take their own contents along."""
        found: list[_Block] = []
        index = 0
        while index < len(tokens):
            token = tokens[index]
            end = _close(tokens, index)
            inner = tokens[index + 1 : end]
            if token.type == "statement":
                found.append(_Block(text=token.content.replace(" ", ""), statement=True))
            elif token.type == "buttons":
                found += self._buttons(token)
            elif token.type == "hr":
                found.append(_Block(text="-" * 60))
            elif token.type in {"paragraph_open", "heading_open"}:
                found.append(_Block(text=self._inline_block(token, inner[0])))
            elif token.type in {"bullet_list_open", "ordered_list_open"}:
                found += self._list(token, inner)
            elif token.type == "blockquote_open":
                found += [_indent(block, "  ", "  ") for block in self.blocks(inner)]
            elif token.type == "table_open":
                found += self._table(inner)
            elif token.type.startswith("container_"):
                rule = _RULES.get(token.type.split("_")[1])
                edge = [_Block(text=rule)] if rule else []
                found += [*edge, *self.blocks(inner), *edge]
            index = end + 1
        return found

    def _inline_block(self, opening: Token, inline: Token) -> str:
        text = self._inline(inline.children or [])
        if opening.tag == "h1":
            return f"{text}\n{'=' * self._underline(text)}"
        if opening.tag == "h2":
            return f"{text}\n{'-' * self._underline(text)}"
        return f"* {text} *" if opening.type == "heading_open" else self._wrap(text)

    def _underline(self, heading: str) -> int:
        filled_in = any(not self._marks.is_statement(each) for each in MARK.findall(heading))
        return min(max(self._length(heading), _TITLE if filled_in else 0), WIDTH)

    def _buttons(self, token: Token) -> list[_Block]:
        found: list[_Block] = []
        label: list[Token] = []
        target = ""
        for child in token.children or []:
            if child.type == "link_open":
                target, label = str(child.attrs["href"]), []
            elif child.type == "link_close":
                found.append(_Block(text=f"{self._inline(label)}:\n{target}"))
            else:
                label.append(child)
        return found

    def _list(self, opening: Token, inner: Sequence[Token]) -> list[_Block]:
        found: list[_Block] = []
        number = int(opening.attrs.get("start", 1))
        loose = any(token.type == "paragraph_open" and not token.hidden for token in inner)
        index = 0
        while index < len(inner):
            end = _close(inner, index)
            sign = "- " if opening.type == "bullet_list_open" else f"{number}. "
            first = True
            for block in self.blocks(inner[index + 1 : end]):
                found.append(
                    _indent(block, sign if first and not block.statement else " " * len(sign), " " * len(sign))
                )
                first = first and block.statement
            number += 1
            index = end + 1
        if loose or any(block.statement for block in found):
            return found
        return [_Block(text="\n".join(block.text for block in found))]

    def _table(self, inner: Sequence[Token]) -> list[_Block]:
        """Rows as a line for the first cell and `heading: value` lines beneath: columns do not survive a phone."""
        rows: list[list[str]] = []
        for token in inner:
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                rows[-1].append(self._inline(token.children or []))
        heading, *body = rows or [[]]
        found: list[_Block] = []
        if len(heading) == 1 or not body:  # no `heading: value` comes of it, and yet it says something
            found.append(_Block(text=self._wrap(", ".join(filter(None, heading)))))
        for row in body:
            pairs = [
                f"{name}: {value}" if name else value
                for name, value in zip(heading[1:], row[1:], strict=False)
                if value
            ]
            found.append(
                _Block(text="\n".join(self._wrap(line) for line in [row[0], *(f"  {pair}" for pair in pairs)]))
            )
        return found

    def _inline(self, children: Sequence[Token]) -> str:
        """Running text. The address of a single link follows on a line of its own beneath; those of several, and one in
        a branch, stand where they are said."""
        opened = [child for child in children if child.type == "link_open"]
        branches = any(self._marks.is_statement(word) for child in children for word in MARK.findall(child.content))
        beneath = len(opened) == 1 and not branches
        pieces: list[str] = []
        addresses: list[str] = []
        start, address, label = 0, "", ""
        for child in children:
            if child.type == "link_open":
                start, address = len(pieces), str(child.attrs["href"])
            elif child.type == "link_close":
                label = "".join(pieces[start:])
                scheme, _, direct = address.partition(":")
                if scheme in {"tel", "mailto"}:
                    pieces += [] if self._same(label, direct) else [f" ({direct})"]
                elif label == address or not beneath:
                    pieces[start:] = [f"\n{address}\n" if label == address else f"{label}:\n{address}\n"]
                else:
                    addresses.append(address)
            elif child.type in {"strong_open", "strong_close"}:
                pieces.append("*")
            elif child.type == "code_inline":
                pieces.append(child.content.replace(" ", _KEPT))
            elif child.type == "softbreak":
                pieces.append(" ")
            elif child.type == "hardbreak":
                pieces.append("\n")
            else:
                after_address = bool(pieces) and pieces[-1] != "\n" and pieces[-1].endswith("\n")
                pieces.append(child.content.lstrip(" .,;:!?") if after_address else child.content)
        text = _SPACES.sub(" ", "".join(pieces)).strip()
        only_a_link = addresses and text == label.strip() and text[-1:] not in {"", ".", ":", "?", "!"}
        return "\n".join([f"{text}:" if only_a_link else text, *addresses])

    def _same(self, one: str, other: str) -> bool:
        """Whether a label says the number or mail address itself that it links to."""
        marks = self._marks.by_id
        return one == other or (one in marks and other in marks and marks[one].name == marks[other].name)

    def _length(self, text: str) -> int:
        return len(MARK.sub(lambda mark: "" if self._marks.is_statement(mark[0]) else "x" * _GUESS, text))

    def _wrap(self, text: str) -> str:
        lines: list[str] = []
        for paragraph in text.split("\n"):
            line = ""
            lead = paragraph[: len(paragraph) - len(paragraph.lstrip(" "))]
            for word in paragraph.split():
                if line and self._length(line) + 1 + self._length(word) > WIDTH:
                    lines.append(line)
                    line = lead + word
                else:
                    line = f"{line} {word}" if line else lead + word
            lines.append(line)
        return "\n".join(lines)


def _indent(block: _Block, first: str, rest: str) -> _Block:
    if block.statement:
        return block
    lines = block.text.split("\n")
    return _Block(text="\n".join(_lead(line, first if n == 0 else rest) for n, line in enumerate(lines)))


def _lead(line: str, lead: str) -> str:
    """An address keeps the start of its line: nothing before it that a mail program could take along."""
    alone = MARK.fullmatch(line) or line.startswith(("http://", "https://"))
    return line if alone or not line else lead + line


def _close(tokens: Sequence[Token], index: int) -> int:
    """The index of the token that closes this one; its own index for one that opens nothing."""
    depth = 0
    for position in range(index, len(tokens)):
        depth += tokens[position].nesting
        if depth <= 0:
            return position
    return len(tokens) - 1
