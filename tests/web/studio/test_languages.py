"""The studio in Dutch and English: nothing untranslated, nothing left over, and the one that is asked for."""

from __future__ import annotations

import re

import pytest
from starlette.requests import Request

from service.domain.staff import StaffLanguage
from service.web.studio.languages import LOCALE, preferred, translations
from tests.support.translations import brought_up_to_date, read, rooms, words


def test_the_catalogues_hold_every_word_of_the_templates_and_no_other() -> None:
    assert {path.stem for path in (LOCALE / "nl").iterdir()} == set(rooms()), "run: make translations"
    for room in rooms():
        assert (LOCALE / "nl" / f"{room}.po").read_bytes() == brought_up_to_date("nl", room), "run: make translations"


def test_everything_is_translated_once_and_with_the_same_places_to_fill_in() -> None:
    known: dict[object, object] = {}
    for message in (each for room in rooms() for each in read("nl", room) if each.id):
        told = [message.string] if isinstance(message.string, str) else list(message.string or ())
        assert all(told), f"not translated: {message.id}"
        assert not message.fuzzy
        assert known.setdefault(message.id, message.string) == message.string, f"two translations: {message.id}"
        asked = message.id if isinstance(message.id, str) else message.id[0]
        for each in told:
            assert re.findall(r"%\(\w+\)s", each) == re.findall(r"%\(\w+\)s", asked), each


def test_dutch_is_read_from_the_catalogue_and_english_is_its_own() -> None:
    assert translations("nl").gettext("Log in") == "Inloggen"
    assert (
        translations("nl")
        .ngettext("mail waits for your decision", "mails wait for your decision", 2)
        .startswith("mails wachten")
    )
    assert all(translations("en").gettext(each.id) == each.id for each in words() if isinstance(each.id, str))


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("", "nl"),
        ("nl", "nl"),
        ("en", "en"),
        ("en-GB,en;q=0.9,nl;q=0.8", "en"),
        ("nl-NL,nl;q=0.9,en;q=0.8", "nl"),
        ("de,en;q=0.5", "en"),
        ("fr", "nl"),
        ("en;q=0, nl;q=0.1", "nl"),
        ("en;q=zero", "nl"),
        ("*", "nl"),
        (",,;;q=,\xff;q=9e999", "nl"),
        ("en," * 5_000, "en"),
    ],
)
def test_before_anybody_is_known_the_browsers_language_counts(asked: str, language: StaffLanguage) -> None:
    headers = [(b"accept-language", asked.encode("latin-1"))]
    assert preferred(Request({"type": "http", "headers": headers})) == language
