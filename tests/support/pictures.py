"""Image files for tests, made on the spot."""

from __future__ import annotations

import io

from PIL import Image


def image(kind: str = "PNG", *, width: int = 900, height: int = 600, colour: str = "teal", **options: object) -> bytes:
    """A plain image of this format, as Pillow names it."""
    written = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(written, kind, **options)
    return written.getvalue()


def with_place() -> bytes:
    """A photo that tells where it was taken."""
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 22.0, 0.0), 3: "E", 4: (4.0, 54.0, 0.0)})
    return image("JPEG", exif=exif)


def with_turn(turn: int) -> bytes:
    """A photo that says how the camera was held: 1 upright, up to 8."""
    exif = Image.Exif()
    exif[0x0112] = turn
    return image("JPEG", exif=exif)
