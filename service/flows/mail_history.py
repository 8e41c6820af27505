"""The versions of a mail that were published, and what differs between two of them, word by word."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from sqlmodel import Session

from service.flows.mail_editing import file_of
from service.store import sequences

Kind = Literal["same", "ins", "del"]
_MOST_WORDS = 1_500
"""Of a stretch that was rewritten: comparing takes time that grows with the square."""
_ALIKE = 0.4
"""Lines with less in common read best as one that went and one that came."""
_WORD = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True, kw_only=True)
class Version:
    """A text as it was first published in a revision. `parts` were published with it; `until` is when another came,
    None where this is the newest.

    `drawn` is a revision that holds the mail compiled, None where none does: a partial, or a mail that nothing sent.
    """

    revision: int
    at: datetime
    by: str
    parts: tuple[str, ...]
    text: str
    until: datetime | None = None
    drawn: int | None = None


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A stretch of text that stayed, came or went."""

    kind: Kind
    text: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the newer text, or one that is gone; `skipped` counts the equal lines left out before it."""

    pieces: tuple[Piece, ...]
    skipped: int = 0

    @property
    def is_same(self) -> bool:
        """Did nothing change in it?"""
        return all(piece.kind == "same" for piece in self.pieces)


def versions(session: Session, name: str) -> tuple[Version, ...]:
    """Every text that was published of it, newest first; equal ones that follow each other count once.

    A mail counts where it was sent from; a partial wherever mails were published.
    """
    rows = sequences.sources_of(session, file_of(name), name)
    if any(sends for *_, sends in rows):
        rows = [row for row in rows if row[5]]
    found: list[Version] = []
    for revision, part, at, by, text, sends in reversed(rows):
        drawn = revision if sends else None
        if found and found[-1].text == text:
            last = found[-1]
            parts = last.parts if part in last.parts or at != last.at else (*last.parts, part)
            found[-1] = replace(last, parts=parts, drawn=last.drawn or drawn)
            continue
        if found:
            found[-1] = replace(found[-1], until=at)
        found.append(Version(revision=revision, at=at, by=by, parts=(part,), text=text, drawn=drawn))
    return tuple(reversed(found))


def difference(old: str, new: str) -> tuple[Line, ...]:
    """What became of the old text, line by line, words marked; long stretches of equal lines are left out."""
    lines = list(_lines(old.split("\n"), new.split("\n")))
    near = {at + step for at, line in enumerate(lines) if not line.is_same for step in (-2, -1, 0, 1, 2)}
    kept: list[Line] = []
    skipped = 0
    for at, line in enumerate(lines):
        if at in near:
            kept.append(replace(line, skipped=skipped))
            skipped = 0
        else:
            skipped += 1
    return tuple(kept)


def _lines(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, first, last, begin, end in matcher.get_opcodes():
        if tag == "equal":
            yield from (Line(pieces=(Piece(kind="same", text=text),)) for text in new[begin:end])
        elif tag == "replace" and last - first == end - begin:
            for was, now in zip(old[first:last], new[begin:end], strict=True):
                yield Line(pieces=tuple(_pieces(was, now)))
        else:
            yield from (Line(pieces=(Piece(kind="del", text=text),)) for text in old[first:last])
            yield from (Line(pieces=(Piece(kind="ins", text=text),)) for text in new[begin:end])


def _pieces(old: str, new: str) -> Iterator[Piece]:
    was, now = _WORD.findall(old), _WORD.findall(new)
    if len(was) + len(now) > _MOST_WORDS:
        yield Piece(kind="del", text=old)
        yield Piece(kind="ins", text=new)
        return
    matcher = difflib.SequenceMatcher(str.isspace, was, now, autojunk=False)  # a space alone is no likeness
    if matcher.ratio() < _ALIKE:
        yield Piece(kind="del", text=old)
        yield Piece(kind="ins", text=new)
        return
    for tag, first, last, begin, end in matcher.get_opcodes():
        if tag == "equal":
            yield Piece(kind="same", text="".join(now[begin:end]))
            continue
        if last > first:
            yield Piece(kind="del", text="".join(was[first:last]))
        if end > begin:
            yield Piece(kind="ins", text="".join(now[begin:end]))
