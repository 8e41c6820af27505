"""What a test wants to know of a PNG: its size, and its first pixel."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Png:
    """Width and height in pixels, and the colour at the top left as red, green, blue."""

    width: int
    height: int
    corner: tuple[int, int, int]


def read(data: bytes) -> Png:
    """An 8-bit RGB or RGBA PNG. The first pixel is stored as it is, whatever the filter (PNG specification, 9)."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height, depth, colours = struct.unpack(">IIBB", data[16:26])
    assert (depth, colours) in {(8, 2), (8, 6)}, "another kind of PNG"
    pixels, place = b"", 8
    while place < len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        if data[place + 4 : place + 8] == b"IDAT":
            pixels += data[place + 8 : place + 8 + length]
        place += length + 12
    first = zlib.decompress(pixels)[1:4]
    return Png(width=width, height=height, corner=(first[0], first[1], first[2]))
