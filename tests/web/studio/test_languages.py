"""The studio in Dutch and English: nothing untranslated, nothing left over, and the one that is asked for."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from starlette.requests import Request

from service.domain.staff import Role, StaffLanguage
from service.flows import results
from service.web.studio.languages import LOCALE, preferred, translations
from tests.support import acts
from tests.support.house import House
from tests.support.studio import desk, hire
from tests.support.translations import brought_up_to_date, read, rooms, words

OPEN = {"br", "hr", "img", "input", "link", "meta", "path", "rect", "use"}  # what has no end


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


class Read(HTMLParser):
    """Each text of a page, with the language that a screen reader speaks it in."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.spoken: list[tuple[str, str]] = []
        self._languages: list[str] = [""]
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A language holds for all that is inside."""
        if tag not in OPEN:
            self._languages.append(dict(attrs).get("lang") or self._languages[-1])

    def handle_endtag(self, tag: str) -> None:
        """Back to that of whatever is around."""
        if tag not in OPEN:
            self._languages.pop()

    def handle_data(self, data: str) -> None:
        """But for the page's own name, of which no part can have another."""
        if self.lasttag != "title" and data.strip():
            self.spoken.append((data.strip().strip(":"), self._languages[-1]))


@pytest.mark.parametrize(
    "path",
    [
        *("/studio/", "/studio/results", "/studio/results/lage-rug", "/studio/mails", "/studio/mails/hoe-ging-het"),
        *("/studio/sequences", "/studio/sequences/lage-rug", "/studio/sequences/lage-rug/calendar"),
        *(
            "/studio/leads",
            "/studio/leads/1",
            "/studio/leads/1/mails/2",
            "/studio/settings/forms",
            "/studio/settings/forms/lage-rug",
        ),
    ],
)
def test_what_readers_see_is_spoken_in_dutch_on_english_pages_too(house: House, path: str) -> None:
    """WCAG 2.2, 3.1.2: subjects and titles are Dutch, whatever the page around them is."""
    acts.confirmed(house)
    house.live_through(days=4)
    with house.services.database.reading() as session:
        subjects = results.mail_titles(session, house.services)
        titles = results.topic_titles(session, house.services)
        forms = house.services.published.live_forms(session)[1].forms
    dutch = {*subjects.values(), *titles.values(), *(form.title for form in forms.values())} - subjects.keys()
    answer = desk(house, hire(house, role=Role.ADMIN, language="en")).see(path)
    assert answer.status_code == 200
    found = [each for each in Read(answer.text).spoken if each[0] in dutch]
    assert found, "nothing Dutch is on it, so this shows nothing"
    assert {language for _, language in found} == {"nl"}, [text for text, language in found if language != "nl"]


@pytest.mark.parametrize(
    "path",
    [
        *("/studio/sequences/lage-rug/steps/check", "/studio/sequences/lage-rug/calendar"),
        *("/studio/settings/forms/lage-rug", "/studio/mails/hoe-ging-het"),
    ],
)
def test_what_a_form_asks_is_spoken_in_dutch_on_english_pages_too(house: House, path: str) -> None:
    with house.services.database.reading() as session:
        form = house.services.published.live_forms(session)[1].forms["lage-rug"]
    answer = desk(house, hire(house, role=Role.ADMIN, language="en")).see(path)
    spoken = Read(answer.text).spoken
    for question in form.questions:
        assert {language for told, language in spoken if told == question.label} == {"nl"}
        for option in question.options:
            assert {language for told, language in spoken if told == option.label} <= {"nl"}, option.label
    assert {language for told, language in spoken if told in {"not answered", "No answer"}} <= {"en"}
