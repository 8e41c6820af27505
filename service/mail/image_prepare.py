"""Makes an image that somebody brought fit to stand in a mail: upright, at most 1200 wide, light, and bare.

Nothing of the file itself is kept, but what it looks like: it is drawn anew, so that no place, no name of a camera, and
nothing that was hidden behind or inside it comes along. Runs where a hostile one can do no harm (`compile_child.py`).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image as Pillow
from PIL import ImageCms, PngImagePlugin, UnidentifiedImageError

from service.errors import Problem
from service.mail.image_check import HIGHEST, SMALLEST, WIDEST

MOST_PIXELS, MOST_OF_A_PHOTO = 25_000_000, 120_000_000
"""A JPEG can be decoded at less than its own size."""
LARGEST = 300_000
"""Bytes, as `flows/media.py` has it: mails are read on a phone."""

_FORMATS = ("PNG", "JPEG", "GIF", "WEBP")  # what browsers save; Outlook shows no WebP, and none comes out of here
_QUALITIES = (86, 78, 68, 58)
_WIDTHS = (WIDEST, 900, 700, 552)
_ORIENTATION = 0x0112  # of EXIF: how the camera was held
_TURNS = {
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_270,
    7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_90,
}
DESCRIPTION = "Description"
"""The keyword of a PNG's text (PNG, section 11.3.4), as of a JPEG's comment: what there is to see."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """An image that can stand in a mail. `ending` is that of its file, without the dot."""

    data: bytes
    ending: str
    width: int
    height: int


class _UnfitError(Exception):
    def __init__(self, kind: str, english: str, dutch: str) -> None:
        super().__init__(english)
        self.problem = Problem(id=f"media.{kind}", message=english, dutch=dutch)


def prepare(data: bytes, description: str) -> tuple[Prepared | None, list[Problem]]:
    """The image drawn anew with these words in it, or why it cannot be."""
    try:
        return _prepared(data, description), []
    except _UnfitError as unfit:
        return None, [unfit.problem]
    except Pillow.DecompressionBombError:
        return None, [_too_many_pixels().problem]
    except UnidentifiedImageError:
        return None, [_unknown(data).problem]
    except (OSError, SyntaxError, ValueError, EOFError, IndexError):  # what Pillow says of a broken file
        english = "this image is damaged; save it once more as JPEG (photo) or PNG (drawing)"
        dutch = "dit plaatje is beschadigd. Bewaar het opnieuw als JPEG (foto) of PNG (tekening)."
        return None, [_UnfitError("format", english, dutch).problem]


def _prepared(data: bytes, description: str) -> Prepared:
    with Pillow.open(io.BytesIO(data), formats=_FORMATS) as opened:
        jpeg = opened.format == "JPEG"
        if opened.width * opened.height > (MOST_OF_A_PHOTO if jpeg else MOST_PIXELS):
            raise _too_many_pixels()
        if getattr(opened, "n_frames", 1) > 1:
            english = "this image moves, which some readers cannot bear and Outlook does not show; choose a still one"
            dutch = "dit plaatje beweegt. Sommige lezers kunnen daar niet tegen. Kies er een die stilstaat."
            raise _UnfitError("format", english, dutch)
        photo = opened.format in {"JPEG", "WEBP"}
        if jpeg:
            opened.draft(None, (HIGHEST, HIGHEST))
        turned = opened.getexif().get(_ORIENTATION, 1)
        small = _true_colours(opened)
    small.thumbnail((HIGHEST, HIGHEST), Pillow.Resampling.LANCZOS, reducing_gap=2)
    drawn = _fitted(small.transpose(_TURNS[turned]) if turned in _TURNS else small)
    if min(drawn.size) < SMALLEST:
        english = f"this image is too small; make it at least {SMALLEST} by {SMALLEST} pixels"
        dutch = f"dit plaatje is te klein. Het moet minstens {SMALLEST} bij {SMALLEST} beeldpunten zijn."
        raise _UnfitError("size", english, dutch)
    for ending, written, size in _ways(drawn, photo=photo, description=description):
        if len(written) <= LARGEST:
            return Prepared(data=written, ending=ending, width=size[0], height=size[1])
    english = "this image stays too heavy for a mail; choose a calmer one"
    dutch = "dit plaatje blijft te zwaar voor een mail. Kies een rustiger plaatje."
    raise _UnfitError("weight", english, dutch)


def _true_colours(image: Pillow.Image) -> Pillow.Image:
    """In sRGB, which an image without a profile is taken for; with alpha where something shows through."""
    profile = image.info.get("icc_profile")
    has_alpha = image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info
    if profile and image.mode in {"RGB", "CMYK"}:
        try:
            ours = ImageCms.createProfile("sRGB")
            theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            image = ImageCms.profileToProfile(image, theirs, ours, outputMode="RGB") or image
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a profile that cannot be read says nothing
    image = image.convert("RGBA" if has_alpha else "RGB")
    if has_alpha and image.getchannel("A").getextrema()[0] == 255:
        image = image.convert("RGB")
    image.info.clear()
    return image


def _fitted(image: Pillow.Image, width: int = WIDEST) -> Pillow.Image:
    bare = Pillow.new(image.mode, image.size)  # its own notes stay behind
    bare.paste(image)
    bare.thumbnail((width, HIGHEST), Pillow.Resampling.LANCZOS)
    return bare


def _ways(image: Pillow.Image, *, photo: bool, description: str) -> Iterator[tuple[str, bytes, tuple[int, int]]]:
    """The image written ever lighter: by ending, bytes and size."""
    opaque = image.mode == "RGB"
    for width in _WIDTHS:
        at = image if image.width <= width else _fitted(image, width)
        if not photo or not opaque:
            yield "png", _png(at, description), at.size
        if opaque:
            for quality in _QUALITIES:
                written = io.BytesIO()
                comment = description.encode()
                at.save(written, "JPEG", quality=quality, optimize=True, progressive=True, comment=comment)
                yield "jpg", written.getvalue(), at.size
        else:
            fewer = at.quantize(256, method=Pillow.Quantize.FASTOCTREE)
            yield "png", _png(fewer, description), at.size


def _png(image: Pillow.Image, description: str) -> bytes:
    told = PngImagePlugin.PngInfo()
    told.add_itxt(DESCRIPTION, description)
    written = io.BytesIO()
    image.save(written, "PNG", optimize=True, pnginfo=told)
    return written.getvalue()


def _too_many_pixels() -> _UnfitError:
    most = MOST_PIXELS // 1_000_000
    english = f"this image is far too large; make it less than {most} million pixels"
    dutch = f"dit plaatje is veel te groot. Maak het kleiner dan {most} miljoen beeldpunten."
    return _UnfitError("size", english, dutch)


def _unknown(data: bytes) -> _UnfitError:
    if data[4:12] in {b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc"}:
        english = "this is a photo in HEIC, as iPhones make them; save it as JPEG first"
        dutch = "dit is een foto in HEIC, zoals een iPhone die maakt. Bewaar hem eerst als JPEG."
    elif b"<svg" in data[:2000].lower():
        english = "mail programs show no SVG; save it as PNG"
        dutch = "mailprogramma's laten SVG niet zien. Bewaar het als PNG."
    else:
        english = "this is no image; choose a JPEG (photo) or PNG (drawing)"
        dutch = "dit is geen plaatje. Kies een JPEG (foto) of PNG (tekening)."
    return _UnfitError("format", english, dutch)
