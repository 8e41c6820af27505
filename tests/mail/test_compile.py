"""What a template may say, and that each mistake is named with file, line and what to write instead (S1, M6)."""

from __future__ import annotations

import pytest

from service.mail.compile import compile_mail, compile_partial
from service.mail.compose import render, render_partial
from service.mail.front_matter import read
from tests.support.mails import HEAD, SAFETY, compiled, layouts, practice, said, tried, values

FIRST = 8  # the line of a body's first word: five lines of head, a heading, an empty line


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{{ voornaam }}", "`voornaam` is unknown in a mail to a lead. Did you mean first_name?"),
        ("{{ practice.adress }}", "`practice.adress` is unknown in a mail to a lead. Did you mean practice.address?"),
        ("{{ practice.links }}", "It has: practice.links.article, practice.links.video_flat"),
        ("{{ practice.name|uper }}", "the filter `uper` is unknown"),
        ("{{ practice.name|uper }}", "Did you mean upper?"),
        ("{% iff first_name %}", "the tag `iff` is unknown"),
        ("{% set x = 1 %}", "the tag `set` is unknown"),
        ("{% raw %}x{% endraw %}", "the tag `raw` is unknown"),
        ("{% if first_name is devined %}x{% endif %}", "the test `devined` is unknown. Did you mean defined?"),
        ("{{ first_name", "this cannot be read"),
        ("{% if first_name %}", "this is closed nowhere; write `{% endif %}`"),
        ("{{ first_name }}", "a first name may be missing"),
        ("{{ first_name|upper }}", "a first name may be missing"),
        ('{% include "_er-is-niets.md" %}', "there is no partial `_er-is-niets.md`"),
        ("{% include first_name %}", 'write `{% include "_name.md" %}`'),
        ('tekst {% include "_p.md" %}', "an include stands alone on its line"),
        ("{%- if first_name %}x{% endif %}", "leave out the '-'"),
        ("{% for x in answers.posture %}x{% endfor %}", "`for` goes over a given list only"),
        ("[x](javascript:alert(1))", "is not read as a link"),
        ("[x](ftp://example.org)", "cannot be linked to"),
        ("[x](https://example.org/?n={{ answers.posture }})", "cannot be linked to"),
        ("[x]({{ practice.name }})", "cannot be linked to"),
        ("[x](https://example.org){.knop}", "the class `knop` is unknown"),
        ("[x](https://example.org){onclick=a}", "only classes can stand in the braces"),
        ("Of [x](https://example.org){.button} zo.", "a button stands alone in its paragraph"),
        (
            "![](https://example.org/pixel.png)",
            "`https://example.org/pixel.png` cannot be shown: put the image in media/",
        ),
        ("![]({{ practice.logo }})", "the image `{{ practice.logo }}` needs a text"),
        ("<b>vet</b>", "HTML (`<b>`) cannot stand in a mail"),
        ("::: veiligheidd\nx\n:::", "Did you mean veiligheid?"),
        ("::: kader\nx", "this box is never closed"),
        (":::", "no box is open"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_a_hint(body: str, message: str) -> None:
    mail, problems = tried(body, more={"_p.md": "Hoi."})
    assert mail is None
    found = [problem for problem in problems if message in problem.message]
    assert found, [str(problem) for problem in problems]
    assert (found[0].file, found[0].line) == ("email_templates/proef.md", FIRST)


def test_all_mistakes_come_at_once_each_on_its_own_line() -> None:
    body = "{{ voornaam }}\n\nTekst\nen {{ practice.nam }}\n\n[x](ftp://a.nl)\n\n<i>x</i>"
    problems = [problem for problem in tried(body)[1] if problem.severity == "error"]
    assert [problem.line for problem in problems] == [FIRST, FIRST + 3, FIRST + 5, FIRST + 7, FIRST + 7]


def test_a_tag_that_is_unknown_hides_no_other_mistake() -> None:
    body = "{%- macro x(a,\n b) %}Tekst{% endmacro %}\n{% if practice.nam %}{{ voornaam }}{% endif %}\n{{ x|shout }}"
    found = [(problem.line, problem.id) for problem in tried(body)[1] if problem.severity == "error"]
    assert found[:3] == [(FIRST, "mail.dash"), (FIRST, "mail.unknown-tag"), (FIRST + 1, "mail.unknown-tag")]
    assert {(FIRST + 2, "mail.unknown-name"), (FIRST + 3, "mail.unknown-filter")} <= set(found)
    assert tried(body)[0] is None
    assert [problem.id for problem in tried("{% iff x %}")[1]] == ["mail.unknown-tag"]
    assert tried("{% for x in lijst")[0] is None


def test_a_mistake_in_a_partial_is_named_there() -> None:
    head = "---\nkind: exercise\n---\n"
    assert any(
        line.startswith("email_templates/_p.md:5: `voornaam` is unknown")
        for line in said('{% include "_p.md" %}', more={"_p.md": head + "Hoi\n{{ voornaam }}"})
    )


@pytest.mark.parametrize("how", ['include"_blok.md"', 'include("_blok.md")', "include ( '_blok.md' )"])
def test_a_partial_is_included_however_its_name_is_written(how: str) -> None:
    mail = compiled(f"{{% {how} %}}", more={"_blok.md": "Een **blok**.\n"})
    assert "Een *blok*." in mail.text


def test_a_name_checked_for_in_the_mail_counts_in_its_partial() -> None:
    body = '{% if first_name %}\n{% include "_p.md" %}\n{% endif %}'
    assert said(body, more={"_p.md": "Hoi {{ first_name }}."}) == []


def test_partials_that_include_each_other_are_refused() -> None:
    more = {"_a.md": '{% include "_b.md" %}', "_b.md": '{% include "_a.md" %}'}
    assert any("goes round in circles" in line for line in said('{% include "_a.md" %}', more=more))


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("---\npreheader: x\nreason: y\n---\n", "the head needs `subject`"),
        ("---\nsubject: x\nreason: y\n---\n", "the head needs `preheader`"),
        ("---\nsubject: x\npreheader: y\n---\n", "the head needs `reason`"),
        ("---\nsubject: ''\npreheader: y\nreason: z\n---\n", "proef.md:2: the subject is empty"),
        ("---\nsubject: a: b\n---\n", "proef.md:2: the head is no YAML"),
        ("---\nsubject: x\npreheader: {{\n---\n", "proef.md:3: the head is no YAML"),
        ("---\nsubject: x\n", "the head that begins here has no closing line"),
        ("---\nsubject: x\npreheader: y\nreason: z\nlayuot: a\n---\n", "Did you mean layout?"),
        ("---\nsubject: x\npreheader: y\nreason: z\nlayout: nieuw\n---\n", "proef.md:5: the layout `nieuw` lacks"),
        ("---\nsubject: x\npreheader: y\nreason: z\naudience: leads\n---\n", "Did you mean lead?"),
        ("---\nsubject: '{{ voornaam }}'\npreheader: y\nreason: z\n---\n", "proef.md:2: `voornaam` is unknown"),
        ("---\nsubject: 'x =?utf-8?q?a?='\npreheader: y\nreason: z\n---\n", "`=?` cannot stand in the subject"),
    ],
)
def test_a_head_is_checked_as_well(head: str, message: str) -> None:
    assert any(message in line for line in said("Tekst.", head=head)), said("Tekst.", head=head)


