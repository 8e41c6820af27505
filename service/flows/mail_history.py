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
_MOST_LINES, _MOST_COMPARED = 1_000, 2_000_000
"""Likewise: lines between the first that differs and the last, and words times words that one page may cost."""
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
    room = _MOST_COMPARED
    for tag, first, last, begin, end in _blocks(old, new):
        if tag == "equal":
            yield from (Line(pieces=(Piece(kind="same", text=text),)) for text in new[begin:end])
        elif tag == "replace" and last - first == end - begin:
            for was, now in zip(old[first:last], new[begin:end], strict=True):
                words = _WORD.findall(was), _WORD.findall(now)
                room -= len(words[0]) * len(words[1])
                yield Line(pieces=tuple(_pieces(*words) if room >= 0 else _rewritten(was, now)))
        else:
            yield from (Line(pieces=(Piece(kind="del", text=text),)) for text in old[first:last])
            yield from (Line(pieces=(Piece(kind="ins", text=text),)) for text in new[begin:end])


def _blocks(old: Sequence[str], new: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    """As difflib's opcodes; where too much stands between the lines that both begin and end with, it all differs."""
    shorter = min(len(old), len(new))
    head = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    tail = next((n for n in range(shorter - head) if old[-1 - n] != new[-1 - n]), shorter - head)
    ends = len(old) - tail, len(new) - tail
    if max(ends) - head <= _MOST_LINES:
        matcher = difflib.SequenceMatcher(None, old[head : ends[0]], new[head : ends[1]], autojunk=False)
        middle = [(tag, i + head, j + head, k + head, m + head) for tag, i, j, k, m in matcher.get_opcodes()]
    else:
        middle = [("replace", head, ends[0], head, ends[1])]
    same = [("equal", 0, head, 0, head), ("equal", ends[0], len(old), ends[1], len(new))]
    return [same[0], *middle, same[1]]


def _rewritten(old: str, new: str) -> Iterator[Piece]:
    yield Piece(kind="del", text=old)
    yield Piece(kind="ins", text=new)


def _pieces(was: list[str], now: list[str]) -> Iterator[Piece]:
    if len(was) + len(now) > _MOST_WORDS:
        yield from _rewritten("".join(was), "".join(now))
        return
    matcher = difflib.SequenceMatcher(str.isspace, was, now, autojunk=False)  # a space alone is no likeness
    if matcher.ratio() < _ALIKE:
        yield from _rewritten("".join(was), "".join(now))
        return
    for tag, first, last, begin, end in matcher.get_opcodes():
        if tag == "equal":
            yield Piece(kind="same", text="".join(now[begin:end]))
            continue
        if last > first:
            yield Piece(kind="del", text="".join(was[first:last]))
        if end > begin:
            yield Piece(kind="ins", text="".join(now[begin:end]))
