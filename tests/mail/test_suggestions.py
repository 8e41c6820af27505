"""Staff write Dutch words where a template has English ones, and are told which one was meant (ACCEPTANCE M6, S1)."""

from __future__ import annotations

import pytest

from service.mail.dutch_words import PARTS, WORDS
from service.mail.names import AUDIENCES, allowed_names, nearest
from service.mail.sandbox import FILTERS, TAGS, TESTS
from tests.support.mails import HEAD, tried

PLACES = [*TAGS, *FILTERS, *TESTS, *(name for audience in AUDIENCES for name in allowed_names(audience))]


def dutch(body: str, *, head: str = HEAD) -> list[str]:
    """The Dutch of everything wrong with a mail, with file and line."""
    return [problem.told("nl") for problem in tried(body, head=head)[1]]


@pytest.mark.parametrize("name", sorted({name for name in PLACES if not name.startswith("practice.links.video")}))
def test_every_name_tag_and_filter_has_a_dutch_word_that_leads_to_it(name: str) -> None:
    tried_words = [*WORDS, *(f"{one}.{other}" for one in PARTS for other in PARTS)]
    everything = {name}
    assert [word for word in tried_words if nearest(word, everything) == name and word != name]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("Hoi {{ voornaam }}", ":8: `voornaam` bestaat niet; bedoel je `first_name`?"),
        ("Hoi {{ Voornaam }}", ":8: `Voornaam` bestaat niet; bedoel je `first_name`?"),
        ("Hoi {{ fisrt_name }}", ":8: `fisrt_name` bestaat niet; bedoel je `first_name`?"),
        ("{{ praktijk.naam }}", ":8: `praktijk.naam` bestaat niet; bedoel je `practice.name`?"),
        ("{{ telefoonnummer }}", ":8: `telefoonnummer` bestaat niet; bedoel je `practice.phone`?"),
        (
            "{{ practice }}",
            ":8: `practice` kan niet alleen staan; schrijf erachter wat je bedoelt, zoals `practice.name`",
        ),
        (
            "{{ practice.booking }}",
            ":8: `practice.booking` kan niet alleen staan. Kies uit: practice.booking.kind, practice.booking.url.",
        ),
        ("{{ cycler }}", ":8: `cycler` bestaat niet. Welke namen er wel zijn, staat in docs/meldingen.md"),
        ("{{ request.name }}", ":8: `request.name` kan niet in een mail aan een lead staan."),
        (
            "{{ first_name }}",
            ":8: de voornaam kan ontbreken. Schrijf `{% if first_name %} {{ first_name }}{% endif %}`",
        ),
        ("{% als first_name %}x{% endif %}", ":8: het woord `als` bestaat niet; bedoel je `if`?"),
        ("{% if first_name %}x{% einde %}", ":8: het woord `einde` bestaat niet; bedoel je `endif`?"),
        ("{{ practice.name|hoofdletters }}", ":8: het filter `hoofdletters` bestaat niet; bedoel je `upper`?"),
        ("{% if first_name is ingevuld %}x{% endif %}", "bestaat niet; bedoel je `defined`?"),
        ("{% if first_name %}x\n\ny\n", ":8: deze `if` wordt nergens gesloten; zet `{% endif %}` onder de tekst"),
        ("{% for d in practice.opening_days %}x", ":8: deze `for` wordt nergens gesloten; zet `{% endfor %}` onder"),
        (
            "{% for d in alert.lines %}{{ d }}{% endfor %}",
            ":8: `for` kan alleen over een lijst die er al is, niet over",
        ),
        ("{{ range(9) }}", ":8: `range(…)` kan niet in een mail. Met haakjes kan alleen `answer_url"),
        ('[x]({{ answer_url("beter") }})', ":8: `beter` is geen antwoord; schrijf `answer_url"),
        ("x{% endif %}", ":8: `{% endif %}` hoort hier nergens bij"),
        ("{{ practice.name }", "sluit af met `}}`"),
        ("{{ 'a' ~ practice.name }}", ":8: aan elkaar plakken met `~` kan niet in een mail."),
        ("{% set x = 1 %}", ":8: het woord `set` bestaat niet."),
        (
            "{% for d in practice.name %}x{% endfor %}",
            "`for` kan alleen over een lijst die er al is, niet over `practice.name`",
        ),
        ('{% include "_weg.md" %}', "het blok `_weg.md` bestaat niet"),
        ("[x]({{ booking_url }}){.knop}", ":8: de stijl `knop` bestaat niet; bedoel je `button`?"),
        ("[x](www.praktijk.nl)", ":8: `www.praktijk.nl` kan geen link zijn. Schrijf een adres dat met https:// begint"),
        ("::: waarschuwing\nx\n:::", ":8: het kader `waarschuwing` bestaat niet; bedoel je `veiligheid`?"),
        ("<b>x</b>", ":8: HTML (`<b>`) kan niet in een mail. Schrijf `**vet**`"),
        ("Een\u200bx\x07", ":8: hier staat een onzichtbaar teken"),
        ("Hoi.\n\n# Nog een", ":10: een mail heeft één `# kop`"),
    ],
)
def test_the_sentence_names_what_was_written_and_what_to_write(body: str, said: str) -> None:
    found = dutch(body)
    assert any(said in sentence for sentence in found), found


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("onderwerp: x", "in de kop: `onderwerp` bestaat niet; bedoel je `subject`?"),
        ("opmaak: feest", "in de kop: `opmaak` bestaat niet; bedoel je `layout`?"),
        ("layout: standard", "de opmaak `standard` bestaat niet; bedoel je `standaard`?"),
        ("audience: klant", "bij `audience`: `klant` bestaat niet; bedoel je `lead`?"),
        (
            "preheader2: Rust: zo doe je dat",
            "kan niet worden gelezen: `preheader2: Rust: zo doe je dat`. Staat er `: `",
        ),
    ],
)
def test_a_mistake_in_the_head_is_told_with_its_line(line: str, said: str) -> None:
    found = dutch("x", head=HEAD.replace("---\n", f"---\n{line}\n", 1))
    assert any(said in sentence and "proef.md:2: " in sentence for sentence in found), found


