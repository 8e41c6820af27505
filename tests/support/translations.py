"""The studio's words, gathered from its templates: what must stand in each catalogue, and bringing one up to date."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from service.web.pages import TEMPLATES
from service.web.studio.languages import LOCALE

HEADER = """\
# The studio's words. Brought up to date with: make translations
msgid ""
msgstr ""
"Language: {}\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}


SHELL = "shell"
"""The catalogue of the templates that stand in no room's folder."""


def rooms() -> list[str]:
    """The catalogues there must be: one for each folder of templates with words in it."""
    return sorted({_room(path) for path, _ in _said()})


def words(room: str | None = None) -> Catalog:
    """Every message of a room's templates, or of all, with the places it stands in."""
    catalog = Catalog()
    for path, message in _said():
        if room in {None, _room(path)}:
            catalog.add(message, locations=[(path.relative_to(TEMPLATES).as_posix(), 0)])
    return catalog


def read(language: str, room: str) -> Catalog:
    """The catalogue of a room as it stands."""
    path = LOCALE / language / f"{room}.po"
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def brought_up_to_date(language: str, room: str) -> bytes:
    """The catalogue with every message there is, new ones untranslated, and none that is gone."""
    catalog = read(language, room)
    catalog.update(words(room), no_fuzzy_matching=True, update_header_comment=False)
    catalog.obsolete.clear()
    written = io.BytesIO()
    write_po(written, catalog, omit_header=True, sort_output=True, width=110, include_lineno=False)
    return HEADER.format(language).encode() + written.getvalue()


def write(language: str) -> list[Path]:
    """Write them all."""
    written = [LOCALE / language / f"{room}.po" for room in rooms()]
    for path in written:
        path.write_bytes(brought_up_to_date(language, path.stem))
    return written


@cache  # they are read once for all rooms
def _said() -> list[tuple[Path, str | tuple[str, ...]]]:
    said: list[tuple[Path, str | tuple[str, ...]]] = []
    options = {"trimmed": "true", "silent": "false", "encoding": "utf-8"}
    for path in sorted((TEMPLATES / "studio").rglob("*.html")):
        with path.open("rb") as file:
            found = extract("jinja2.ext:babel_extract", file, KEYWORDS, (), options)
            said += [(path, message) for _line, message, _comments, _context in found]
    return said


def _room(path: Path) -> str:
    folder = path.relative_to(TEMPLATES / "studio").parent.name
    return folder or SHELL
