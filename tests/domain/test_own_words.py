"""A lead's own words may be shown to staff whatever stands in them: plain, short enough, and with nothing to press."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain import own_words


def lines(text: str) -> tuple[str, ...]:
    return own_words.shown(text).lines


def test_line_ends_of_every_system_are_line_ends_and_empty_lines_stay() -> None:
    assert lines("een\r\ntwee\rdrie\u2028vier\n\n\n\n\nvijf  \t zes \n") == (
        *("een", "twee", "drie", "vier"),
        *("\xa0", "vijf zes"),
    )


def test_no_text_is_no_line() -> None:
    assert own_words.shown(" \r\n\u200b\x00") == own_words.OwnWords(lines=(), cut=False, defused=False)


@pytest.mark.parametrize("hidden", ["\x00", "\x1b[31m", "\u202e", "\u2066", "\u200b", "\ufeff", "\U000e0041", "\ud800"])
def test_what_cannot_be_seen_or_turns_the_direction_is_taken_out(hidden: str) -> None:
    [line] = lines(f"voor{hidden}na")
    assert line.replace("[31m", "") == "voorna"


def test_accents_stay_and_those_that_paint_over_other_lines_do_not() -> None:
    assert lines("cafe\u0301") == ("café",)
    assert len(unicodedata.normalize("NFD", lines("a" + "\u0301" * 500)[0])) <= 5


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("kijk op https://kwaad.example/pad?a=1.5", "kijk op https[:]//kwaad[.]example/pad?a=1.5"),
        ("HTTP://KWAAD.EXAMPLE", "HTTP[:]//KWAAD[.]EXAMPLE"),
        ("www.kwaad.example", "www[.]kwaad[.]example"),
        ("(kwaad.example/inloggen)", "(kwaad[.]example/inloggen)"),
        ("ga naar kwaad.nl.", "ga naar kwaad[.]nl."),
        ("inloggen-bank.com", "inloggen-bank[.]com"),
        ("https://gebruiker:woord@kwaad.example/", "https[:]//gebruiker:woord@kwaad[.]example/"),
    ],
)
def test_a_link_is_no_link_any_more_and_that_is_said(written: str, shown: str) -> None:
    found = own_words.shown(written)
    assert (found.lines, found.defused) == ((shown,), True)
    assert own_words.subject(written) == shown


@pytest.mark.parametrize(
    "harmless",
    ["mail mij op anna@example.org", "om 16.30 uur", "1.5/2", "jan.de@example.org", "Ja.Nee", "en/of", "d.d. 3/4"],
)
def test_other_dots_and_slashes_stay_as_they_are(harmless: str) -> None:
    assert own_words.shown(harmless) == own_words.OwnWords(lines=(harmless,), cut=False, defused=False)


@pytest.mark.parametrize("text", ["a" * 5_001, "woord " * 4_000, "x\n" * 400, "\u200b" * 30_000 + "einde"])
def test_a_long_text_is_cut_and_that_is_said(text: str) -> None:
    found = own_words.shown(text)
    assert found.cut
    assert sum(map(len, found.lines)) <= own_words.LONGEST
    assert len(found.lines) <= 200


def test_a_text_that_just_fits_is_whole() -> None:
    assert own_words.shown("a" * 5_000) == own_words.OwnWords(lines=("a" * 5_000,), cut=False, defused=False)


def test_a_subject_is_one_short_line() -> None:
    assert own_words.subject("Re:\r\nBcc: iemand@example.org\t mijn  rug") == "Re: Bcc: iemand@example.org mijn rug"
    assert len(own_words.subject("lang " * 100)) == 150
    assert own_words.subject("\u202e") == ""


@given(st.text(max_size=300))
def test_whatever_is_written_every_line_prints_and_none_is_empty(text: str) -> None:
    for line in [*lines(text), *filter(None, [own_words.subject(text)])]:
        assert line
        assert "\n" not in line
        assert not any(unicodedata.category(each)[0] == "C" for each in line)