def test_a_missing_line_of_the_head_is_asked_for() -> None:
    found = dutch("x", head="---\nsubject: Begin\nreason: Daarom.\n---\n")
    assert any(each.startswith("email_templates/proef.md:1: in de kop ontbreekt `preheader`") for each in found)


@pytest.mark.parametrize("text", ["{{ practice.name }}", "[Nieuw]", "2026-12-01"])
def test_a_line_of_the_head_that_is_no_text_is_not_called_empty(text: str) -> None:
    found = dutch("Tekst.", head=HEAD.replace("Begin vandaag", text))
    assert found == [
        'email_templates/proef.md:2: `subject` is zo geen tekst. Zet er aanhalingstekens omheen: `subject: "…"`.'
    ]


@pytest.mark.parametrize("text", ["{{ first_name }}, hoe is het?", "{% if first_name %}Hoi{% endif %}", "[Nieuw] Hoi"])
def test_a_line_of_the_head_that_begins_with_a_sign_of_yaml_is_told_to_have_quotes(text: str) -> None:
    (told,) = tried("Tekst.", head=HEAD.replace("Begin vandaag", text))[1]
    assert "of begint hij met `{`, `[` of `%`? Zet hem dan tussen aanhalingstekens" in told.dutch


def test_a_line_of_the_head_with_nothing_behind_it_is_called_empty() -> None:
    found = dutch("x", head="---\nsubject: ''\npreheader:\nreason: ' '\n---\n")
    assert "email_templates/proef.md:2: het onderwerp is leeg. Vul dit in." in found
    assert "email_templates/proef.md:3: de preheader is leeg. Vul dit in." in found
    assert "email_templates/proef.md:4: de regel waarom de lezer deze mail krijgt is leeg. Vul dit in." in found


def test_every_problem_of_a_mail_with_everything_wrong_has_a_dutch_sentence_of_its_own() -> None:
    body = (
        "{{ x }}\n\n{% x %}\n\n{{ practice.name|x }}\n\n[x](y)\n\n<i>\n\n:::\n\n![](media/a.jpg)\n\n![x](http://a.nl/b)"
    )
    problems = tried(body, head=HEAD.replace("subject:", "subjekt:"))[1]
    assert len(problems) >= 4
    assert all(problem.dutch and problem.dutch != problem.message for problem in problems), problems
