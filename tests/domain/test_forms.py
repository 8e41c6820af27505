"""The opt-in forms as staff write them, and what their answers choose."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from service.domain.forms import Forms, Option, parse_forms
from service.errors import InvalidInputError, Problem

FORM: dict[str, Any] = {
    "title": "Gratis pijnadvies",
    "topic": "lage-rug",
    "intro": "Vul je e-mailadres in.",
    "button": "Stuur mij het advies",
    "privacy": "Zo gaan we met je gegevens om",
    "questions": [
        {
            "name": "leg",
            "label": "Straalt de pijn uit naar je been?",
            "options": [
                {"value": "yes", "label": "Ja", "chooses_topic": "uitstraling-been"},
                {"value": "no", "label": "Nee"},
            ],
        },
        {
            "name": "posture",
            "label": "Hoe is je rug?",
            "options": [{"value": "hollow", "label": "Hol"}, {"value": "flat", "label": "Vlak"}],
        },
    ],
    "consent": {
        "advice": {"version": "2026-1", "text": "Gebruik mijn adres voor het advies."},
        "follow_up": {"version": "2026-1", "text": "Stuur mij ook het vervolg."},
    },
    "thank_you": {"title": "Bijna klaar", "texts": ["Kijk in je inbox."]},
}
LONG = {"version": "v" * 101, "text": "x"}


def parse(data: object) -> tuple[Forms | None, list[Problem]]:
    return parse_forms(data, lambda path: len(path) + 1, "forms.yaml")


def good() -> Forms:
    forms, problems = parse({"forms": {"lage-rug": FORM}})
    assert problems == []
    assert forms is not None
    return forms


def test_the_leg_question_chooses_the_topic() -> None:
    form = good().forms["lage-rug"]
    assert form.topic_for({"leg": "yes"}) == "uitstraling-been"
    assert form.topic_for({"leg": "no"}) == form.topic_for({"leg": "unknown"}) == form.topic_for({}) == "lage-rug"
    assert form.topics() == ("lage-rug", "uitstraling-been")


def test_not_knowing_may_choose_the_topic_whether_it_is_said_or_left_open() -> None:
    form = good().forms["lage-rug"]
    options = (*form.questions[0].options, Option(value="unknown", label="Weet ik niet", chooses_topic="nek"))
    asked = form.model_copy(update={"questions": (form.questions[0].model_copy(update={"options": options}),)})
    for given in ({"leg": "unknown"}, {}):
        assert asked.topic_for(asked.checked_answers(given)) == "nek"
    assert asked.topic_for({"leg": "no"}) == "lage-rug"


def test_a_topic_finds_its_form() -> None:
    forms = good()
    assert forms.for_topic("lage-rug") == forms.for_topic("uitstraling-been") == forms.forms["lage-rug"]
    assert forms.for_topic("nek") is None


def test_json_goes_there_and_back() -> None:
    again = Forms.model_validate_json(good().model_dump_json())
    assert again == good()


def test_given_answers_are_kept_and_unknown_ones_left_out() -> None:
    assert good().forms["lage-rug"].checked_answers({"posture": "hollow", "leg": "unknown"}) == {"posture": "hollow"}


def test_answers_the_form_lacks_are_refused_by_name() -> None:
    with pytest.raises(InvalidInputError) as refused:
        good().forms["lage-rug"].checked_answers({"posture": "scheef", "a/b": "x"})
    assert [field.pointer for field in refused.value.fields] == ["/answers/posture", "/answers/a~1b"]


def test_the_answers_of_forms_and_of_mail_buttons_are_known() -> None:
    assert good().answers()["posture"] == {"hollow", "flat", "unknown"}
    assert good().answers()["helped"] == {"better", "same", "worse", "unknown"}


def _changed(change: object) -> dict[str, Any]:
    form = deepcopy(FORM)
    if isinstance(change, dict):
        form |= change
    return {"forms": {"lage-rug": form}}


@pytest.mark.parametrize(
    ("change", "problem_id"),
    [
        ({"title": None}, "content-missing"),
        ({"titel": "x"}, "content-unknown-key"),
        ({"name": "x"}, "content-unknown-key"),
        ({"questions": [FORM["questions"][0], FORM["questions"][0]]}, "question-repeated"),
        ({"questions": [FORM["questions"][0], {**FORM["questions"][0], "name": "leg "}]}, "question-repeated"),
        ({"questions": [{**FORM["questions"][0], "name": "helped"}]}, "question-reserved"),
        ({"questions": [{**FORM["questions"][0], "options": [{"value": "a", "label": "A"}] * 2}]}, "answer-repeated"),
        ({"questions": [{**FORM["questions"][0], "options": []}]}, "content-empty"),
        ({"questions": [{**FORM["questions"][0], "name": f"q{number}"} for number in range(21)]}, "form-too-large"),
        ({"consent": {"advice": LONG, "follow_up": LONG}}, "form-too-large"),
        ({"consent": {"advice": {"version": "1", "text": "x"}}}, "content-missing"),
        ({"thank_you": {"title": "x", "texts": []}}, "content-empty"),
    ],
)
def test_a_wrong_form_is_told(change: dict[str, Any], problem_id: str) -> None:
    forms, problems = parse(_changed(change))
    assert forms is None
    assert [problem.id for problem in problems] == [problem_id]


@pytest.mark.parametrize(
    "data", [None, [], {}, {"forms": {}}, {"forms": []}, {"forms": {"Fout!": FORM}}, {"forms": {"x": 1}}]
)
def test_any_shape_of_data_is_told(data: object) -> None:
    forms, problems = parse(data)
    assert forms is None
    assert problems
