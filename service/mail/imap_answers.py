"""What an IMAP server answers to FETCH (RFC 3501 section 7.4.2): which mails it tells of, and their bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

MOST_BYTES = 512 * 1024
"""Of one mail: a report or an answer says all that matters long before that."""

_UID = re.compile(rb"\bUID (\d+)")
_ARRIVED = re.compile(rb'\bINTERNALDATE "([^"]{10,40})"')
_ITEM = re.compile(rb"\d+ \(")  # how what is told of one mail begins


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One mail in the box, and when the server took it."""

    uid: int
    arrived: datetime | None


@dataclass(frozen=True, kw_only=True)
class Letter(Listed):
    """Its first `MOST_BYTES`, or all of it."""

    data: bytes = field(repr=False)


def _head(line: object) -> bytes:
    return line[0] if isinstance(line, tuple) else line if isinstance(line, bytes) else b""


def items(lines: Iterable[object]) -> Iterator[tuple[bytes, bytes | None]]:
    """What is told of each mail, and its content where that is told.

    A server may tell of other mails at any moment, with their UIDs (RFC 3501 sections 6.4.8 and 7.4.2): a colleague
    reads one of them just now.
    """
    heads: list[bytes] = []
    data: bytes | None = None
    for line in filter(None, lines):
        head = _head(line)
        if heads and _ITEM.match(head):
            yield b" ".join(heads), data
            heads, data = [], None
        heads.append(head)
        if isinstance(line, tuple):
            data = line[1][:MOST_BYTES]
    if heads:
        yield b" ".join(heads), data


def listed(line: object) -> Listed | None:
    """The mail that a line of the answer tells of; None where it tells of none."""
    head = _head(line)
    uid = _UID.search(head)
    return Listed(uid=int(uid[1]), arrived=_moment(head)) if uid is not None else None


def _moment(head: bytes) -> datetime | None:
    found = _ARRIVED.search(head)
    if found is None:
        return None
    try:
        moment = datetime.strptime(found[1].decode("ascii").strip(), "%d-%b-%Y %H:%M:%S %z")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
