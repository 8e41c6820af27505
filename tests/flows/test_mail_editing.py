"""Fields of a mail's head change one line of its file; everything else stays as it was."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from service.errors import InvalidInputError, RefusedError
from service.flows.mail_editing import apart, as_source, copy, empty, new_name, together
from service.mail.approvals import approve
from service.mail.front_matter import read
from tests.support.house import ROOT

WRITTEN = """\
---
# voor de praktijk
subject: >
  Hallo
  daar
preheader: 'Een regel'   # kort houden
layout: standaard

reason: "Omdat."
---
# Kop

Tekst.
"""
SHIPPED = sorted((ROOT / "email_templates").glob("*.md"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_file_is_the_same_after_nothing_was_changed(path: Path) -> None:
    text = path.read_text()
    pieces = apart(path.stem, text)
    fields = {key: value for key, value in pieces.fields.items() if value}
    assert together(text, fields, pieces.body.replace("\n", "\r\n")) == text
    assert "\n".join(text.split("\n")[pieces.begins - 1 :]) == pieces.body


def test_one_field_changes_one_value_and_leaves_comments_quotes_and_order() -> None:
    changed = together(WRITTEN, {"preheader": "Een andere: regel"}, apart("x", WRITTEN).body)
    assert changed == WRITTEN.replace("'Een regel'", '"Een andere: regel"')
    folded = together(WRITTEN, {"subject": "Goedemorgen"}, apart("x", WRITTEN).body)
    assert folded == WRITTEN.replace(">\n  Hallo\n  daar", "Goedemorgen")


@pytest.mark.parametrize("behind", ["", " ", "   # nog te kiezen", "\n\n# over de rest"])
def test_a_field_left_empty_by_hand_is_filled_in(behind: str) -> None:
    for rest in ("preheader: b\n", ""):
        text = f"---\nsubject:{behind}\n{rest}---\n# Kop\n"
        filled = together(text, {"subject": "Rust: zo"}, "# Kop\n")
        assert filled == text.replace("subject:", 'subject: "Rust: zo"')


def test_a_field_that_was_not_there_is_added_and_a_head_made_where_there_was_none() -> None:
    assert together("---\nsubject: A\n---\nTekst\n", {"reason": "Zo"}, "Tekst\n") == (
        '---\nsubject: A\nreason: "Zo"\n---\nTekst\n'
    )
    assert together("Tekst\n", {"subject": "A"}, "Tekst\n") == '---\nsubject: "A"\n---\nTekst\n'
    assert together("Tekst\n", {"subject": ""}, "Anders") == "Anders\n"


@pytest.mark.parametrize(
    "value",
    [
        "{{ 7 * 7 }}",
        '"; evil: true',
        "a: b # c",
        "- x",
        "!!python/object/apply:os.system ['x']",
        "*anker",
        "yes",
        "12",
        "| \\ ' \" `",
        "--- ",
        "ë 🙂 \u00ad",
    ],
)
def test_whatever_is_typed_in_a_field_is_the_text_of_that_field_and_nothing_else(value: str) -> None:
    changed = together(WRITTEN, {"subject": value}, apart("x", WRITTEN).body)
    source, problems = read("x.md", changed)
    assert not problems
    assert source.text("subject") == " ".join(value.split())
    assert {key: text for key, text in source.head.items() if key != "subject"} == {
        "preheader": "Een regel",
        "layout": "standaard",
        "reason": "Omdat.",
    }


@pytest.mark.parametrize(
    "head",
    ["a: &x Hoi\nsubject: *x\n", "subject: [een, lijst]\n", "subject: {een: twee}\n", "subject: A\nsubject: B\n"],
)
def test_a_head_that_is_written_another_way_is_left_to_the_source(head: str) -> None:
    with pytest.raises(RefusedError):
        together(f"---\n{head}---\nTekst\n", {"subject": "Nieuw"}, "Tekst\n")


@pytest.mark.parametrize("body", ["---\nnota: wat\n---\nHallo.\n", "---\n---\nHallo.\n", "---  \nHallo.\n"])
def test_a_text_that_begins_with_a_line_across_the_page_is_no_head(body: str) -> None:
    pieces = apart("_blok", together("Hallo.\n", {}, body))
    assert (pieces.body.lstrip("\n"), pieces.readable) == (body, True)
    assert together("---\nonaf\n", {}, "---\nonaf") == "---\nonaf\n", "what nobody changed stays"


def test_line_ends_and_a_byte_order_mark_stay_what_they_were() -> None:
    windows = "\ufeff" + WRITTEN.replace("\n", "\r\n")
    changed = together(windows, {"preheader": "Anders"}, "# Kop\r\n\r\nNieuw.\r\n")
    assert changed.startswith("\ufeff---\r\n")
    assert changed.endswith("# Kop\r\n\r\nNieuw.\r\n")
    assert "\n" not in changed.replace("\r\n", "")
    assert as_source(windows, WRITTEN.replace("\n", "\r\n")) == windows
    assert as_source(WRITTEN, "nieuw\r\nregel") == "nieuw\nregel\n"


def test_a_head_that_cannot_be_read_is_said_to_be_so() -> None:
    assert not apart("x", "---\nsubject: {{\n---\nTekst\n").readable
    assert not apart("x", "---\nsubject: A\n").readable
    assert apart("x", "Tekst\n").readable


@pytest.mark.parametrize(
    ("typed", "name"),
    [("Tips voor thuis!", "tips-voor-thuis"), ("  Café  ", "cafe"), ("_Groet 2", "_groet-2"), ("../../x", "x")],
)
def test_a_name_is_made_of_what_a_person_types(typed: str, name: str) -> None:
    assert new_name(typed) == name


@pytest.mark.parametrize("typed", ["", "  ", "…", "x" * 61, "__", "{{}}"])
def test_no_name_is_made_of_nothing_or_of_an_address_of_ours(typed: str) -> None:
    with pytest.raises(InvalidInputError):
        new_name(typed)


def test_a_new_mail_can_be_read_and_a_copy_is_approved_by_nobody() -> None:
    source, problems = read("tips.md", empty("tips", dutch_title='Tips: "thuis" # nu'))
    assert not problems
    assert source.text("subject") == 'Tips: "thuis" # nu'
    approved = approve("---\nneeds_approval: true\n---\nTekst\n", by="Dr. A. Vermeer", on=date(2026, 3, 9))
    assert "approved" in approved
    assert "approved" not in copy(approved)
