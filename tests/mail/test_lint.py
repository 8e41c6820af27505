"""Approvals, the safety block before exercises, and words that staff are warned about (P4)."""

from __future__ import annotations

import datetime

import pytest

from service.mail.approvals import approve
from tests.support.mails import EXERCISE, HEAD, SAFETY, compiled, tried

PARTS = {"_veiligheid.md": SAFETY, "_oefening.md": EXERCISE}
SAFETY_LINE = '{% include "_veiligheid.md" %}\n\n'
EXERCISE_LINE = '{% include "_oefening.md" %}\n'


def found(body: str, *, head: str = HEAD) -> list[tuple[str, str, str, int | None]]:
    problems = tried(body, head=head, more=PARTS)[1]
    return [(p.severity, p.id, p.file.removeprefix("email_templates/"), p.line) for p in problems]


def test_exercises_without_the_safety_block_cannot_be_published() -> None:
    assert ("error", "mail.safety", "proef.md", 8) in found(EXERCISE_LINE)
    assert tried(EXERCISE_LINE, more=PARTS)[0] is None


def test_the_safety_block_stands_before_the_exercises_and_in_no_branch() -> None:
    behind = EXERCISE_LINE + "\n" + SAFETY_LINE
    branch = "{% if answers.leg == 'yes' %}\n" + SAFETY_LINE + "{% endif %}\n" + EXERCISE_LINE
    for body in (behind, branch):
        assert "mail.safety" in [problem[1] for problem in found(body)]
    assert tried(SAFETY_LINE + EXERCISE_LINE, more=PARTS)[0] is not None


def test_an_exercise_inside_another_partial_counts_too() -> None:
    problems = tried('{% include "_p.md" %}', more={**PARTS, "_p.md": "Doe dit.\n\n" + EXERCISE_LINE})[1]
    assert [(p.file, p.line) for p in problems if p.id == "mail.safety"] == [("email_templates/_p.md", 3)]


def test_a_mail_says_which_texts_it_contains_and_how_they_are_approved() -> None:
    approved = approve(SAFETY, by="Dr. A. Vermeer", on=datetime.date(2026, 3, 2))
    mail = compiled(SAFETY_LINE + EXERCISE_LINE, more={**PARTS, "_veiligheid.md": approved})
    assert [(part.name, part.kind, part.approval, part.by) for part in mail.contains] == [
        ("_veiligheid.md", "safety", "approved", "Dr. A. Vermeer"),
        ("_oefening.md", "exercise", "missing", ""),
    ]


def test_missing_and_lapsed_approvals_are_warnings_in_the_partial() -> None:
    lapsed = approve(SAFETY, by="Dr. A. Vermeer", on=datetime.date(2026, 3, 2)).replace("Bel je", "Bel nu je")
    mail, problems = tried(SAFETY_LINE + EXERCISE_LINE, more={**PARTS, "_veiligheid.md": lapsed})
    assert mail is not None
    messages = {p.file: p.message for p in problems if p.id == "mail.approval"}
    assert "its approval by Dr. A. Vermeer lapsed" in messages["email_templates/_veiligheid.md"]
    assert "nobody has" in messages["email_templates/_oefening.md"]


def test_a_kind_that_means_nothing_is_refused() -> None:
    mail, problems = tried('{% include "_p.md" %}', more={"_p.md": "---\nkind: excercise\n---\nx"})
    assert mail is None
    assert [(p.id, p.file, p.line) for p in problems] == [("mail.kind", "email_templates/_p.md", 2)]


@pytest.mark.parametrize(
    "word", ["je rug", "rugpijn", "onderrug", "Hernia", "je been", "klachten", "pijncheck", "bekken"]
)
def test_a_complaint_in_subject_or_preheader_warns(word: str) -> None:
    assert ("warning", "mail.complaint-word", "proef.md", 2) in found(
        "x", head=HEAD.replace("Begin vandaag", f"Over {word}")
    )
    assert ("warning", "mail.complaint-word", "proef.md", 3) in found("x", head=HEAD.replace("Een eerste stap", word))


@pytest.mark.parametrize("subject", ["Kom terug", "Je bent begonnen", "Wie is er geen fan", "Op de brug"])
def test_words_that_only_look_like_a_complaint_do_not_warn(subject: str) -> None:
    assert found("x", head=HEAD.replace("Begin vandaag", subject)) == []


def test_a_complaint_in_a_link_warns() -> None:
    assert ("warning", "mail.complaint-word", "proef.md", 8) in found("[x](https://a.nl/lage-rugpijn)")


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
    ],
)
def test_a_claim_warns_and_names_its_line(text: str) -> None:
    assert ("warning", "mail.claim", "proef.md", 8) in found(text)


def test_a_protected_title_warns_unless_the_practice_may_use_it() -> None:
    for text in ("Onze fysiotherapeut kijkt mee.", "Kom voor fysiotherapie.", "Een van onze artsen."):
        assert ("warning", "mail.title", "proef.md", 8) in found(text)
    assert found("Bel je huisarts. Vraag het je therapeut.") == []


def test_two_main_buttons_warn_but_one_on_each_branch_does_not() -> None:
    button = "[Ja]({{ confirm_url }}){.button}\n"
    assert [problem[1] for problem in found(button + "\n" + button)] == ["mail.buttons"]
    assert found("{% if answers.leg == 'yes' %}\n" + button + "{% else %}\n" + button + "{% endif %}") == []


def test_an_optional_link_outside_an_if_warns() -> None:
    body = "[Lees ons artikel]({{ practice.links.article }})"
    assert found(body) == [("warning", "mail.unguarded", "proef.md", 8)]
    assert found("{% if practice.links.article %}\n" + body + "\n{% endif %}") == []
