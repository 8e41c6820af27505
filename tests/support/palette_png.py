"""Small PNG files: pictures of text need few colours, and a palette makes them a quarter of the size."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

Colour = tuple[int, int, int]


def palette_png(width: int, height: int, pixels: bytes, palette: Sequence[Colour]) -> bytes:
    """A PNG of one byte a pixel, each an index into at most 256 colours (PNG specification, sections 5 and 11)."""
    if len(pixels) != width * height or not 1 <= len(palette) <= 256:
        raise ValueError("one byte a pixel, and 1 to 256 colours")
    rows = b"".join(b"\0" + pixels[row * width : (row + 1) * width] for row in range(height))  # 0: the row as it is
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = [
        _chunk(b"IHDR", header),
        _chunk(b"PLTE", b"".join(map(bytes, palette))),
        _chunk(b"IDAT", zlib.compress(rows, 9)),
        _chunk(b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
