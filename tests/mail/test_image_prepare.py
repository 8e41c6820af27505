"""What somebody brings becomes an image that can stand in a mail, or is told why it cannot."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from service.mail.image_check import judge
from service.mail.image_notes import notes
from service.mail.image_prepare import LARGEST, Prepared, prepare
from tests.support.tours.media import drawing

WORDS = "Onze behandelkamer, met een bänk"
PAYLOAD = b"<script>alert(1)</script><?php system('id'); ?>"


def made(data: bytes) -> Prepared:
    found, problems = prepare(data, WORDS)
    assert found is not None, problems
    judged, problems = judge(f"media/x.{found.ending}", found.data)
    assert judged is not None, problems
    assert (judged.width, judged.height) == (found.width, found.height)
    told = notes(found.data)
    assert told is not None
    assert (told.width, told.height, told.description) == (found.width, found.height, WORDS)
    assert len(found.data) <= LARGEST
    return found


def noisy(width: int, height: int, mode: str = "RGB") -> Image.Image:
    return Image.effect_noise((width, height), 90).convert(mode)


def saved(image: Image.Image, kind: str, **how: object) -> bytes:
    written = io.BytesIO()
    image.save(written, kind, **how)
    return written.getvalue()


@pytest.mark.parametrize(
    ("kind", "mode", "ending"),
    [
        ("JPEG", "RGB", "jpg"),
        ("JPEG", "CMYK", "jpg"),
        ("JPEG", "L", "jpg"),
        ("PNG", "RGBA", "png"),
        ("PNG", "P", "png"),
        ("PNG", "1", "png"),
        ("GIF", "P", "png"),
        ("WEBP", "RGB", "jpg"),
    ],
)
def test_every_kind_that_a_browser_saves_becomes_one_that_a_mail_program_shows(
    kind: str, mode: str, ending: str
) -> None:
    assert made(drawing(kind, mode=mode, width=500, height=300)).ending == ending


def test_a_photo_becomes_as_wide_and_as_heavy_as_a_mail_may_hold() -> None:
    found = made(saved(noisy(1500, 1000), "JPEG", quality=95))
    assert found.width <= 1200
    assert found.width / found.height == pytest.approx(1.5, abs=0.01)
    assert made(saved(noisy(60, 2500), "PNG")).height <= 2400
    see_through = noisy(600, 600, "RGBA")
    see_through.putalpha(Image.effect_noise((600, 600), 90))
    assert made(saved(see_through, "PNG")).ending == "png"


def test_a_photo_that_was_taken_on_its_side_stands_upright_and_tells_nothing_of_where() -> None:
    held = Image.Exif()
    held[0x0112] = 6
    held[0x010F] = "Merk van de camera"
    held.get_ifd(0x8825)[1] = "N"
    found = made(saved(noisy(800, 400), "JPEG", exif=held, comment=b"geheim", icc_profile=b"x" * 300))
    assert (found.width, found.height) == (400, 800)
    again = Image.open(io.BytesIO(found.data))
    assert not dict(again.getexif())
    for told in (b"camera", b"geheim", b"Exif"):
        assert told not in found.data


def test_nothing_that_was_hidden_in_or_behind_an_image_comes_along() -> None:
    told = PngImagePlugin.PngInfo()
    told.add_text("Comment", PAYLOAD.decode())
    for data in (
        drawing("PNG", width=90, height=60) + PAYLOAD,
        drawing("JPEG", width=90, height=60) + PAYLOAD,
        drawing("GIF", mode="P", width=90, height=60) + PAYLOAD,
        saved(noisy(60, 60), "PNG", pnginfo=told),
        saved(noisy(60, 60), "JPEG", comment=PAYLOAD),
    ):
        found = made(data)
        assert b"alert(" not in found.data
        assert b"php" not in found.data


def bomb(width: int, height: int) -> bytes:
    """A PNG that says it is this large, and holds next to nothing."""

    def chunk(kind: bytes, held: bytes) -> bytes:
        return struct.pack(">I", len(held)) + kind + held + struct.pack(">I", zlib.crc32(kind + held))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 999)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "geen plaatje"),
        (b"%PDF-1.7", "geen plaatje"),
        (b"<html><script>alert(1)</script>", "geen plaatje"),
        (b"GIF89a/*" + PAYLOAD, "geen plaatje"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (drawing("JPEG")[:700], "beschadigd"),
        (drawing("PNG")[:90], "beschadigd"),
        (bomb(60_000, 60_000), "veel te groot"),
        (bomb(5_000, 5_001), "veel te groot"),
        (bomb(3_000, 3_000), "beschadigd"),
        (drawing(width=15, height=15), "te klein"),
        (drawing(width=4000, height=17), "te klein"),
    ],
)
def test_what_is_no_image_or_a_trap_is_told_in_words(data: bytes, told: str) -> None:
    found, [problem] = prepare(data, WORDS)
    assert found is None
    assert told in problem.dutch


def test_a_moving_image_is_refused() -> None:
    frames = [noisy(60, 60), noisy(60, 60)]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert "beweegt" in prepare(data, WORDS)[1][0].dutch


@pytest.mark.parametrize(
    "whole",
    [
        *(drawing("PNG"), drawing("JPEG"), drawing("GIF", mode="P")),
        *(made(drawing("PNG", mode=mode)).data for mode in ("RGBA", "RGB")),  # with what there is to see
    ],
)
def test_the_notes_of_a_file_that_was_cut_anywhere_never_raise(whole: bytes) -> None:
    for length in range(400):
        notes(whole[:length])
    assert notes(b"RIFF\0\0\0\0WEBP") is None
    assert notes(b"") is None
