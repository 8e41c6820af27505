"""The parts of a mail, encoded, with places where a lead's own goes: her tokens as they are, her name with its line.

A token is made of letters that quoted-printable leaves alone, so where its line is broken hangs on its length only: a
line with no other value is encoded once for all tokens of that length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from service.mail.lines import Pieces, has_dot
from service.mail.mime import quoted

Line: TypeAlias = list[str]
"""Cut where a lead's own stands: text and the name of a value in turn."""

_SOFT_BREAK = b"=\r\n"
_TOKEN = b"x"  # stands for any: none has a dot, or ends a line
_MOST_KEPT = 4  # layouts of one mail, each as large as the mail


class Place(NamedTuple):
    """From where to where of which token; all of it where nobody says."""

    name: str
    start: int = 0
    end: int | None = None


Piece: TypeAlias = bytes | Place | Line
"""Bytes are encoded already, and a line is yet to be, with its end."""


class _Layout(NamedTuple):
    """What is the same for all, with room for the rest: where which part of a token goes, and which line."""

    fixed: list[bytes]
    places: list[tuple[int, Place]]
    lines: list[tuple[int, Line]]
    is_plain: bool


class Body:
    """All that stands below the head of a mail. Threads may share it."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self._pieces: list[Piece] = []
        for piece in pieces:
            _add(self._pieces, quoted(piece[0]) if isinstance(piece, list) and len(piece) == 1 else piece)
        self._layouts: dict[tuple[tuple[str, int], ...], _Layout] = {}

    def poured(self, tokens: Mapping[str, bytes], values: Mapping[str, str]) -> Pieces:
        """Its lines with these tokens in their places; a line with one of the other values is encoded with it."""
        lengths = tuple([(name, len(token)) for name, token in tokens.items()])
        laid = self._layouts.get(lengths)
        if laid is None:
            laid = self._layout(dict(lengths))
            self._layouts = {**self._layouts, lengths: laid} if len(self._layouts) < _MOST_KEPT else {lengths: laid}
        poured = laid.fixed.copy()
        for at, (name, start, end) in laid.places:
            poured[at] = tokens[name][start:end]
        plain = laid.is_plain
        for at, line in laid.lines:
            poured[at] = quoted(filled(line, values))
            plain = plain and not has_dot(poured[at])
        return Pieces(poured, plain)

    def _layout(self, lengths: Mapping[str, int]) -> _Layout:
        laid: list[Piece] = []
        for piece in self._pieces:
            if isinstance(piece, list) and all(name in lengths for name in piece[1::2]):
                for each in _laid(piece, lengths):
                    _add(laid, each)
            else:
                _add(laid, piece)
        same_for_all = b"".join(
            _TOKEN if isinstance(each, Place) else each for each in laid if not isinstance(each, list)
        )
        return _Layout(
            fixed=[each if isinstance(each, bytes) else b"" for each in laid],
            places=[(at, each) for at, each in enumerate(laid) if isinstance(each, Place)],
            lines=[(at, each) for at, each in enumerate(laid) if isinstance(each, list)],
            is_plain=not has_dot(same_for_all),
        )


def filled(line: Line, given: Mapping[str, str]) -> str:
    """The line with these values."""
    return "".join([given[each] if number % 2 else each for number, each in enumerate(line)])


def _add(pieces: list[Piece], piece: Piece) -> None:
    """What goes on where the last piece ends becomes one with it."""
    last = pieces[-1] if pieces else None
    if isinstance(piece, bytes) and isinstance(last, bytes):
        pieces[-1] = last + piece
    elif isinstance(piece, Place) and isinstance(last, Place) and last[::2] == piece[:2]:
        pieces[-1] = Place(piece.name, last.start, piece.end)
    else:
        pieces.append(piece)


def _laid(line: Line, lengths: Mapping[str, int]) -> Iterator[bytes | Place]:
    """Letter by letter, which of the encoded bytes are a token's: encoded with some token of that length."""
    encoded = quoted(filled(line, {name: "x" * length for name, length in lengths.items()}))
    at = 0
    for number, each in enumerate(line):
        for place in range(lengths[each] if number % 2 else len(each.encode())):
            if encoded.startswith(_SOFT_BREAK, at):
                yield _SOFT_BREAK
                at += len(_SOFT_BREAK)
            width = 3 if encoded.startswith(b"=", at) else 1
            yield Place(each, place, place + 1) if number % 2 else encoded[at : at + width]
            at += width
    yield encoded[at:]
