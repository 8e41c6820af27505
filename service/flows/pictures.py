"""How a mail looks where it is read: narrow and wide, in the dark, with images off, and as text.

The page is made whole before it is shown: the practice's own images stand in it, and nothing is loaded from anywhere.
"""

from __future__ import annotations

import base64
import html
import mimetypes
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from service.flows.chromium import Chromium
from service.mail.compose import Rendered

_NOTHING_FROM_OUTSIDE = "default-src 'none'; style-src 'unsafe-inline'"
_HEAD = re.compile(r"<head[^>]*>")
_IF_DARK = re.compile(r"\(\s*prefers-color-scheme:\s*dark\s*\)")
_SCHEMES = re.compile(r"(color-schemes?(?:: |\" content=\"))light dark")
_TEXT_WIDTH = 600


@dataclass(frozen=True, kw_only=True)
class Look:
    """One way of reading the HTML part. `width` is in CSS pixels: 320 is a narrow phone, 600 a mail's full width."""

    name: str
    width: int
    dark: bool = False
    images: bool = True


LOOKS = (
    Look(name="320", width=320),
    Look(name="320-dark", width=320, dark=True),
    Look(name="320-no-images", width=320, images=False),
    Look(name="600", width=600),
    Look(name="600-dark", width=600, dark=True),
)


@dataclass(frozen=True, kw_only=True)
class Hosted:
    """The practice's own images: where they are served, and the bytes of each by its name there."""

    url: str
    images: Mapping[str, bytes]


def drawn(browser: Chromium, mail: Rendered, hosted: Hosted) -> Iterator[tuple[str, bytes]]:
    """Each look's name with its PNG; the text part is the last, as `text`."""
    for look in LOOKS:
        page = alone(mail.html, hosted, images=look.images)
        yield look.name, browser.picture(page, width=look.width, dark=look.dark)
    yield "text", browser.picture(text_page(mail.text), width=_TEXT_WIDTH)


def alone(page: str, hosted: Hosted, *, images: bool = True) -> str:
    """The HTML part with its images inside, and forbidden to load anything; without `images` it shows none either."""
    if images:
        page = re.sub(rf'(?<=src="){re.escape(hosted.url)}([^"]+)', lambda found: _inside(found, hosted), page)
    policy = f"{_NOTHING_FROM_OUTSIDE}; img-src data:" if images else _NOTHING_FROM_OUTSIDE
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    return _HEAD.sub(lambda found: found[0] + meta, page, count=1)


def in_the_dark(page: str) -> str:
    """The page as a reader in dark mode has it, for a frame, which cannot be told: rules for the dark always hold."""
    return _SCHEMES.sub(r"\1dark", _IF_DARK.sub("(min-width: 0)", page))


def in_the_light(page: str) -> str:
    """The page as a reader without dark mode has it, whatever the browser it is shown in prefers."""
    return _SCHEMES.sub(r"\1light", _IF_DARK.sub("(max-width: 0)", page))


def text_page(text: str) -> str:
    """The text part as a mail program shows it."""
    style = "margin: 16px; font: 13px/1.6 monospace; white-space: pre-wrap; overflow-wrap: anywhere"
    body = f'<pre style="{style}">{html.escape(text)}</pre>'
    return f'<!doctype html><html lang="nl"><head><meta charset="utf-8"></head><body>{body}</body></html>'


def _inside(found: re.Match[str], hosted: Hosted) -> str:
    """An image as data: URL; the address stays where there is no such image."""
    data = hosted.images.get(found[1])
    kind, _ = mimetypes.guess_type(found[1])
    return found[0] if data is None else f"data:{kind};base64,{base64.b64encode(data).decode()}"
