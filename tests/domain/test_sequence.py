"""Sequences as staff write them: what is read, and how each mistake is told."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from typing import Any

import pytest
from pydantic import ValidationError

from service.domain.reading import Path
from service.domain.sequence import Sequence, Step, Wait
from service.domain.sequence_file import parse_sequence
from service.errors import Problem

GOOD: dict[str, Any] = {
    "title": "Lage rugpijn",
    "topic": "lage-rug",
    "confirmation": "double",
    "window": {"days": ["mon", "tue"], "from": "08:30", "to": "19:00", "skip_holidays": True},
    "exit_on": ["booked"],
    "steps": [
        {"key": "advies", "template": "advies-lage-rug", "purpose": "advice"},
        {"key": "hoe-ging-het", "template": "hoe-ging-het", "wait": "2 days", "at": "09:00"},
        {"key": "eerder", "template": "eerder", "wait": "3 working days", "only_if": {"answer": {"helped": ["same"]}}},
        {
            "key": "uitnodiging",
            "variants": {"a": "kort", "b": "verhaal"},
            "wait": "4 hours",
            "skip_if": {"sent": ["eerder"]},
            "max_late": "5 days",
        },
    ],
}
LINES = {(): 1, ("window", "to"): 5, ("steps", 1): 20, ("steps", 1, "wait"): 22, ("titel",): 2}


def parse(data: object) -> tuple[Sequence | None, list[Problem]]:
    def line_of(path: Path) -> int | None:
        return LINES.get(path)

    return parse_sequence("lage-rug", data, line_of, "sequences/lage-rug.yaml")


def problems_with(**changes: object) -> list[Problem]:
    return parse(GOOD | changes)[1]


def step_problems(position: int, **changes: object) -> list[Problem]:
    data = deepcopy(GOOD)
    data["steps"][position] |= changes
    return parse(data)[1]


def good() -> Sequence:
    sequence, problems = parse(GOOD)
    assert problems == []
    assert sequence is not None
    return sequence


def test_a_sequence_is_read_as_it_is_written() -> None:
    sequence = good()
    assert sequence.advice.key == "advies"
    assert [str(step.wait) for step in sequence.follow_ups] == ["2 days", "3 working days", "4 hours"]
    assert sequence.templates() == ("advies-lage-rug", "hoe-ging-het", "eerder", "kort", "verhaal")


def test_json_goes_there_and_back() -> None:
    sequence = good()
    again = Sequence.model_validate_json(sequence.model_dump_json())
    assert again == sequence


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("1 day", 1, "days"),
        ("2 days", 2, "days"),
        ("1 hour", 1, "hours"),
        ("48  hours", 48, "hours"),
        ("1 working day", 1, "working_days"),
        ("3 Working Days", 3, "working_days"),
    ],
)
def test_a_wait_is_a_number_and_a_unit(text: str, amount: int, unit: str) -> None:
    wait = Wait.model_validate(text)
    assert (wait.amount, wait.unit) == (amount, unit)


@pytest.mark.parametrize(
    "text",
    [
        *("2 dagen", "days", "-1 days", "0 days", "1.5 days", "2 weeks", "400 days", 2, "2days"),
        # as keys, which a file may hold too
        *({"amount": 400, "unit": "days"}, {"amount": 0, "unit": "hours"}, {"amount": 2, "unit": "weeks"}),
    ],
)
def test_any_other_wait_is_refused(text: object) -> None:
    with pytest.raises(ValidationError):
        Wait.model_validate(text)


def test_the_split_is_even_and_stable() -> None:
    step = good().step("uitnodiging")
    assert step is not None
    counted = Counter(step.template_for(f"lead-{number}") for number in range(2000))
    assert set(counted) == {"kort", "verhaal"}
    assert abs(counted["kort"] - 1000) < 120
    assert step.template_for("lead-1") == step.template_for("lead-1")
    turned = Step.model_validate({**step.model_dump(), "variants": {"b": "verhaal", "a": "kort"}})
    assert all(turned.template_for(str(n)) == step.template_for(str(n)) for n in range(50))


def test_two_steps_split_apart() -> None:
    one, other = (Step(key=key, variants={"a": "x", "b": "y"}) for key in ("een", "twee"))
    assert any(one.template_for(str(n)) != other.template_for(str(n)) for n in range(50))


def test_a_variant_may_have_any_name_as_those_of_published_revisions_do() -> None:
    step = Step.model_validate({"key": "uitnodiging", "variants": {"Kort": "kort", "lang verhaal": "verhaal"}})
    assert {step.variant_for(str(n)) for n in range(50)} == {"Kort", "lang verhaal"}


def test_a_misspelt_key_is_one_problem_with_a_suggestion() -> None:
    data = {key: value for key, value in GOOD.items() if key != "title"} | {"titel": "Lage rugpijn"}
    (problem,) = parse(data)[1]
    assert str(problem) == "sequences/lage-rug.yaml:2: unknown key `titel`; did you mean `title`?"


def test_a_bad_wait_is_told_with_its_line_and_what_to_write() -> None:
    (problem,) = step_problems(1, wait="2 dagen")
    assert problem.line == 22
    assert 'cannot be "2 dagen"' in problem.message
    assert 'such as "2 days"' in problem.message


def test_a_missing_key_is_told_at_the_line_of_its_parent() -> None:
    (problem,) = step_problems(1, key=None)
    assert problem.line == 20
    assert problem.id == "content-missing"


def test_all_problems_are_told_at_once() -> None:
    data = deepcopy(GOOD)
    data["confirmation"] = "tripple"
    data["window"]["to"] = "8 uur"
    data["steps"][1]["key"] = "advies"
    data["steps"][2]["only_if"] = {"answr": {}}
    data["steps"][3]["skip_if"] = {"sent": ["eerdr"]}
    sequence, problems = parse(data)
    assert sequence is None
    assert {problem.id for problem in problems} == {
        "content-wrong-value",
        "content-unknown-key",
        "step-repeats-key",
        "sent-unknown-step",
    }
    assert len(problems) == 5
    assert any("did you mean `eerder`?" in problem.message for problem in problems)


@pytest.mark.parametrize(
    ("position", "changes", "problem_id"),
    [
        (0, {"wait": "1 day"}, "advice-waits"),
        (0, {"max_late": "1 day"}, "advice-waits"),
        (0, {"purpose": "follow_up"}, "first-step-not-advice"),
        (1, {"purpose": "advice"}, "second-advice"),
        (1, {"wait": None}, "step-no-wait"),
        (1, {"at": "07:00"}, "at-outside-window"),
        (1, {"at": "19:00"}, "at-outside-window"),
        (1, {"at": "9 uur"}, "content-wrong-value"),
        (1, {"template": "../secret"}, "content-wrong-value"),
        (0, {"template": None}, "step-template"),
        (1, {"template": None}, "step-template"),  # the key was written, and nothing behind it
        (3, {"variants": None}, "step-template"),
        (1, {"variants": {"a": "x", "b": "y"}}, "step-template"),
        (1, {"key": "advies"}, "step-repeats-key"),
        (1, {"key": " eerder"}, "step-repeats-key"),
        (1, {"only_if": {}}, "content-wrong-value"),
        (2, {"skip_if": {"sent": ["uitnodiging"]}}, "sent-not-earlier"),
        (2, {"skip_if": {"sent": ["eerder"]}}, "sent-not-earlier"),
        (3, {"skip_if": {"sent": ["advies"]}}, "sent-advice"),
        (3, {"variants": {"a": "x"}}, "step-few-variants"),
    ],
)
def test_a_wrong_step_is_told_once(position: int, changes: dict[str, object], problem_id: str) -> None:
    assert problem_id in [problem.id for problem in step_problems(position, **changes)]
    assert len(step_problems(position, **changes)) == 1 or changes.get("key") == "advies"


@pytest.mark.parametrize(
    ("changes", "problem_id"),
    [
        ({"window": {"days": ["mon"], "from": "19:00", "to": "08:30"}}, "window-empty"),
        ({"window": {"days": [], "from": "08:30", "to": "19:00"}}, "content-empty"),
        ({"window": {"days": ["mon", "mon"], "from": "08:30", "to": "19:00"}}, "window-repeats-day"),
        ({"window": {"days": ["maandag"], "from": "08:30", "to": "19:00"}}, "content-wrong-value"),
        ({"exit_on": ["unsubscribed"]}, "content-wrong-value"),
        ({"steps": []}, "content-empty"),
        ({"steps": None}, "content-missing"),
        ({"topic": "Lage Rug"}, "content-wrong-value"),
        ({"title": 5}, "content-wrong-value"),
        ({"name": "x"}, "content-unknown-key"),
    ],
)
def test_a_wrong_head_is_told(changes: dict[str, object], problem_id: str) -> None:
    assert problem_id in [problem.id for problem in problems_with(**changes)]


@pytest.mark.parametrize("data", [None, [], "text", 5, {"steps": "x"}, {"steps": [None, 1, []]}, {"window": []}])
def test_any_shape_of_data_is_told_and_never_raises(data: object) -> None:
    sequence, problems = parse(data)
    assert sequence is None
    assert problems
