"""Approvals, and the safety block before every exercise (P4)."""

from __future__ import annotations

import datetime

from service.mail.approvals import approve
from tests.support.mails import EXERCISE, SAFETY, compiled, tried

PARTS = {"_veiligheid.md": SAFETY, "_oefening.md": EXERCISE}
SAFETY_LINE = '{% include "_veiligheid.md" %}\n\n'
EXERCISE_LINE = '{% include "_oefening.md" %}\n'


def found(body: str) -> list[tuple[str, str, str, int | None]]:
    problems = tried(body, more=PARTS)[1]
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


def test_a_safety_block_for_some_readers_is_none_also_without_exercises() -> None:
    branch = "{% if answers.leg == 'yes' %}\n" + SAFETY_LINE + "{% endif %}\n"
    assert ("error", "mail.safety", "proef.md", 9) in found(branch)
    assert "mail.safety" not in [problem[1] for problem in found(branch + "\n" + SAFETY_LINE)]


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


def test_an_exercise_in_the_mail_itself_is_refused_since_nobody_would_approve_it() -> None:
    box = "::: oefening\n### Wandelen\n\nLoop even.\n:::"
    assert ("error", "mail.exercise-kind", "proef.md", 10) in found(SAFETY_LINE + box)
    lone = tried('{% include "_los.md" %}', more={"_los.md": box})[1]
    assert [(p.id, p.file, p.line) for p in lone] == [("mail.exercise-kind", "email_templates/_los.md", 1)]
