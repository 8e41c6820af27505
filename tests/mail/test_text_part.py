"""The text part: from the same Markdown, each link's address alone on its own line."""

from __future__ import annotations

import re

import pytest

from service.mail.compose import render
from tests.support.mails import TOKEN, compiled, values


def text(body: str, **answers: str) -> str:
    """The filled-in text of a body, without heading and footer."""
    whole = render(compiled(body), values(answers=answers)).text
    return whole.split("===\n\n", 1)[1].split("\n\n" + "-" * 60)[0]


def test_a_button_is_a_label_and_an_address_beneath_it() -> None:
    found = text("[Ja, stuur mij het vervolg]({{ confirm_url }}){.button}")
    assert found == f"Ja, stuur mij het vervolg:\nhttps://mail.example/c/{TOKEN}"


def test_answer_buttons_stand_one_after_another() -> None:
    body = '[Beter]({{ answer_url("better") }}){.answer}\n[Slechter]({{ answer_url("worse") }}){.answer}'
    base = f"https://mail.example/a/{TOKEN}"
    assert text(body) == f"Beter:\n{base}?answer=better\n\nSlechter:\n{base}?answer=worse"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Lees het [artikel](https://a.nl/x) eens.", "Lees het artikel eens.\nhttps://a.nl/x"),
        ("[Lees het artikel](https://a.nl/x)", "Lees het artikel:\nhttps://a.nl/x"),
        ("[Een](https://a.nl/1) of [twee](https://a.nl/2).", "Een:\nhttps://a.nl/1\nof twee:\nhttps://a.nl/2"),
        ("Zie <https://a.nl/x>.", "Zie\nhttps://a.nl/x"),
        ("Bel [{{ practice.phone }}](tel:{{ practice.phone }}).", "Bel +31 20 000 00 00."),
        ("[Bel ons](tel:{{ practice.phone }}).", "Bel ons (+31200000000)."),
        ("[Mail](mailto:a@b.nl)", "Mail (a@b.nl)"),
        ("- [Een](https://a.nl/1)\n- twee", "- Een:\nhttps://a.nl/1\n- twee"),
    ],
)
def test_each_address_stands_alone_on_its_line(body: str, expected: str) -> None:
    assert text(body) == expected


def test_a_link_in_a_branch_stays_in_it() -> None:
    body = "Hoi{% if answers.leg == 'yes' %}, lees [dit](https://a.nl/x){% endif %} daar."
    assert text(body) == "Hoi daar."
    assert text(body, leg="yes").splitlines()[:2] == ["Hoi, lees dit:", "https://a.nl/x"]


def test_headings_lists_tables_and_boxes_can_be_read() -> None:
    body = (
        "## Twee\n\n- een\n- twee **vet**\n\n1. a\n2. b\n\n| Oefening | Hoe vaak |\n|---|---|\n| Brug | 2 keer |\n\n"
        "::: veiligheid\n### Bel\n\nNu.\n:::\n\n> zacht\n\nGroet,\\\nHet team"
    )
    rule = "=" * 60
    assert text(body) == (
        "Twee\n----\n\n- een\n- twee *vet*\n\n1. a\n2. b\n\nBrug\n  Hoe vaak: 2 keer\n\n"
        f"{rule}\n\n* Bel *\n\nNu.\n\n{rule}\n\n  zacht\n\nGroet,\nHet team"
    )


def test_a_table_of_one_column_or_of_headings_alone_says_them() -> None:
    assert text("| Oefening |\n|---|\n| Brug |\n") == "Oefening\n\nBrug"
    assert text("| Zitten | Staan |\n|---|---|\n") == "Zitten, Staan"


def test_long_lines_are_wrapped_and_addresses_are_not() -> None:
    address = "https://voorbeeld.nl/" + "x" * 120
    lines = text("woord " * 60 + f"[hier]({address})").split("\n")
    assert max(len(line) for line in lines[:-1]) <= 72
    assert lines[-1] == address


def test_a_command_is_never_broken_over_two_lines() -> None:
    command = "nurture request close 17 --as booked"
    written = text(
        f"In een terminal van de server zelf kan het ook zo, als je dat wilt: `{command}` (afspraak gemaakt).\n"
    )
    assert any(line.startswith(command) for line in written.splitlines()), written


def test_a_title_that_is_a_value_has_a_line_beneath_it_that_is_no_stump() -> None:
    assert "\n" + "-" * 40 + "\n" in text("## {{ practice.name }}\n\nHoi\n")


def test_nothing_is_escaped_and_no_branch_leaves_holes() -> None:
    found = text(
        "A & B < C.\n\n{% if answers.leg == 'yes' %}\nx\n{% endif %}\n\n{% if first_name %}\ny\n{% endif %}\n\nz"
    )
    assert found == "A & B < C.\n\ny\n\nz"
    assert not re.search(r"\n{3,}", found)
