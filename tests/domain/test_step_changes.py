"""What differs between two revisions, step by step, as staff would say it."""

from __future__ import annotations

from typing import Any

from service.domain.sequence import Sequence
from service.domain.step_changes import StepChange, compare_rules, compare_steps

STEPS: list[dict[str, Any]] = [
    {"key": "advies", "template": "a", "purpose": "advice"},
    {"key": "een", "template": "b", "wait": "2 days"},
    {"key": "twee", "template": "c", "wait": "3 days", "only_if": {"answer": {"helped": ["same", "worse"]}}},
    {"key": "drie", "template": "d", "wait": "4 days"},
]


def sequence(*steps: dict[str, Any], **rules: Any) -> Sequence:
    """A sequence of these steps."""
    window = {"days": ["mon", "tue"], "from": "08:00", "to": "18:00"}
    given = {"name": "x", "title": "X", "topic": "x", "window": window, "steps": list(steps or STEPS)} | rules
    return Sequence.model_validate(given)


def told(changes: tuple[StepChange, ...]) -> list[tuple[str, str, list[str], tuple[str, ...]]]:
    """Key, kind, each difference as NAME: BEFORE > AFTER, and mails with new words."""
    return [
        (each.key, each.kind, [f"{one.what}: {one.before} > {one.after}" for one in each.differences], each.texts)
        for each in changes
    ]


def test_nothing_differs_between_equals() -> None:
    assert compare_steps(sequence(), sequence(), ()) == ()
    assert compare_rules(sequence(), sequence()) == ()


def test_added_removed_and_changed_steps_say_what_differs() -> None:
    advice, one, two, _ = STEPS
    new = sequence(
        advice, one | {"wait": "5 days", "at": "09:00"}, two, {"key": "vier", "template": "e", "wait": "1 day"}
    )
    assert told(compare_steps(sequence(), new, ())) == [
        ("een", "changed", ["wait: 2 days > 5 days", "at:  > 09:00"], ()),
        ("vier", "added", ["wait:  > 1 day", "template:  > e"], ()),
        ("drie", "removed", [], ()),
    ]


def test_a_step_in_another_place_is_moved_and_the_others_are_not() -> None:
    advice, one, two, three = STEPS
    assert told(compare_steps(sequence(), sequence(advice, three, one, two), ())) == [("drie", "moved", [], ())]


def test_conditions_variants_and_new_words_are_told() -> None:
    advice, one, two, three = STEPS
    variants = {"template": None, "variants": {"a": "d", "b": "e"}}
    new = sequence(advice, one, {**two, "only_if": None, "skip_if": {"sent": ["een"]}}, three | variants)
    assert told(compare_steps(sequence(), new, {"b"})) == [
        ("een", "changed", [], ("b",)),
        ("twee", "changed", ["only_if: {answer: {helped: [same, worse]}} > ", "skip_if:  > {sent: [een]}"], ()),
        ("drie", "changed", ["template: d > ", "variants:  > {a: d, b: e}"], ()),
    ]


def test_the_window_and_the_other_rules_are_told() -> None:
    new = sequence(
        window={"days": ["tue"], "from": "09:30", "to": "18:00", "skip_holidays": False}, confirmation="single"
    )
    assert [(each.what, each.after) for each in compare_rules(sequence(), new)] == [
        ("confirmation", "single"),
        ("window", "tue 09:30-18:00, also on holidays"),
    ]


def test_no_rule_of_a_sequence_changes_unseen() -> None:
    others = {
        "title": "Y",
        "topic": "y",
        "confirmation": "single",
        "window": {"days": ["wed"], "from": "09:00", "to": "18:00"},
        "exit_on": [],
        "again_after": "10 days",
        "archived": True,
    }
    assert set(others) == set(Sequence.model_fields) - {"name", "steps"}
    for name, value in others.items():
        assert [each.what for each in compare_rules(sequence(), sequence(**{name: value}))] == [name]
