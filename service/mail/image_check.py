"""Judges an image by its content, not by its name; runs where a hostile one can do no harm (`compile_child.py`).

Mail programs show PNG, JPEG and GIF everywhere. Outlook shows no WebP, and an SVG can hold a script.
"""

from __future__ import annotations

import hashlib
import io

from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from service.errors import Problem
from service.mail.compiled import Image, ImageKind

WIDEST, HIGHEST, SMALLEST = 1200, 2400, 16
"""Pixels as stored: twice what is shown at most, for sharp screens. Smaller than 16 is a counting pixel (M10)."""

_KINDS: dict[str, ImageKind] = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif"}
_ENDINGS: dict[ImageKind, str] = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif"}
_PLACE_TAKEN = 0x8825  # the GPS block of EXIF
_ORIENTATION, _UPRIGHT = 0x0112, (None, 0, 1)  # how the camera was held (EXIF 2.32, section 4.6.4); 0 says nothing


class _UnfitError(Exception):
    """Raised with the problem that says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def judge(path: str, data: bytes) -> tuple[Image | None, list[Problem]]:
    """The facts of an image that may stand in a mail, or why it may not. `path` as in `media/foto.jpg`."""
    try:
        return _read(path, data), []
    except _UnfitError as unfit:
        return None, [unfit.problem]
    except Pillow.DecompressionBombError:
        return None, [_size(path, "far too large", "veel te groot")]
    except UnidentifiedImageError:
        return None, [_format(path, "this is no image", "dit is geen plaatje")]
    except (OSError, SyntaxError, ValueError, EOFError, IndexError):  # what Pillow says of a broken file
        return None, [_format(path, "this image is damaged", "dit plaatje is beschadigd")]


def _read(path: str, data: bytes) -> Image:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        raise _UnfitError(_format(path, "WebP is not shown by Outlook", "Outlook laat WebP niet zien"))
    if b"<svg" in data[:2000].lower():
        raise _UnfitError(_format(path, "SVG is not shown by mail programs", "mailprogramma's laten SVG niet zien"))
    with Pillow.open(io.BytesIO(data), formats=tuple(_KINDS)) as opened:
        width, height = opened.size
        if min(width, height) < SMALLEST or width > WIDEST or height > HIGHEST:
            raise _UnfitError(_size(path, f"{width} by {height} pixels", f"{width} bij {height} beeldpunten"))
        opened.load()
        if opened.getexif().get_ifd(_PLACE_TAKEN):
            message = "this photo tells where it was taken; save it without location"
            dutch = "in deze foto staat waar hij is gemaakt. Bewaar hem zonder locatie."
            raise _UnfitError(Problem(id="media.location", file=path, message=message, dutch=dutch))
        if opened.getexif().get(_ORIENTATION) not in _UPRIGHT:
            message = "many mail programs show this photo turned; turn it upright and save it, or add it in the studio"
            dutch = (
                "veel mailprogramma's laten deze foto gedraaid zien. Draai en bewaar hem, of voeg hem toe in de studio."
            )
            raise _UnfitError(Problem(id="media.turned", file=path, message=message, dutch=dutch))
        kind = _KINDS[str(opened.format)]
    name = f"{hashlib.sha256(data).hexdigest()[:40]}.{_ENDINGS[kind]}"
    return Image(path=path, name=name, kind=kind, width=width, height=height)


def _size(path: str, english: str, dutch: str) -> Problem:
    return Problem(
        id="media.size",
        file=path,
        message=f"this image is {english}; make it {SMALLEST} to {WIDEST} wide and at most {HIGHEST} high",
        dutch=f"dit plaatje is {dutch}. Maak het {SMALLEST} tot {WIDEST} breed en hoogstens {HIGHEST} hoog.",
    )


def _format(path: str, english: str, dutch: str) -> Problem:
    message = f"{english}; save it as JPEG (photo) or PNG (drawing)"
    dutch = f"{dutch}. Bewaar het als JPEG (foto) of PNG (tekening)."
    return Problem(id="media.format", file=path, message=message, dutch=dutch)
