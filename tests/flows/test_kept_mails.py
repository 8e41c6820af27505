"""What did not change is not compiled again, and what depends on a change is."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.flows.drafts import Draft, read_draft
from service.flows.kept_mails import KeptMails
from service.mail.workshop import Workshop
from tests.support.folders import content_copy


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return content_copy(tmp_path)


def compiled(content: Path, kept: KeptMails, monkeypatch: pytest.MonkeyPatch) -> tuple[Draft, list[str]]:
    """The draft, and the mails that were compiled for it."""
    asked: list[str] = []
    make = Workshop.mail

    def mail(self: Workshop, name: str) -> object:
        asked.append(name)
        return make(self, name)

    with monkeypatch.context() as patch:
        patch.setattr(Workshop, "mail", mail)
        return read_draft(content, kept), asked


def test_only_what_is_made_of_a_file_is_made_anew_when_it_changes(
    content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, mails = KeptMails(), content / "email_templates"
    first, asked = compiled(content, kept, monkeypatch)
    assert len(asked) == len(first.mails)
    again, asked = compiled(content, kept, monkeypatch)
    assert asked == []
    assert again == first
    (mails / "uitnodiging.md").write_text((mails / "uitnodiging.md").read_text() + "\nTot ziens.\n")
    second, asked = compiled(content, kept, monkeypatch)
    assert asked == ["uitnodiging"]
    assert "Tot ziens." in second.mails["uitnodiging"].text
    (mails / "_pijncheck-feiten.md").write_text("Een ander feit.\n")
    third, asked = compiled(content, kept, monkeypatch)
    assert {"uitnodiging", "hoe-ging-het"} <= set(asked)
    assert "dienst-uitnodiging" not in asked
    assert third == read_draft(content)


def test_what_every_mail_hangs_on_makes_all_of_them_anew(content: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, mails = KeptMails(), content / "email_templates"
    layout, practice = mails / "layouts" / "standaard.mjml", content / "practice.yaml"
    first, _ = compiled(content, kept, monkeypatch)
    changes = {
        mails / "_nieuw.md": "Hoi.\n",
        layout: layout.read_text().replace("</mjml>", "<!-- x --></mjml>"),
        practice: practice.read_text().replace("protected_titles: []", 'protected_titles: ["fysiotherapeut"]'),
    }
    for path, text in changes.items():
        path.write_text(text)
        _, asked = compiled(content, kept, monkeypatch)
        assert len(asked) == len(first.mails), path.name


def test_a_partial_of_the_footer_makes_all_mails_anew(content: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, mails = KeptMails(), content / "email_templates"
    footer = mails / "layouts" / "standaard.footer.md"
    footer.write_text(footer.read_text() + '\n{% include "_slot.md" %}\n')
    (mails / "_slot.md").write_text("Tot ziens.\n")
    compiled(content, kept, monkeypatch)
    (mails / "_slot.md").write_text("Tot gauw.\n")
    second, _ = compiled(content, kept, monkeypatch)
    assert "Tot gauw." in second.mails["uitnodiging"].text
