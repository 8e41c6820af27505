"""A clinician's approval holds for one text and lapses with it."""

from __future__ import annotations

import datetime

import pytest

from service.errors import RefusedError
from service.mail.approvals import approval, approve, text_hash

HEAD = "---\n# wordt op elke pagina getoond\nkind: safety   # niet weghalen\nneeds_approval: true\n---\n"
PARTIAL = HEAD + "::: veiligheid\nBel.\n:::\n"
DAY = datetime.date(2026, 3, 2)


def test_a_partial_ships_unapproved() -> None:
    assert approval(PARTIAL).state == "missing"


def test_an_approval_says_who_and_when_and_keeps_everything_else() -> None:
    approved = approve(PARTIAL, by="Dr. A. Vermeer", on=DAY)
    found = approval(approved)
    assert (found.state, found.by, found.on) == ("approved", "Dr. A. Vermeer", "2026-03-02")
    assert "# wordt op elke pagina getoond" in approved
    assert "# niet weghalen" in approved
    assert approved.endswith("---\n::: veiligheid\nBel.\n:::\n")


def test_an_approval_lapses_when_the_text_changes_and_can_be_given_again() -> None:
    changed = approve(PARTIAL, by="Dr. A. Vermeer", on=DAY).replace("Bel.", "Bel nu.")
    assert approval(changed).state == "lapsed"
    assert approval(changed).by == "Dr. A. Vermeer"
    assert approval(approve(changed, by="Dr. B. Smit", on=DAY)).state == "approved"


def test_line_ends_and_trailing_spaces_are_no_change_of_text() -> None:
    approved = approve(PARTIAL, by="Dr. A. Vermeer", on=DAY)
    assert approval(approved.replace("\n", "\r\n").replace("Bel.", "Bel.  ") + "\n").state == "approved"
    assert text_hash("---\na: b\n---\nBel.") == text_hash("Bel.\n")


@pytest.mark.parametrize("text", ["Bel.\n", "---\nkind: greeting\n---\nHallo\n"])
def test_what_no_clinician_has_to_approve_is_approved_by_nobody(text: str) -> None:
    with pytest.raises(RefusedError, match="needs no approval"):
        approve(text, by="Dr. A. Vermeer", on=DAY)


@pytest.mark.parametrize(
    ("name", "told"), [("", "the name"), ("  ", "the name"), ("A\x00B", "invisible"), ("Dr. A.\u200b", "invisible")]
)
def test_an_approval_needs_a_name_that_can_be_read(name: str, told: str) -> None:
    with pytest.raises(RefusedError, match=told):
        approve(PARTIAL, by=name, on=DAY)


def test_a_head_that_cannot_be_read_is_left_alone() -> None:
    with pytest.raises(RefusedError, match="cannot be read"):
        approve("---\nkind: [\n---\nBel.\n", by="Dr. A. Vermeer", on=DAY)
