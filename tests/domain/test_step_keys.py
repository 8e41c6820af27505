"""Which change of a key is a fault, and which is none: a mail keeps its key, and no other mail gets it."""

from __future__ import annotations

import pytest

from service.domain.sequence import Sequence
from service.domain.step_keys import KeyFault, key_faults

WORDS = {"b": "one", "b-anders": "one", "c": "two", "d": "three", "e": "four"}
"""What stands in each mail; two files have the very same words."""


def sequence(*steps: str) -> Sequence:
    """The advice, and steps written as KEY=MAIL or KEY=MAIL/MAIL for variants."""
    rows: list[dict[str, object]] = [{"key": "advies", "template": "a", "purpose": "advice"}]
    for step in steps:
        key, _, mails = step.partition("=")
        names = mails.split("/")
        variants = dict(zip("abc", names, strict=False)) if len(names) > 1 else None
        rows.append({"key": key, "wait": "1 day", "template": None if variants else names[0], "variants": variants})
    window = {"days": ["mon"], "from": "08:00", "to": "18:00"}
    return Sequence.model_validate({"name": "x", "title": "X", "topic": "x", "window": window, "steps": rows})


def same_text(was: frozenset[str], becomes: frozenset[str]) -> bool:
    """Has one of these the words of one of those?"""
    return bool({WORDS.get(each) for each in was} & {WORDS.get(each) for each in becomes} - {None})


def faults(new: Sequence, *older: Sequence) -> list[KeyFault]:
    """What is wrong with the new one; the older ones are given newest first."""
    return key_faults(older, new, same_text)


@pytest.mark.parametrize(
    ("new", "older"),
    [
        (["k=b"], [["k=b"]]),
        (["m=c", "k=b"], [["k=b", "m=c"]]),  # another order
        (["k=b-anders"], [["k=b"]]),  # the file got another name, its words stayed
        (["k=b/c"], [["k=b"]]),  # a variant more
        (["k=c"], [["k=b/c"], ["k=b"]]),  # and the winner of two
        (["k=b"], [["m=c"], ["k=b"]]),  # taken up again under its own key
        (["k=b", "extra=b"], [["k=b"]]),  # the same mail twice, on purpose
        (["k=b", "n=d"], [["k=b", "m=c"]]),  # one gone, another new
        (["k=b/c", "n=b"], [["k=b/c"]]),  # a variant a second time, on purpose
        (["k=b", "n=c"], [["k=b", "n=c"], ["k=b/c"]]),  # published before this was refused
    ],
)
def test_a_mail_under_its_own_key_is_no_fault(new: list[str], older: list[list[str]]) -> None:
    assert faults(sequence(*new), *(sequence(*each) for each in older)) == []


@pytest.mark.parametrize(
    ("new", "older", "was"),
    [
        (["n=b"], [["k=b"]], "k"),
        (["n=b-anders"], [["k=b"]], "k"),  # key and file renamed together
        (["n=b"], [["m=c"], ["k=b"]], "k"),  # by any older revision
        (["n=b/d"], [["k=b"]], "k"),
    ],
)
def test_a_mail_under_a_new_key_is_refused_with_the_key_it_had(
    new: list[str], older: list[list[str]], was: str
) -> None:
    (fault,) = faults(sequence(*new), *(sequence(*each) for each in older))
    assert (fault.kind, fault.position, fault.key, fault.was) == ("renamed", 1, "n", was)
    problem = fault.problem("sequences/x.yaml", 7)
    assert problem.id == "step-key-renamed"
    assert str(problem).startswith("sequences/x.yaml:7: step `n` sends the mail that was step `k`")
    assert f"schrijf `key: {was}`" in problem.told("nl")


@pytest.mark.parametrize(
    ("new", "older"),
    [
        (["k=c", "n=b"], [["k=b/c"]]),
        (["k=c", "n=b-anders"], [["k=b/c"]]),  # under another name, with the same words
        (["k=c", "n=b"], [["k=c"], ["k=b/c"]]),  # left out first, taken up later
        (["k=c", "n=d/b"], [["k=b/c"]]),
    ],
)
def test_a_variant_that_becomes_a_step_of_its_own_would_be_sent_again(new: list[str], older: list[list[str]]) -> None:
    (fault,) = faults(sequence(*new), *(sequence(*each) for each in older))
    assert (fault.kind, fault.position, fault.key, fault.was) == ("split", 2, "n", "k")
    problem = fault.problem("sequences/x.yaml", 7)
    assert problem.id == "step-key-split"
    assert "step `n` sends a mail that was a variant of step `k`" in str(problem)
    assert "krijgt hem dan nog een keer" in problem.told("nl")


@pytest.mark.parametrize(
    ("new", "older", "was"),
    [
        (["k=c"], [["k=b"]], "b"),
        (["k=c"], [["m=d"], ["k=b"]], "b"),
        (["advies2=e", "advies=d"], [["k=b"]], "a"),  # the advice's own key for a follow-up
    ],
)
def test_a_key_for_another_mail_is_refused_in_both_languages(new: list[str], older: list[list[str]], was: str) -> None:
    if new[-1].startswith("advies="):
        rows = sequence(*new).model_dump(mode="json")
        rows["steps"][0]["key"] = "ander-advies"
        candidate = Sequence.model_validate(rows)
    else:
        candidate = sequence(*new)
    (fault,) = faults(candidate, *(sequence(*each) for each in older))
    assert (fault.kind, fault.was) == ("reused", was)
    problem = fault.problem("sequences/x.yaml", None)
    assert problem.id == "step-key-reused"
    assert "a key of its own" in problem.message
    assert "geef de nieuwe mail een eigen `key`" in problem.dutch


def test_two_mails_that_change_places_under_their_keys_are_both_refused() -> None:
    found = faults(sequence("k=c", "m=b"), sequence("k=b", "m=c"))
    assert [(each.kind, each.key) for each in found] == [("reused", "k"), ("reused", "m")]


def test_the_advice_may_become_another_mail() -> None:
    rows = sequence("k=b").model_dump(mode="json")
    rows["steps"][0]["template"] = "e"
    assert faults(Sequence.model_validate(rows), sequence("k=b")) == []