def test_a_mail_that_is_not_there_is_named() -> None:
    mail, problems = compile_mail("profe", {**layouts(), "proef.md": HEAD})
    assert mail is None
    assert "Did you mean proef.md?" in problems[0].message


@pytest.mark.parametrize(
    "text", ["Tekst.", "## Twee\n\nTekst.", "# Een\n\n# Twee", "Tekst.\n\n# Later", "::: kader\n# In een doos\n:::"]
)
def test_a_mail_has_one_heading_of_the_first_rank_as_its_first_line(text: str) -> None:
    mail, problems = compile_mail("proef", {**layouts(), "proef.md": HEAD + text})
    assert mail is None
    assert {problem.id for problem in problems} == {"mail.heading"}


def test_a_branch_that_leaves_html_open_is_refused() -> None:
    for body in (
        "**vet {% if first_name %}en** dan{% endif %} **verder**",
        "{% if first_name %}\n- een\n\n  {% else %}\n\n  twee\n\n{% endif %}",
        "::: kader\n{% if first_name %}\nx\n:::\n\n{% endif %}",
    ):
        assert any("this branch begins inside" in line for line in said(body)), body


def test_lists_tables_boxes_and_branches_come_out_whole() -> None:
    body = (
        "{% if answers.posture == 'hollow' %}\n- een\n- twee\n{% elif answers.posture == 'flat' %}\n1. drie\n"
        "{% else %}\nGeen idee.\n{% endif %}\n\n::: kader\n| a | b |\n|---|---|\n| c | d |\n:::\n"
    )
    mail = compiled(body)
    assert mail.answers == ("posture",)
    for posture, expected in (("hollow", "- een\n- twee"), ("flat", "1. drie"), ("unknown", "Geen idee.")):
        rendered = render(mail, values(answers={"posture": posture} if posture != "unknown" else {}))
        assert expected in rendered.text
        assert rendered.html.count("<li") == {"hollow": 2, "flat": 1, "unknown": 0}[posture]
        assert 'scope="col">a</th>' in rendered.html


