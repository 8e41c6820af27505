"""What shows when the files of a folder are held against each other: facts, forms, lengths, replies (P4)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from service.errors import Problem
from service.flows.content import read_content
from service.flows.content_lint import replied_unread
from service.flows.drafts import read_draft
from tests.support.house import ROOT, shipped

EXPECTED = {"mail.approval", "practice-placeholder", "practice-link-empty"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("email_templates", "sequences"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("practice.yaml", "forms.yaml"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


def change(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def found(folder: Path) -> list[Problem]:
    """What is new beside what the shipped content says of itself."""
    return [problem for problem in read_draft(folder).problems if problem.id not in EXPECTED]


def place(problem: Problem) -> tuple[str, str, str, int | None]:
    return problem.severity, problem.id, problem.file, problem.line


def test_the_shipped_content_raises_what_staff_have_to_do_and_nothing_else() -> None:
    assert {problem.id for problem in shipped().problems} == EXPECTED
    assert all(problem.dutch for problem in shipped().problems if problem.id == "mail.approval")


def test_a_misspelt_key_in_a_partial_is_refused_since_it_would_switch_its_approval_off(folder: Path) -> None:
    change(folder, "email_templates/_niet-rekken.md", "needs_approval", "needs_aproval")
    (problem,) = [each for each in found(folder) if each.id == "mail.partial-key"]
    assert place(problem) == ("error", "mail.partial-key", "email_templates/_niet-rekken.md", 2)
    assert "Did you mean needs_approval?" in problem.message


def test_a_claim_or_a_title_on_a_form_or_in_a_footer_warns(folder: Path) -> None:
    change(folder, "forms.yaml", "Het advies is gratis", "Gegarandeerd resultaat. Het advies is gratis")
    change(
        folder, "email_templates/layouts/standaard.mjml", "{{ practice.name }}</mj-text>", "Voorgoed pijnvrij</mj-text>"
    )
    change(
        folder,
        "email_templates/layouts/standaard.footer.md",
        "{{ reason }}",
        "Groet, de fysiotherapeut\n\n{{ reason }}",
    )
    assert [place(problem)[:3] for problem in found(folder)] == [
        ("warning", "mail.title", "email_templates/layouts/standaard.footer.md"),
        ("warning", "mail.claim", "email_templates/layouts/standaard.mjml"),
        ("warning", "mail.claim", "forms.yaml"),
    ]


def test_words_of_a_form_that_name_another_practice_warn_where_they_stand(folder: Path) -> None:
    change(folder, "practice.yaml", "name: Solid Performance", "name: Praktijk De Rug")
    lines = (folder / "forms.yaml").read_text(encoding="utf-8").splitlines()
    at = [number for number, line in enumerate(lines, 1) if "text: " in line or "texts:" in line]
    assert len(at) == 3
    warned = found(folder)
    assert [place(each) for each in warned] == [("warning", "form-practice-unnamed", "forms.yaml", line) for line in at]
    assert "does not name the practice, `Praktijk De Rug`" in warned[0].message
    assert "noemt de praktijk niet: `Praktijk De Rug`" in warned[0].dutch
    text = (folder / "forms.yaml").read_text(encoding="utf-8")
    (folder / "forms.yaml").write_text(text.replace("Solid Performance", "praktijk  de Rug"), encoding="utf-8")
    assert found(folder) == []


@pytest.mark.parametrize(
    ("price", "warns"), [("nog niet bekend", True), ("€ …", True), ("€ 95", False), ("gratis", False)]
)
def test_a_price_that_says_nothing_warns(folder: Path, price: str, warns: bool) -> None:
    change(folder, "practice.yaml", '"€ 95"', f'"{price}"')
    assert [each.id for each in found(folder)] == (["practice-price"] if warns else [])


def test_an_empty_price_is_refused(folder: Path) -> None:
    change(folder, "practice.yaml", '"€ 95"', '""')
    assert ("error", "content-empty", "practice.yaml", 48) in [place(each) for each in found(folder)]


def test_an_address_in_the_practice_file_that_names_the_complaint_warns(folder: Path) -> None:
    change(folder, "practice.yaml", "example/artikel", "example/lage-rugpijn")
    assert [place(each) for each in found(folder)] == [("warning", "practice-complaint-word", "practice.yaml", 58)]


@pytest.mark.parametrize(("change_to", "count"), [("Kort.", "8"), ("woord " * 300, "307")])
def test_a_follow_up_that_is_too_short_or_too_long_warns(folder: Path, change_to: str, count: str) -> None:
    mail = folder / "email_templates/niets-te-zien.md"
    head = mail.read_text(encoding="utf-8").partition("# Niets te zien")[0]
    facts = "{{ practice.name }}"
    mail.write_text(f"{head}# Kop\n\n{change_to}\n\nHier nog zes woorden: {facts}\n", encoding="utf-8")
    (problem,) = found(folder)
    assert place(problem) == ("warning", "mail.words", "email_templates/niets-te-zien.md", 1)
    assert f"has {count} words" in problem.message


def test_replied_in_a_condition_needs_a_mailbox_that_is_read(folder: Path) -> None:
    change(folder, "sequences/lage-rug.yaml", "only_if: {answer: {helped: [same]}}", "only_if: {replied: true}")
    content = read_content(folder)
    (problem,) = replied_unread(content, reply_mailbox=False)
    assert place(problem) == ("warning", "replied-unread", "sequences/lage-rug.yaml", 48)
    assert list(replied_unread(content, reply_mailbox=True)) == []
    assert list(replied_unread(shipped().content, reply_mailbox=False)) == []


def test_a_mail_that_would_go_to_another_reader_than_it_is_written_for_is_refused(folder: Path) -> None:
    templates = folder / "email_templates"
    plain = "---\nsubject: Ons laatste bericht\npreheader: Dag.\naudience: practice\n---\n# Dag\n\nTot ziens.\n"
    (templates / "laatste-bericht.md").write_text(plain, encoding="utf-8")
    reason = 'reason: "Omdat je het vroeg."\naudience: lead-service'
    change(folder, "email_templates/dienst-aanvraag.md", "audience: practice", reason)
    assert [place(each) for each in found(folder) if each.severity == "error"] == [
        ("error", "mail.audience", "email_templates/dienst-aanvraag.md", 5),
        ("error", "mail.audience", "email_templates/laatste-bericht.md", 4),
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Hallo{% if", "{% if answers.posture == 'hollow' and practice.kvk > 3 %}Dag{% else %}Hallo{% endif %}{% if"),
        ("Hallo{% if", "Hallo [video]({{ practice.links.video_flat }}){% if"),
    ],
)
def test_a_mail_that_would_be_held_for_some_lead_cannot_be_published(folder: Path, old: str, new: str) -> None:
    change(folder, "email_templates/_aanhef.md", old, new)
    held = {each.file for each in found(folder) if (each.id, each.severity) == ("mail.fill", "error")}
    assert {"email_templates/advies-lage-rug.md", "email_templates/uitnodiging.md"} <= held


def test_web_addresses_and_numbers_that_may_stand_in_the_practice_hold_no_mail(folder: Path) -> None:
    change(folder, "practice.yaml", "example/privacy", "example/patiënten")
    change(folder, "practice.yaml", '"020 000 00 00"', '"0200000000060000000000000"')
    assert found(folder) == []
