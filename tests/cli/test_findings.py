"""`nurture check` names the page that explains its findings, and looks at settings too (P4, S1)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from service.flows.drafts import SAFETY
from tests.support.commands import Said, nurture
from tests.support.house import ROOT


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """The shipped files, to spoil."""
    for name in ("practice.yaml", "forms.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("sequences", "email_templates"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


def check(content: Path, *options: str, **settings: str) -> Said:
    return nurture("check", *options, folder=content, content_dir=str(content), **settings)


def ids(content: Path, **settings: str) -> set[str]:
    return {row["id"] for row in json.loads(check(content, "--json", **settings).out)}


def test_the_last_line_names_the_page_and_the_findings_to_look_up(content: Path) -> None:
    said = check(content)
    last = said.err.rstrip().split("\n")[-1]
    assert "docs/meldingen.md" in last
    assert last.endswith("mail.approval, practice-link-empty, practice-placeholder")
    page = (ROOT / "docs/meldingen.md").read_text(encoding="utf-8")
    assert all(f"`{each}`" in page for each in ("mail.approval", "practice-link-empty", "practice-placeholder"))


def test_a_complaint_in_the_sender_or_the_base_url_warns(content: Path) -> None:
    said = check(content, mail_from="Rugpraktijk <advies@praktijk.example>", base_url="https://rugpijn.example")
    assert said.status == 0
    for name in ("NURTURE_MAIL_FROM", "NURTURE_BASE_URL"):
        assert any(name in line and "complaint" in line for line in said.err.split("\n"))


def test_replied_warns_until_a_mailbox_is_read_for_replies(content: Path) -> None:
    path = content / "sequences/lage-rug.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("{answer: {helped: [same]}}", "{replied: true}"))
    assert "replied-unread" in ids(content)
    assert "replied-unread" not in ids(content, reply_mailbox="imaps://naam:geheim@imap.praktijk.example")


def test_an_image_that_no_mail_shows_warns(content: Path) -> None:
    (content / "media").mkdir()
    (content / "media/oud-logo.png").write_bytes(b"x")
    assert "media.unused" in ids(content)


def test_without_the_safety_block_no_sequence_and_no_thank_you_page_can_be_published(content: Path) -> None:
    (content / "email_templates" / SAFETY).unlink()
    said = check(content, "--json")
    assert said.status == 1
    errors = [(row["id"], row["file"]) for row in json.loads(said.out) if row["severity"] == "error"]
    assert ("mail.missing", f"email_templates/{SAFETY}") in errors
    for name in ("advies-lage-rug", "advies-uitstraling-been", "check-lage-rug", "zitten-staan-tillen"):
        assert f"email_templates/{name}.md" in [file for _, file in errors]
