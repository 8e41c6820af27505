"""What stands in the footer stands in every mail: it is looked at, and counts, as the rest of it does."""

from __future__ import annotations

from service.errors import Problem
from service.mail.compile import compile_mail
from service.mail.compiled import CompiledMail, Image
from tests.support.mails import EXERCISE, HEAD, SAFETY, layouts

FOOTER = "layouts/standaard.footer.md"
PICTURE = Image(path="media/team.jpg", name="a1.jpg", kind="image/jpeg", width=600, height=300)


def with_footer(more: str, body: str = "Tekst.") -> tuple[CompiledMail | None, list[Problem]]:
    sources = {**layouts(), "_oefening.md": EXERCISE, "_veiligheid.md": SAFETY}
    sources[FOOTER] += f"\n{more}\n"
    sources["proef.md"] = f"{HEAD}# Kop\n\n{body}"
    return compile_mail("proef", sources, images={PICTURE.path: PICTURE})


def ids(problems: list[Problem]) -> set[tuple[str, str]]:
    return {(each.id, each.file.removeprefix("email_templates/")) for each in problems}


def test_an_exercise_in_the_footer_needs_the_safety_block_and_an_approval() -> None:
    include = '{% include "_oefening.md" %}'
    mail, problems = with_footer(include)
    assert mail is None
    assert ids(problems) == {("mail.safety", FOOTER), ("mail.approval", "_oefening.md")}
    mail, _ = with_footer(include, '{% include "_veiligheid.md" %}')
    assert mail is not None
    assert [part.name for part in mail.contains] == ["_veiligheid.md", "_oefening.md"]


def test_an_exercise_written_into_the_footer_itself_is_refused() -> None:
    assert ids(with_footer("::: oefening\n### Wandelen\n:::")[1]) == {("mail.exercise-kind", FOOTER)}


def test_an_image_of_the_footer_is_published_with_the_mail() -> None:
    mail, problems = with_footer("![Ons team](media/team.jpg)")
    assert mail is not None, problems
    assert mail.images == (PICTURE,)
    assert f"/{PICTURE.name}" in mail.html


def test_an_answer_that_the_footer_looks_at_is_asked_for() -> None:
    mail, problems = with_footer("{% if answers.posture == 'flat' %}Plat.{% endif %}")
    assert mail is not None, problems
    assert mail.answers == ("posture",)


def test_a_link_of_the_footer_is_looked_at() -> None:
    found = ids(with_footer("[Klik hier](http://praktijk.example/rugpijn)")[1])
    assert found == {("mail.link-http", FOOTER), ("mail.link-text", FOOTER), ("mail.complaint-word", FOOTER)}


def test_a_footer_that_includes_itself_ends() -> None:
    sources = {**layouts(), "_rond.md": '{% include "_rond.md" %}', "proef.md": f"{HEAD}# Kop\n\nTekst."}
    sources[FOOTER] += '\n{% include "_rond.md" %}\n'
    mail, problems = compile_mail("proef", sources)
    assert mail is None
    assert ("mail.include", "_rond.md") in ids(problems)