def test_a_for_goes_over_a_list_that_was_given() -> None:
    mail = compiled("{% for day in practice.opening_days %}\nOpen: {{ day }}\n{% endfor %}")
    assert "Open: mon\n\nOpen: tue\n" in render(mail, values()).text


def test_a_compiled_mail_survives_storage_as_json() -> None:
    mail = compiled("Hoi{% if first_name %} {{ first_name }}{% endif %}, é.")
    assert type(mail).model_validate_json(mail.model_dump_json()) == mail


def test_equal_sources_compile_to_equal_mails() -> None:
    assert compiled("[Ja]({{ confirm_url }}){.button}") == compiled("[Ja]({{ confirm_url }}){.button}")


def test_a_mail_to_the_practice_knows_no_lead_and_needs_no_unsubscribe_link() -> None:
    head = "---\nsubject: Een aanvraag\npreheader: x\naudience: practice\n---\n"
    assert said("Naam: {{ alert.title }}", head=head) == []
    assert any("`first_name` is unknown" in line for line in said("{% if first_name %}x{% endif %}", head=head))
    assert any("nothing can be called" in line for line in said('[x]({{ answer_url("same") }})', head=head))


def test_a_partial_can_be_shown_on_a_page() -> None:
    partial, problems = compile_partial("_veiligheid.md", {"_veiligheid.md": SAFETY + "\nBel {{ practice.phone }}.\n"})
    assert partial is not None, problems
    html, text = render_partial(partial, practice())
    assert '<div class="veiligheid">\n<p>Bel je huisarts.</p>\n</div>' in html
    assert "style=" not in html
    assert "+31 20 000 00 00" in text
    assert compile_partial("_veiligheid.md", {"_veiligheid.md": "{{ first_name }}"})[0] is None


@pytest.mark.parametrize("text", ["a\x00b", "a\u2028b", "a\x1bb"])
def test_an_invisible_control_character_is_refused_with_its_line(text: str) -> None:
    assert f"email_templates/proef.md:{FIRST}: an invisible control character stands here; delete it" in said(text)


@pytest.mark.parametrize("value", [r'"a\0b"', r'"a\x1bb"', r'"a\Lb"', r'{by: "a\0b"}'])
def test_so_is_one_that_is_written_out_in_the_head(value: str) -> None:
    found, problems = read("proef.md", f"---\nlayout: x\nsubject: {value}\n---\nHoi.\n")
    assert [(each.id, each.line) for each in problems] == [("mail.control", 3)]
    assert found.head["layout"] == "x"


@pytest.mark.parametrize(
    "head",
    [
        "a: &x {kind: safety}\n<<: *x\n",
        "? [a, b]\n: c\n",
        ": c\n~: d\n",
        "kind: &a [*a]\n",
        "{kind: safety, b: 1}\n",
        "kind: !!set {a, b}\napproved: !!binary aGk=\n",
    ],
)
def test_a_head_of_odd_yaml_is_read_or_told_and_ends_nothing(head: str) -> None:
    partial = {"_a.md": f"---\n{head}---\nHoi.\n"}
    mail, problems = tried('{% include "_a.md" %}', more=partial)
    assert mail is not None or any(problem.severity == "error" for problem in problems)
