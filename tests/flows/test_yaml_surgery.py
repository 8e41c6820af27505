"""YAML of staff changed where it must change: whatever else stands in the file keeps its very bytes."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.flows.content_yaml import Data, read_yaml
from service.flows.sequence_editing import STEP_KEYS
from service.flows.yaml_surgery import OddlyWrittenError, flow, inserted, put, removed, swapped, without_key

FILES = 20  # each is read several times by a parser in Python
COMMENTS = st.sampled_from(["# Dag 2: hoe ging het?", "#", "#- key: oud", "# wie 'ja' zei: \"ja\""])
VALUES: dict[str, list[str]] = {
    "template": ["uitnodiging", '"check-lage-rug"', "'advies'"],
    "wait": ["2 days", '"3 working days"', "'4 hours'"],
    "at": ['"09:00"', "'18:30'"],
    "only_if": ["{answer: {helped: [same]}}", "{ sent: [a,b] }", "\n{in}answer:\n{in}  helped: [same]  # ook"],
    "max_late": ["4 days"],
}


@st.composite
def files(draw: st.DrawFn) -> str:
    """A sequence as somebody might write it: any indentation, comments, blank lines, quotes and order of keys."""
    indent = " " * draw(st.sampled_from([0, 2, 4]))
    gap = " " * draw(st.sampled_from([1, 3]))
    inner = indent + " " + gap
    lines = [
        draw(COMMENTS),
        "title: Proef   # de naam",
        "window: {days: [mon], from: '08:00', to: \"19:00\"}",
        "steps:",
    ]
    count = draw(st.integers(2, 5))
    for number in range(count):
        lines += [""] * draw(st.integers(0, 2))
        if draw(st.booleans()):
            lines += [indent + draw(COMMENTS), *([""] if draw(st.booleans()) else [])]
        lines += [indent + draw(COMMENTS)] * draw(st.integers(0, 2))
        keys = draw(st.permutations(sorted(draw(st.sets(st.sampled_from(sorted(VALUES)))) | {"wait"})))
        written = [f"key: stap-{number}"] + [f"{key}: {draw(st.sampled_from(VALUES[key]))}" for key in keys]
        for place, each in enumerate(written):
            tail = draw(st.sampled_from(["", "    # let op", " #"])) if "\n" not in each else ""
            before = indent + "-" + gap if not place else inner
            lines += (before + each.replace("{in}", inner + "  ") + tail).split("\n")
    lines += [""] * draw(st.integers(0, 2)) + draw(st.sampled_from([[], ["exit_on: [booked]"], ["# einde"]]))
    return "\n".join(lines) + draw(st.sampled_from(["", "\n"]))


def steps(text: str) -> list[dict[str, Data]]:
    found = read_yaml(text, "x.yaml")
    assert not found.problems, text
    return cast("list[dict[str, Data]]", cast("dict[str, Any]", found.data)["steps"])


@settings(max_examples=FILES)
@given(files(), st.data())
def test_a_step_that_moves_and_moves_back_leaves_every_byte_as_it_was(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(steps(text)) - 2))
    once = swapped(text, ("steps",), at)
    before, after = steps(text), steps(once)
    assert after == [*before[:at], before[at + 1], before[at], *before[at + 2 :]]
    assert sorted(once.split("\n")) == sorted(text.split("\n"))
    assert swapped(once, ("steps",), at) == text


@settings(max_examples=FILES)
@given(files(), st.data())
def test_a_value_that_changes_and_changes_back_leaves_every_byte_as_it_was(text: str, data: st.DataObject) -> None:
    found = steps(text)
    at = data.draw(st.integers(0, len(found) - 1))
    old = found[at]["wait"]
    once = put(text, ("steps", at), {"wait": "17 days"}, STEP_KEYS)
    assert steps(once) == [*found[:at], found[at] | {"wait": "17 days"}, *found[at + 1 :]]
    lines = list(zip(text.split("\n"), once.split("\n"), strict=True))
    assert [one for one, other in lines if one != other] == [one for one, other in lines if "17 days" in other]
    assert put(once, ("steps", at), {"wait": old}, STEP_KEYS) == text


@settings(max_examples=FILES)
@given(files(), st.data())
def test_a_key_or_a_step_that_comes_and_goes_leaves_every_byte_as_it_was(text: str, data: st.DataObject) -> None:
    found = steps(text)
    at = data.draw(st.integers(0, len(found) - 1))
    key = data.draw(st.sampled_from(["skip_if", "at", "max_late"]))
    if key not in found[at]:
        once = put(text, ("steps", at), {key: {"sent": ["stap-0"]}}, STEP_KEYS)
        assert steps(once)[at] == found[at] | {key: {"sent": ["stap-0"]}}
        assert put(once, ("steps", at), {key: None}, STEP_KEYS) == text
    new: dict[str, Data] = {"key": "nieuw", "template": "uitnodiging", "wait": "3 days"}
    more = inserted(text, ("steps",), at, new)
    assert steps(more) == [*found[: at + 1], new, *found[at + 1 :]]
    assert removed(more, ("steps",), at + 1) == text


@settings(max_examples=FILES)
@given(files(), st.data())
def test_a_step_is_taken_away_with_its_comment_and_nothing_else(text: str, data: st.DataObject) -> None:
    found = steps(text)
    at = data.draw(st.integers(1, len(found) - 1))
    once = removed(text, ("steps",), at)
    assert steps(once) == found[:at] + found[at + 1 :]
    gone = text.split("\n")
    for line in once.split("\n"):
        gone.remove(line)
    assert all(not line.strip() or line.lstrip().startswith("#") or _of_step(line, text, at) for line in gone)


def _of_step(line: str, text: str, at: int) -> bool:
    block = text[text.index(f"key: stap-{at}\n" if f"key: stap-{at}\n" in text else f"key: stap-{at} ") :]
    end = block.find("key: stap-", 5)
    return line.strip().removeprefix("-").strip() in block[: end if end > 0 else None]


COMMENTED = """\
steps:
  - key: een
    wait: 2 days
    # at: "09:00"
  # het tweede
  - key: twee
    wait: 3 days
