"""The page of images: without any, with some of every kind, and with one that was not taken."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw

from service.mail.image_prepare import prepare
from tests.support.house import House


def drawing(kind: str = "PNG", *, width: int = 900, height: int = 600, mode: str = "RGB") -> bytes:
    """An image with something on it, as somebody might bring it."""
    made = Image.new("RGB", (width, height), "#cfe3dc")
    pen = ImageDraw.Draw(made)
    pen.rectangle((width // 8, height // 2, width * 7 // 8, height * 7 // 8), fill="#1f5f5b")
    pen.ellipse((width // 6, height // 8, width // 3, height // 2), fill="#b4610f")
    written = io.BytesIO()
    made.convert(mode).save(written, kind)
    return written.getvalue()


def put(folder: Path, name: str, description: str, data: bytes) -> None:
    """An image as the studio keeps it, in the content folder."""
    made, problems = prepare(data, description)
    assert made is not None, problems
    (folder / "media").mkdir(exist_ok=True)
    (folder / "media" / name).write_bytes(made.data)


def pages(house: House) -> Iterator[tuple[str, str]]:
    """Name and path of each."""
    folder = house.services.content_dir
    yield "media-empty", "/studio/mails/-/media"
    put(folder, "behandelkamer.jpg", "Onze behandelkamer met een bank en een raam", drawing("JPEG"))
    put(folder, "rug.png", "Een tekening van een rug", drawing(mode="L", width=300, height=700))
    (folder / "media" / "geen-plaatje.jpg").write_bytes(b"%PDF-1.7")
    mail = folder / "email_templates" / "hoe-ging-het.md"
    shown = "![Onze behandelkamer met een bank en een raam](media/behandelkamer.jpg)"
    mail.write_text(f"{mail.read_text(encoding='utf-8')}\n{shown}\n", encoding="utf-8")
    yield "media", "/studio/mails/-/media"
    yield "media-added", "/studio/mails/-/media?added=rug.png"
    yield "media-removed", "/studio/mails/-/media?removed=1"
