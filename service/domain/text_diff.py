"""Two texts held against each other, line by line and word by word; and two edits of one text put together.

Whatever stands in the texts, the work is bounded: lines that are too many or too long are shown as wholly other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, unified_diff
from itertools import groupby, pairwise
from typing import Literal

Kind = Literal["same", "changed", "removed", "added", "gap"]
_CONTEXT = 2  # unchanged lines shown round a change
_MOST_LINES = 2_000  # compared one by one; beyond, all that differs is one change
_MOST_PAIRS = 200  # lines compared word by word
_LONGEST_LINE = 3_000
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
_ALIKE = 0.3  # below this a line is another line, and marking words of it says nothing


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Some words of a line; `other` where they do not stand on the other side."""

    text: str
    other: bool


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line on both sides. None: it has no such line. `skipped` lines of a "gap" are alike and left out."""

    kind: Kind
    left: tuple[Piece, ...] | None = None
    right: tuple[Piece, ...] | None = None
    left_number: int = 0
    right_number: int = 0
    skipped: int = 0


def rows(before: str, after: str) -> tuple[Row, ...]:
    """What differs, with a few lines round it; nothing where the texts are the same."""
    old, new = before.splitlines(), after.splitlines()
    found: list[Row] = []
    pairs = 0
    blocks = _blocks(old, new)
    for place, (tag, i, j, k, m) in enumerate(blocks):
        if tag == "equal":
            found += _alike(old, i, j, k, first=place == 0, last=place == len(blocks) - 1)
            continue
        both = min(j - i, m - k)
        for step in range(both):
            pairs += 1
            left, right = _pieces(old[i + step], new[k + step], by_words=pairs <= _MOST_PAIRS)
            found.append(
                Row(kind="changed", left=left, right=right, left_number=i + step + 1, right_number=k + step + 1)
            )
        found += (Row(kind="removed", left=_whole(old[n]), left_number=n + 1) for n in range(i + both, j))
        found += (Row(kind="added", right=_whole(new[n]), right_number=n + 1) for n in range(k + both, m))
    return tuple(found) if before != after else ()


def unified(before: str, after: str, file: str) -> str:
    """What differs, as patches are written; "" for texts that are the same."""
    old, new = before.splitlines(), after.splitlines()
    if len(old) + len(new) > 2 * _MOST_LINES:
        return "\n".join([f"--- {file}", f"+++ {file}", *(f"-{line}" for line in old), *(f"+{line}" for line in new)])
    return "\n".join(unified_diff(old, new, file, file, n=_CONTEXT, lineterm=""))


def merged(base: str, mine: str, theirs: str) -> str | None:
    """Both edits of one text in one; None where they touch the same lines, or lines that stand beside each other."""
    origin = base.splitlines(keepends=True)
    ours, others = mine.splitlines(keepends=True), theirs.splitlines(keepends=True)
    edits = sorted([*_edits(origin, ours), *_edits(origin, others)])
    edits = [each for each, _ in groupby(edits)]  # both made the same one
    for (_, end, _), (start, _, _) in pairwise(edits):
        if start <= end:
            return None
    found: list[str] = []
    at = 0
    for start, end, lines in edits:
        found += [*origin[at:start], *lines]
        at = end
    return "".join([*found, *origin[at:]])


def _edits(origin: Sequence[str], edited: Sequence[str]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """From and up to which line of the origin, and what stands there instead."""
    for tag, i, j, k, m in _blocks(origin, edited):
        if tag != "equal":
            yield i, j, tuple(edited[k:m])


def _blocks(old: Sequence[str], new: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    """As difflib's opcodes, over what stands between the lines that both begin and end with."""
    shorter = min(len(old), len(new))
    head = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    tail = next((n for n in range(shorter - head) if old[-1 - n] != new[-1 - n]), shorter - head)
    ends = len(old) - tail, len(new) - tail
    if max(ends) - head > _MOST_LINES:
        middle = [("replace", head, ends[0], head, ends[1])]
    else:
        matcher = SequenceMatcher(None, old[head : ends[0]], new[head : ends[1]])
        middle = [(tag, i + head, j + head, k + head, m + head) for tag, i, j, k, m in matcher.get_opcodes()]
    around = [("equal", 0, head, 0, head)] if head else []
    return around + middle + ([("equal", ends[0], len(old), ends[1], len(new))] if tail else [])


def _alike(old: Sequence[str], i: int, j: int, k: int, *, first: bool, last: bool) -> Iterator[Row]:
    """Lines that are alike: those next to a change, the others left out."""
    head, tail = 0 if first else _CONTEXT, 0 if last else _CONTEXT
    gap = j - i - head - tail
    if gap < 2:  # to leave one line out takes a line
        head, tail, gap = j - i, 0, 0
    for n in range(i, i + head):
        yield _same(old[n], n, n - i + k)
    if gap:
        yield Row(kind="gap", skipped=gap)
    for n in range(j - tail, j):
        yield _same(old[n], n, n - i + k)


def _same(line: str, left: int, right: int) -> Row:
    return Row(kind="same", left=_whole(line), right=_whole(line), left_number=left + 1, right_number=right + 1)


def _pieces(left: str, right: str, *, by_words: bool) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    if not by_words or max(len(left), len(right)) > _LONGEST_LINE:
        return _whole(left, other=True), _whole(right, other=True)
    old, new = _WORDS.findall(left), _WORDS.findall(right)
    matcher = SequenceMatcher(None, old, new)
    if matcher.ratio() < _ALIKE:
        return _whole(left, other=True), _whole(right, other=True)
    codes = matcher.get_opcodes()
    return (
        tuple(Piece(text="".join(old[i:j]), other=tag != "equal") for tag, i, j, _, _ in codes if j > i),
        tuple(Piece(text="".join(new[k:m]), other=tag != "equal") for tag, _, _, k, m in codes if m > k),
    )


def _whole(line: str, *, other: bool = False) -> tuple[Piece, ...]:
    return (Piece(text=line, other=other),) if line else ()
