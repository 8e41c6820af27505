"""Lengths a phone shows, images without words, wide tables, and one thing to do in a mail."""

from __future__ import annotations

import pytest

from service.mail.front_matter import SourceFile
from service.mail.lint_looks import html_too_long, longest
from service.mail.written import Head
from tests.support.mails import HEAD, tried


def ids(body: str, *, head: str = HEAD) -> list[tuple[str, int | None]]:
    return [(problem.id, problem.line) for problem in tried(body, head=head)[1]]


def subject(text: str) -> str:
    return HEAD.replace("subject: Begin vandaag", f'subject: "{text}"')


def preheader(text: str) -> str:
    return HEAD.replace("Een eerste stap voor thuis. Je hebt een stoel nodig.", text)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("Begin vandaag", 13),
        ("{% if first_name %}{{ first_name }}, begin{% else %}Begin{% endif %} vandaag", 30),
        ("{% if answers.leg == 'yes' %}Kort{% elif answers.leg %}Veel langer{% else %}Lang{% endif %}", 11),
    ],
)
def test_the_longest_branch_counts_with_a_long_first_name(text: str, length: int) -> None:
    assert longest(text) == length


def test_a_subject_that_a_phone_cuts_off_warns() -> None:
    assert ids("x", head=subject("a" * 40)) == []
    assert ids("x", head=subject("a" * 41)) == [("mail.subject-long", 2)]
    with_name = "{% if first_name %}{{ first_name }}, {% endif %}hier is je advies voor vandaag"
    assert ids("x", head=subject(with_name)) == [("mail.subject-long", 2)]


@pytest.mark.parametrize(("length", "warns"), [(39, True), (40, False), (110, False), (111, True)])
def test_a_preheader_fills_its_line_and_is_said_to_the_end(length: int, warns: bool) -> None:
    assert ids("x", head=preheader("a" * length)) == ([("mail.preheader-length", 3)] if warns else [])


def test_a_mail_to_the_practice_may_be_as_long_as_it_likes() -> None:
    head = f"---\nsubject: {'a' * 60}\npreheader: Kort.\naudience: practice\n---\n"
    assert ids("Tekst.", head=head) == []


def test_two_main_buttons_warn_but_one_on_each_branch_does_not() -> None:
    button = "[Ja]({{ confirm_url }}){.button}\n"
    assert ids(button + "\n" + button) == [("mail.buttons", 1)]
    assert ids("{% if answers.leg == 'yes' %}\n" + button + "{% else %}\n" + button + "{% endif %}") == []


def test_a_mail_of_hardly_more_than_images_warns() -> None:
    logo = "{% if practice.logo %}\n![Ons logo in groen]({{ practice.logo }})\n{% endif %}\n"
    assert ids(logo + "\nKijk maar.") == [("mail.images-alone", 1)]
    assert ids(logo + "\n" + "Een zin van zeven woorden staat hier. " * 4) == []


def test_a_mail_without_words_below_its_heading_has_an_empty_text_part() -> None:
    assert ids("---") == [("mail.text-empty", 1)]
    assert ids("[Ja, graag]({{ confirm_url }}){.button}") == []


def test_a_table_of_more_columns_than_a_phone_shows_warns() -> None:
    def table(columns: int) -> str:
        return "Tekst.\n\n" + "| a " * columns + "|\n" + "|---" * columns + "|\n" + "| b " * columns + "|\n"

    assert ids(table(3)) == []
    assert ids(table(4)) == [("mail.table-wide", 10)]


def test_a_mail_that_mail_programs_cut_off_warns() -> None:
    head = Head(source=SourceFile(name="proef.md"), audience="lead", texts={})
    assert [p.id for p in html_too_long(head, "x" * 100_001)] == ["mail.long"]
    assert list(html_too_long(head, "x" * 100_000)) == []
