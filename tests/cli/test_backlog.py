"""What staff type after a stretch without mail (ACCEPTANCE L8): how much waits, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import acts
from tests.support.commands import Said, nurture
from tests.support.house import House, open_house

KEYS = {"secret_keys": "a-first-key-for-tests-and-nothing-else-0123", "suppression_key": "s" * 43}
Office = tuple[House, Callable[..., Said]]


@pytest.fixture
def office(migrated_database_url: str, tmp_path: Path) -> Iterator[Office]:
    """A house whose guard lets nothing that is late go by itself, and `nurture` on it."""
    with open_house(migrated_database_url, tmp_path) as house:
        settings = KEYS | {"database_url": migrated_database_url, "data_dir": str(tmp_path), "backlog_limit": "0"}

        def say(*arguments: str, **changes: str) -> Said:
            return nurture(*arguments, folder=tmp_path, **settings | changes)

        yield house, say


def piled_up(office: Office) -> None:
    """One follow-up fell due under the brake, and the brake was released."""
    house, say = office
    acts.confirmed(house)
    assert say("pause").status == 0
    house.live_through(days=2)
    said = say("resume")
    assert said.status == 0
    assert "waiting for your approval: 1. See" in said.out
    assert "message resolve --backlog --as resend" in said.out
    house.tick()


@pytest.mark.parametrize(("choice", "state"), [("resend", "due"), ("drop", "cancelled")])
def test_all_that_piled_up_is_listed_with_why_and_decided_on_with_one_command(
    office: Office, choice: str, state: str
) -> None:
    house, say = office
    piled_up(office)
    assert acts.follow_ups(house)["hoe-ging-het"].state == "held"
    assert "hoe-ging-het: backlog: waits for approval" in say("message", "list", "--state", "held").out
    done = say("message", "resolve", "--backlog", "--as", choice)
    assert (done.status, done.out) == (0, f"1 follow-up of the backlog: {choice}.\n")
    assert acts.follow_ups(house)["hoe-ging-het"].state == state
    assert say("message", "list").out == "Nothing waits for a person.\n"


def test_ids_and_the_whole_backlog_exclude_each_other_and_one_must_be_there(office: Office) -> None:
    house, say = office
    piled_up(office)
    number = str(acts.follow_ups(house)["hoe-ging-het"].id)
    for wrong in (["--as", "drop"], ["--backlog", number, "--as", "drop"], ["--backlog", "--as", "sent"]):
        said = say("message", "resolve", *wrong)
        assert (said.status, said.out, said.err.count("\n")) == (1, "", 1), said
    assert acts.follow_ups(house)["hoe-ging-het"].state == "held", "nothing was decided"


@pytest.mark.parametrize("limit", ["veel", "-1", "1.5", "1000001"])
def test_a_limit_that_is_no_number_is_told_with_what_to_write(office: Office, limit: str) -> None:
    said = office[1]("message", "list", backlog_limit=limit)
    assert said.status == 1
    assert "NURTURE_BACKLOG_LIMIT" in said.err
    assert "whole number from 0" in said.err