"""


def test_a_comment_within_a_step_goes_and_stays_with_that_step() -> None:
    second = "  # het tweede\n  - key: twee\n    wait: 3 days\n"
    first = '  - key: een\n    wait: 2 days\n    # at: "09:00"\n'
    assert swapped(COMMENTED, ("steps",), 0) == f"steps:\n{second}{first}"
    assert removed(COMMENTED, ("steps",), 1) == f"steps:\n{first}"
    assert removed(COMMENTED, ("steps",), 0) == f"steps:\n{second}"


def test_a_value_on_one_line_with_others_is_changed_alone() -> None:
    text = 'window: {days: [mon, tue], from: "08:30", to: "19:00", skip_holidays: true}   # kantoor\n'
    order = ("days", "from", "to", "skip_holidays")
    assert put(text, ("window",), {"from": "09:00"}, order) == text.replace("08:30", "09:00")
    without = put(text, ("window",), {"skip_holidays": None}, order)
    assert without == text.replace(", skip_holidays: true", "")
    assert put(without, ("window",), {"skip_holidays": True}, order) == text
    assert put(text, ("window",), {"days": None}, order) == text.replace("days: [mon, tue], ", "")


@pytest.mark.parametrize("behind", ["", "   # nog te kiezen", "\n\n# over c"])
def test_a_key_with_nothing_behind_it_is_filled_in_or_taken_away_and_nothing_else_moves(behind: str) -> None:
    text = f"steps:\n  - key: a\n    wait:{behind}\n  - key: c\n    at:{behind}\nexit_on: []\n"
    filled = put(text, ("steps", 0), {"wait": "2 days", "at": "09:00"}, STEP_KEYS)
    with_at = f"wait: 2 days{behind}\n" if "\n" not in behind else "wait: 2 days\n"
    rest = "" if "\n" not in behind else behind[1:] + "\n"
    assert filled == text.replace(f"wait:{behind}\n", f'{with_at}    at: "09:00"\n{rest}')
    gone = put(text, ("steps", 1), {"at": None, "max_late": "1 day"}, STEP_KEYS)
    assert steps(gone) == [{"key": "a", "wait": None}, {"key": "c", "max_late": "1 day"}]
    assert gone.endswith(f"{rest}exit_on: []\n")
    assert removed(text, ("steps",), 0).endswith(f"  - key: c\n    at:{behind}\nexit_on: []\n")
    assert steps(swapped(text, ("steps",), 0)) == steps(text)[::-1]


def test_one_mail_becomes_variants_and_one_mail_again_in_its_own_place() -> None:
    text = "steps:\n- key: a   # vast\n  template: x  # die ene\n  wait: 2 days\n"
    split = put(text, ("steps", 0), {"template": None, "variants": {"kort": "x", "lang": "z"}}, STEP_KEYS)
    assert split == text.replace("template: x", "variants: {kort: x, lang: z}")
    assert put(split, ("steps", 0), {"variants": None, "template": "x"}, STEP_KEYS) == text


@pytest.mark.parametrize(
    "text",
    [
        "steps: [{key: a}, {key: b}]\n",
        "steps:\n  - &een {key: a}\n  - *een\n",
        "steps:\n  -\n    key: a\n  -\n    key: b\n",
        "steps: &alle\n  - key: a\n  - key: b\n",
        "title: x\n",
    ],
)
def test_what_is_written_oddly_is_left_to_a_person(text: str) -> None:
    with pytest.raises(OddlyWrittenError):
        swapped(text, ("steps",), 0)


def test_values_are_quoted_where_yaml_would_take_them_for_something_else() -> None:
    for value in ("yes", "null", "09:00", "12", "1.5", "# niet", "a: b", "- a", "é", "  ", "", '"', "*a", "2026-01-01"):
        text = f"a: {flow(value)}\n"
        assert read_yaml(text, "x").data == {"a": value}, text
    assert flow({"answer": {"leg": ["yes", "no-pain"]}}) == '{answer: {leg: ["yes", no-pain]}}'


def test_a_key_is_taken_away_with_its_lines_and_what_stands_above_it() -> None:
    text = "forms:\n  een: {a: 1}\n\n  # over twee\n  twee:\n    b: 2\n\n  # over drie\n  drie: 3\n"
    assert without_key(text, ("forms", "twee")) == "forms:\n  een: {a: 1}\n\n  # over drie\n  drie: 3\n"
    assert (
        without_key(text, ("forms", "een"))
        == "forms:\n\n  # over twee\n  twee:\n    b: 2\n\n  # over drie\n  drie: 3\n"
    )
