"""What `only_if` and `skip_if` may ask, when it is so, and how each mistake is told in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from service.domain.calendar import Calendar
from service.domain.conditions import Condition, Known, holds, told
from service.domain.enrolment import Enrolment, Facts, Send, Skip, State, decide
from service.domain.sequence import Sequence
from service.domain.sequence_file import parse_sequence
from service.errors import Problem

KNOWN = Known(day=date(2026, 12, 24), opted_in_on=date(2026, 12, 4), answers={"helped": "same"})
SEQUENCE: dict[str, Any] = {
    "title": "Rug",
    "topic": "rug",
    "window": {"from": "08:30", "to": "19:00"},
    "steps": [
        {"key": "advies", "template": "advies", "purpose": "advice"},
        {"key": "een", "template": "een", "wait": "2 days"},
    ],
}


def condition(**written: object) -> Condition:
    return Condition.model_validate(written)


def problems(confirmation: str = "double", /, **written: object) -> list[Problem]:
    steps = [SEQUENCE["steps"][0], SEQUENCE["steps"][1] | {"only_if": written}]
    lines = {("steps", 1, "only_if"): 9, ("steps", 1, "only_if", "month"): 10}
    data = SEQUENCE | {"steps": steps, "confirmation": confirmation}
    return parse_sequence("rug", data, lines.get, "sequences/rug.yaml")[1]


@pytest.mark.parametrize(
    ("written", "so"),
    [
        ({"days_since_opt_in": {"at_least": 20}}, True),
        ({"days_since_opt_in": {"at_least": 21}}, False),
        ({"days_since_opt_in": {"at_most": 20}}, True),
        ({"days_since_opt_in": {"at_most": 19}}, False),
        ({"days_since_opt_in": {"at_least": 10, "at_most": 30}}, True),
        ({"month": ["dec", "jan"]}, True),
        ({"month": ["jan"]}, False),
        ({"confirmed": True}, False),
        ({"confirmed": False}, True),
        ({"replied": True}, False),
        ({"replied": False}, True),
        ({"replied": False, "month": ["jan"]}, False),
        ({"answer": {"helped": ["same"]}, "month": ["dec"]}, True),
        ({"answer": {"posture": ["unknown"]}}, True),
    ],
)
def test_all_that_is_written_must_be_so(written: dict[str, object], so: bool) -> None:
    assert holds(condition(**written), KNOWN) is so


def test_a_press_and_a_reply_are_known() -> None:
    assert holds(condition(confirmed=True, replied=True), replace(KNOWN, confirmed=True, replied=True))
    assert not holds(condition(confirmed=False), replace(KNOWN, confirmed=True))
    assert not holds(condition(replied=False), replace(KNOWN, replied=True))


def test_one_of_the_steps_named_must_have_gone_out() -> None:
    assert holds(condition(sent=["een", "twee"]), replace(KNOWN, gone_out=frozenset({"twee"})))
    assert not holds(condition(sent=["een"]), replace(KNOWN, gone_out=frozenset({"twee"})))


@pytest.mark.parametrize(
    ("written", "dutch", "english"),
    [
        (
            {"days_since_opt_in": {"at_least": 10, "at_most": 30}},
            "de aanvraag minstens 10 en hoogstens 30 dagen geleden is",
            "the opt-in is at least 10 and at most 30 days ago",
        ),
        (
            {"days_since_opt_in": {"at_most": 3}},
            "de aanvraag hoogstens 3 dagen geleden is",
            "the opt-in is at most 3 days ago",
        ),
        ({"month": ["dec", "jan"]}, "het december of januari is", "it is December or January"),
        (
            {"confirmed": False},
            "er niet op de knop in het advies is gedrukt",
            "the button in the advice was not pressed",
        ),
        (
            {"replied": True, "month": ["mar"]},
            "er een antwoord per mail kwam en het maart is",
            "a reply came by mail and it is March",
        ),
    ],
)
def test_a_condition_reads_as_the_end_of_a_sentence(written: dict[str, object], dutch: str, english: str) -> None:
    assert told(condition(**written)) == (dutch, english)


@pytest.mark.parametrize(
    ("written", "problem_id", "english", "dutch"),
    [
        (
            {"month": ["mrt"]},
            "content-wrong-value",
            "write months out of jan, feb, mar",
            "schrijf maanden uit jan, feb, mar",
        ),
        (
            {"replied": "ja"},
            "content-wrong-value",
            'cannot be "ja"; write true or false',
            'niet "ja" zijn; schrijf true of false',
        ),
        (
            {"days_since_opt_in": {"at_least": -1}},
            "content-wrong-value",
            "write a number of days",
            "schrijf een aantal dagen",
        ),
        ({"days_since_opt_in": {}}, "content-wrong-value", "it names no days", "er staan geen dagen"),
        (
            {"days_since_opt_in": {"at_least": 9, "at_most": 3}},
            "content-wrong-value",
            "no day is at least 9 and at most 3",
            "geen dag is minstens 9 en hoogstens 3",
        ),
        (
            {"day_since_opt_in": {"at_least": 1}},
            "content-unknown-key",
            "`days_since_opt_in`?",
            "bedoel je `days_since_opt_in`?",
        ),
        ({}, "content-wrong-value", "the condition is empty", "de voorwaarde is leeg"),
        ({"month": ["dec", "dec"]}, "month-repeated", "stands here twice", "staat hier twee keer"),
    ],
)
def test_a_wrong_condition_is_told_with_its_line_and_what_to_write(
    written: dict[str, object], problem_id: str, english: str, dutch: str
) -> None:
    (problem,) = problems(**written)
    assert (problem.id, problem.line) == (problem_id, 10 if "month" in written else 9)
    assert english in problem.message
    assert dutch in problem.dutch


def test_asking_for_the_button_where_all_pressed_it_is_a_warning() -> None:
    (problem,) = problems(confirmed=True)
    assert (problem.id, problem.severity) == ("confirmed-always", "warning")
    assert problems("single", confirmed=True) == []


def test_month_and_days_are_those_of_the_planned_local_day_not_of_the_moment_it_is_looked_at() -> None:
    zone = ZoneInfo("Europe/Amsterdam")
    only = {"only_if": {"month": ["jan"], "days_since_opt_in": {"at_most": 2}}}
    steps = [SEQUENCE["steps"][0], SEQUENCE["steps"][1] | only]
    window = {"days": ["thu", "fri", "sat"], "from": "00:00", "to": "23:00", "skip_holidays": False}
    sequence = Sequence.model_validate(SEQUENCE | {"name": "rug", "steps": steps, "window": window})
    asked = datetime(2026, 12, 30, 0, 10, tzinfo=zone).astimezone(UTC)  # in UTC it is the 29th still
    run = Enrolment(state=State.ACTIVE, anchor=asked, split_id="x", next_step="een", opted_in_at=asked)
    facts = Facts(calendar=Calendar(zone=zone), may_follow_up=True)
    planned = datetime(2027, 1, 1, 0, 10, tzinfo=zone).astimezone(UTC)  # and here the last of December
    assert isinstance(decide(run, sequence, facts, planned), Send)
    assert isinstance(decide(run, sequence, facts, planned + timedelta(days=1)), Send), "late is no other month"
    earlier = replace(run, opted_in_at=asked - timedelta(days=1))
    decision = decide(earlier, sequence, facts, planned)
    assert isinstance(decision, Skip)
    assert decision.reason.dutch == "alleen als de aanvraag hoogstens 2 dagen geleden is en het januari is"
