"""What an image file says of itself, read without opening the image: its kind, its size, and what there is to see.

The files of a content folder may be anything: what cannot be told is None or "", and nothing here raises.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from service.mail.compiled import ImageKind
from service.mail.image_prepare import DESCRIPTION

_MOST_PARTS = 2_000
_LONGEST = 400
_PNG, _JPEG, _GIFS = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", (b"GIF87a", b"GIF89a")
_NO_SIZES = {0xC4, 0xC8, 0xCC}  # markers among those of frames that are none (ITU T.81, table B.1)


@dataclass(frozen=True, kw_only=True)
class Notes:
    """`width` and `height` are 0 where the file does not say. `description` is "" where it holds none."""

    kind: ImageKind
    width: int = 0
    height: int = 0
    description: str = ""


def notes(data: bytes) -> Notes | None:
    """By the bytes the file begins with; None for what no mail can show."""
    try:
        if data.startswith(_PNG):
            return _png(data)
        if data.startswith(_JPEG):
            return _jpeg(data)
        if data.startswith(_GIFS):
            width, height = struct.unpack("<HH", data[6:10])
            return Notes(kind="image/gif", width=width, height=height)
    except (struct.error, IndexError, ValueError):
        return Notes(kind=_kind(data))
    return None


def _png(data: bytes) -> Notes:
    """Chunk by chunk (PNG, section 5.3), up to the picture itself."""
    width = height = 0
    description = ""
    at = len(_PNG)
    for _ in range(_MOST_PARTS):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        held = data[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height = struct.unpack(">II", held[:8])
        elif kind == b"iTXt" and held.startswith(DESCRIPTION.encode() + b"\0\0\0"):  # not compressed (section 11.3.4.5)
            _language, _keyword, text = held[len(DESCRIPTION) + 3 :].split(b"\0", 2)
            description = _words(text)
        elif kind in {b"IDAT", b"IEND"}:
            break
        at += 12 + length
    return Notes(kind="image/png", width=width, height=height, description=description)


def _jpeg(data: bytes) -> Notes:
    """Segment by segment (ITU T.81, annex B), up to the picture itself."""
    description = ""
    at = 2
    for _ in range(_MOST_PARTS):
        mark, marker, length = struct.unpack(">BBH", data[at : at + 4])
        held = data[at + 4 : at + 2 + length]
        if mark != 0xFF or marker == 0xDA:
            break
        if marker == 0xFE:
            description = _words(held)
        elif 0xC0 <= marker <= 0xCF and marker not in _NO_SIZES:
            height, width = struct.unpack(">HH", held[1:5])
            return Notes(kind="image/jpeg", width=width, height=height, description=description)
        at += 2 + length
    return Notes(kind="image/jpeg", description=description)


def _words(text: bytes) -> str:
    """As one line, where it is text at all."""
    try:
        told = " ".join(text.decode().split())
    except UnicodeDecodeError:
        return ""
    return told if told.isprintable() and len(told) <= _LONGEST else ""


def _kind(data: bytes) -> ImageKind:
    if data.startswith(_PNG):
        return "image/png"
    return "image/jpeg" if data.startswith(_JPEG) else "image/gif"
