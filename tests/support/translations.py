"""The studio's words, gathered from its templates: what must stand in each catalogue, and bringing one up to date."""

from __future__ import annotations

import io
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


def words() -> Catalog:
    """Every message of the templates with the places it stands in."""
    catalog = Catalog()
    for path in sorted((TEMPLATES / "studio").rglob("*.html")):
        with path.open("rb") as file:
            options = {"trimmed": "true", "silent": "false", "encoding": "utf-8"}
            for _line, message, _comments, _context in extract("jinja2.ext:babel_extract", file, KEYWORDS, (), options):
                catalog.add(message, locations=[(path.relative_to(TEMPLATES).as_posix(), 0)])
    return catalog


def read(language: str) -> Catalog:
    """The catalogue of a language as it stands."""
    path = LOCALE / f"{language}.po"
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def brought_up_to_date(language: str) -> bytes:
    """The catalogue with every message there is, new ones untranslated, and none that is gone."""
    catalog = read(language)
    catalog.update(words(), no_fuzzy_matching=True, update_header_comment=False)
    catalog.obsolete.clear()
    written = io.BytesIO()
    write_po(written, catalog, omit_header=True, sort_output=True, width=110, include_lineno=False)
    return HEADER.format(language).encode() + written.getvalue()


def write(language: str) -> Path:
    """Write it."""
    path = LOCALE / f"{language}.po"
    path.write_bytes(brought_up_to_date(language))
    return path
