"""What is wrong in practice.yaml, forms.yaml and between the files, in the words of the staff (ACCEPTANCE S1)."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from service.domain.forms import Consents, ConsentText, Form, Forms, Option, Question, ThankYou
from service.domain.practice import Booking, Closed, Holidays, Links, PainCheck, Practice
from service.domain.reading import Value
from service.flows.content import read_content
from service.flows.content_yaml import read_yaml
from tests.support.folders import content_copy

PRACTICE = "practice.yaml"
FORMS = "forms.yaml"
SEQUENCE = "sequences/lage-rug.yaml"


@pytest.mark.parametrize(
    ("file", "old", "new", "dutch"),
    [
        (PRACTICE, "name: Solid", "naam: Solid", "`naam` bestaat hier niet; bedoel je `name`?"),
        (
            PRACTICE,
            'kvk: "00000000"',
            'kvk: "1"',
            '`kvk` kan niet "1" zijn; schrijf acht cijfers tussen aanhalingstekens, zoals "12345678"',
        ),
        (
            PRACTICE,
            "address: Voorbeeldstraat 1, 1234 AB Voorbeeldstad",
            "address:",
            "`address` ontbreekt of is leeg; schrijf straat, nummer, postcode en plaats op één regel",
        ),
        (
            PRACTICE,
            "Europe/Amsterdam",
            "Europe/Adam",
            (
                '`time_zone` kan niet "Europe/Adam" zijn: die tijdzone bestaat niet; schrijf een naam zoals '
                "Europe/Amsterdam"
            ),
        ),
        (
            PRACTICE,
            "closed: []",
            "closed: [{from: 2026-08-07, to: 2026-07-27}]",
            (
                "`closed[1]` klopt niet: het einde ligt voor het begin; verwissel `from` en `to`; schrijf datums, of "
                "`{from: 2026-07-27, to: 2026-08-07, note: zomersluiting}`"
            ),
        ),
        (
            PRACTICE,
            "  - praktijk@solidperformance.example",
            "  - balie",
            (
                '`staff[1]` kan niet "balie" zijn: dat is geen e-mailadres; schrijf e-mailadressen, zoals '
                "`[balie@praktijk.nl]`"
            ),
        ),
        (
            PRACTICE,
            "kind: request",
            "kind: link",
            (
                "`booking` klopt niet: bij `kind: link` hoort het adres van je afsprakenpagina achter `url:`; schrijf "
                "`{kind: request}`, of `{kind: link, url: https://...}`"
            ),
        ),
        (
            PRACTICE,
            "remove: []",
            "remove: [Goede vrijda]",
            "`Goede vrijda` is geen feestdag die we kennen; bedoel je `Goede vrijdag`?",
        ),
        (
            FORMS,
            "chooses_topic: uitstraling-been",
            "chooses_topic: uitstraling-ben",
            "geen reeks heeft het topic `uitstraling-ben`; bedoel je `uitstraling-been`?",
        ),
        (FORMS, "- name: posture", "- name: leg", "twee vragen heten `leg`; geef elke vraag een eigen naam"),
        (
            FORMS,
            "- name: posture",
            "- name: helped",
            "`helped` is het antwoord van de knoppen in de mails; kies een andere naam",
        ),
        (
            FORMS,
            "value: flat",
            "value: hollow",
            "twee antwoorden hebben de waarde `hollow`; geef elk antwoord een eigen waarde",
        ),
        (
            SEQUENCE,
            "template: hoe-ging-het",
            "template: hoe-ging-t",
            "email_templates/hoe-ging-t.md bestaat niet; bedoel je `hoe-ging-het`?",
        ),
        (
            SEQUENCE,
            "{helped: [same]}",
            "{helped: [hetzelfde]}",
            "`hetzelfde` is geen antwoord op `helped`; kies uit `better`, `same`, `unknown`, `worse`",
        ),
        (
            SEQUENCE,
            "{helped: [same]}",
            "{postuur: [hollow]}",
            "niets vraagt naar het antwoord `postuur`; bedoel je `posture`?",
        ),
        (
            SEQUENCE,
            "topic: lage-rug",
            "topic: uitstraling-been",
            "het topic `uitstraling-been` is al van sequences/lage-rug.yaml; geef deze reeks een eigen topic",
        ),
        (
            SEQUENCE,
            "title: Lage rugpijn",
            "title: Lage: rugpijn",
            (
                "dit is geen geldige YAML: hier kan geen dubbele punt staan; zet de tekst tussen aanhalingstekens, en "
                "kijk of de regel even ver inspringt als die erboven"
            ),
        ),
    ],
)
def test_a_mistake_is_told_in_dutch_with_what_to_write_instead(
    tmp_path: Path, file: str, old: str, new: str, dutch: str
) -> None:
    folder = content_copy(tmp_path)
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    told = [each.dutch for each in read_content(folder).problems if each.severity == "error"]
    assert dutch in told


def test_a_warning_is_told_in_dutch(tmp_path: Path) -> None:
    told = [each.told("nl") for each in read_content(content_copy(tmp_path)).problems]
    assert told[0] == (
        "practice.yaml:7: waarschuwing: deze gegevens zijn verzonnen; vul je eigen gegevens in en haal `placeholder` "
        "weg voor je publiceert"
    )
    assert len(told) >= 3
    assert all(": waarschuwing: " in each for each in told)


@pytest.mark.parametrize(
    "text",
    [
        "a: [1, 2\nb: 3\n",
        "a: {b: 1\n",
        "a: b: c\n",
        "a: 'open\n",
        "a: 1\n---\nb: 2\n",
        "a: \x07\n",
        "a: *niets\n",
        "\ta: 1\n",
        "a: @x\n",
        "a: 1\na: 2\n",
        "a: !eigen x\n",
        "[1]: x\n",
        "a: &a {b: 1}\nc:\n  <<: *a\n",
        "a: &a [*a]\n",
        "[" * 50_000,
        'a: "x\\q"\n',
    ],
)
def test_every_mistake_in_yaml_has_dutch_words(text: str) -> None:
    (problem,) = read_yaml(text, "x.yaml").problems
    assert problem.dutch
    assert problem.dutch != problem.message


@pytest.mark.parametrize(
    "model",
    [
        Practice,
        Closed,
        Holidays,
        Booking,
        PainCheck,
        Links,
        Forms,
        Form,
        Question,
        Option,
        ConsentText,
        Consents,
        ThankYou,
    ],
)
def test_every_key_says_in_dutch_what_to_write_there(model: type[Value]) -> None:
    lacking = [key for key, field in model.model_fields.items() if field.description and not _dutch(model, key)]
    assert lacking == []


def _dutch(model: type[BaseModel], key: str) -> str:
    extra = model.model_fields[key].json_schema_extra
    return str(extra["description"]) if isinstance(extra, dict) else ""
