"""The languages of the studio: English in the code and the templates, Dutch in `locale/nl/`, by gettext: a file a room.

They are read at the first page and kept: nothing has to be compiled beforehand.
"""

from __future__ import annotations

import gettext
import io
from functools import cache
from pathlib import Path

from babel.core import negotiate_locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from starlette.requests import Request

from service.domain.staff import StaffLanguage

LOCALE = Path(__file__).parent / "locale"
_KNOWN = ["nl", "en"]


@cache
def translations(language: StaffLanguage) -> gettext.NullTranslations:
    """The words of one language; English ones are their own translation."""
    if language == "en":
        return gettext.NullTranslations()
    whole = Catalog(locale=language)
    for path in sorted((LOCALE / language).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language, abort_invalid=True):
                if message.id:
                    whole.add(message.id, message.string)
    compiled = io.BytesIO()
    write_mo(compiled, whole)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def preferred(request: Request) -> StaffLanguage:
    """What the browser asks for (RFC 9110, section 12.5.4); Dutch where it does not say, or neither is known."""
    wanted: list[tuple[float, str]] = []
    for part in request.headers.get("accept-language", "").split(",")[:20]:
        tag, _, weight = part.strip().partition(";")
        wanted.append((_weight(weight), tag.strip().replace("-", "_")))
    ordered = [tag for weight, tag in sorted(wanted, key=lambda each: -each[0]) if tag and weight > 0]
    return "en" if negotiate_locale(ordered, _KNOWN) == "en" else "nl"


def _weight(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def sentence(text: str) -> str:
    """With a capital and a full stop, for a page."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
