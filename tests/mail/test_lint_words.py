"""Claims, protected titles, and the complaint where others can read it (P4)."""

from __future__ import annotations

import pytest

from service.domain.mailbox import Mailbox
from service.mail.compile import compile_mail
from service.mail.lint_words import sender_problems
from tests.support.mails import HEAD, layouts, tried


def found(body: str, *, head: str = HEAD) -> list[tuple[str, str, str, int | None]]:
    problems = tried(body, head=head)[1]
    return [(p.severity, p.id, p.file.removeprefix("email_templates/"), p.line) for p in problems]


@pytest.mark.parametrize(
    "word",
    ["je rug", "rugpijn", "onderrug", "Hernia", "je been", "klachten", "pijncheck", "bekken", "lage_rug", "been_1"],
)
def test_a_complaint_in_subject_or_preheader_warns(word: str) -> None:
    assert ("warning", "mail.complaint-word", "proef.md", 2) in found(
        "x", head=HEAD.replace("Begin vandaag", f"Over {word}")
    )
    assert ("warning", "mail.complaint-word", "proef.md", 3) in found("x", head=HEAD.replace("Een eerste stap", word))


@pytest.mark.parametrize(
    "subject", ["Kom terug", "Je bent begonnen", "Wie is er geen fan", "Op de brug", "Pak je rugzak"]
)
def test_words_that_only_look_like_a_complaint_do_not_warn(subject: str) -> None:
    assert found("x", head=HEAD.replace("Begin vandaag", subject)) == []


def test_a_complaint_in_a_link_warns() -> None:
    assert ("warning", "mail.complaint-word", "proef.md", 8) in found("[x](https://a.nl/lage-rugpijn)")


def test_a_way_to_complain_about_the_practice_is_no_complaint_of_the_reader() -> None:
    assert found("[Lees onze regeling](https://a.nl/klachtenregeling) of bel de klachtenfunctionaris.") == []


@pytest.mark.parametrize(
    "text",
    [
        "Voorgoed pijnvrij!",
        "Je bent blijvend pijnvrij.",
        "Gegarandeerd resultaat.",
        "Dit geneest je.",
        "Je kunt ervan genezen.",
        "Werkt voor 100 %.",
        "Voor 100% van de mensen.",
        "Nog maar 3 plekken vrij.",
        "Je laatste kans.",
        "Dat garandeert niemand.",
        "Met garanties.",
        "Zo genees je.",
    ],
)
def test_a_claim_warns_and_names_its_line(text: str) -> None:
    assert ("warning", "mail.claim", "proef.md", 8) in found(text)


def test_a_protected_title_warns_unless_the_practice_may_use_it() -> None:
    for text in (
        "Onze fysiotherapeut kijkt mee.",
        "Kom voor fysiotherapie.",
        "Een van onze artsen.",
        "Twee osteopaten.",
        "Osteopathie.",
        "Manuele therapie.",
        "Je fysiotherapeute.",
    ):
        assert ("warning", "mail.title", "proef.md", 8) in found(text)
    assert found("Bel je huisarts. Vraag het je therapeut.") == []
    mail = {**layouts(), "proef.md": HEAD + "# Kop\n\nOnze fysiotherapeut kijkt mee."}
    assert compile_mail("proef", mail, protected_titles=["fysiotherapeut"])[1] == []


def test_a_claim_in_the_subject_or_in_the_reason_warns_too() -> None:
    assert ("warning", "mail.claim", "proef.md", 2) in found("x", head=HEAD.replace("Begin vandaag", "Genezen?"))
    assert ("warning", "mail.claim", "proef.md", 4) in found("x", head=HEAD.replace("om het advies", "om garantie"))


@pytest.mark.parametrize(
    ("name", "address", "base_url", "word"),
    [
        ("Rugpraktijk", "advies@praktijk.example", "https://mail.praktijk.example", "`Rug`"),
        ("Praktijk", "hernia@praktijk.example", "https://mail.praktijk.example", "`hernia`"),
        ("Praktijk", "advies@praktijk.example", "https://pijn.example", "`pijn`"),
    ],
)
def test_a_complaint_in_the_sender_or_in_our_own_address_warns(
    name: str, address: str, base_url: str, word: str
) -> None:
    (problem,) = sender_problems(Mailbox(name=name, address=address), base_url)
    assert (problem.id, problem.severity) == ("setting-complaint-word", "warning")
    assert word in problem.message
    assert word in problem.dutch


def test_a_sender_that_names_no_complaint_is_fine() -> None:
    sender = Mailbox(name="Solid Performance", address="advies@solidperformance.example")
    assert sender_problems(sender, "https://mail.solidperformance.example") == []
