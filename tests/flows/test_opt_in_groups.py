"""Opt-ins that come at the same time: written together on SQLite, and each as if it had come alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select

from service.domain.limits import parse_limits
from service.errors import InvalidInputError, TooManyError, UnavailableError
from service.flows import opt_in_groups, signup
from service.flows.clients import Client
from service.flows.opt_in_check import OptInRequest
from service.flows.opt_in_groups import OptInGroups
from service.store.tables import Lead
from tests.support import acts
from tests.support.house import House
from tests.support.running import wait_for


def asked(name: str, **fields: Any) -> OptInRequest:
    given: dict[str, Any] = {
        "email": f"{name}@example.org",
        "topic": "lage-rug",
        "consent_advice": True,
        "consent_follow_up": True,
    }
    return OptInRequest(**(given | fields))


def all_at_once(house: House, *requests: OptInRequest) -> list[BaseException | None]:
    """What became of each; on SQLite they come while somebody else writes, so that all of them wait."""
    groups = OptInGroups()
    others = house.services.database.transaction() if house.services.database.is_sqlite else nullcontext()
    with ThreadPoolExecutor(len(requests)) as crew:
        with others:
            runs = []
            for number, request in enumerate(requests, start=1):
                runs.append(crew.submit(groups.register, house.services, request))
                if house.services.database.is_sqlite:
                    wait_for(partial(in_line, groups, number), "it waits too")
        return [run.exception() for run in runs]


def in_line(groups: OptInGroups, count: int) -> bool:
    return groups.waiting == count


def leads(house: House) -> set[str]:
    found = acts.commit(house, lambda session: session.exec(select(Lead.address)).all())
    return {each.partition("@")[0] for each in found}


@contextmanager
def commits(house: House, act: Callable[[], None] = lambda: None) -> Iterator[list[int]]:
    """One for each commit in the block; `act` is called before each, and may fail it."""
    seen: list[int] = []

    def look(_connection: object) -> None:
        seen.append(1)
        act()

    engine = house.services.database.engine
    event.listen(engine, "commit", look)
    try:
        yield seen
    finally:
        event.remove(engine, "commit", look)


def test_those_who_wait_at_the_same_time_are_committed_at_once_on_sqlite(house: House) -> None:
    names = [f"lead{number}" for number in range(opt_in_groups.MOST + 2)]
    with commits(house) as seen:
        assert set(all_at_once(house, *map(asked, names))) == {None}
    if house.services.database.is_sqlite:
        assert len(seen) == 2  # of as many as go together, and of the two who are left
    assert leads(house) == set(names)
    assert house.send_due() == len(names)
    assert len(house.rows()["receipt"]) == 2 * len(names)


def test_one_that_is_refused_leaves_nothing_and_the_others_are_taken(house: House) -> None:
    full = Client(network="n", private=None)
    house = house.with_changes(limits=parse_limits("network=1/h"))
    found = all_at_once(
        house,
        asked("anna", client=full),
        asked("bram", client=full),
        asked("carla", topic="niets"),
        asked("daan"),
    )
    kinds = [type(each) for each in found]
    assert sorted(kinds[:2], key=str) == sorted([type(None), TooManyError], key=str)
    assert kinds[2:] == [InvalidInputError, type(None)]
    assert len(leads(house)) == 2
    assert "daan" in leads(house)


def test_what_one_wrote_before_it_was_refused_is_undone_and_what_the_others_wrote_stands(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse_bram(session: Session, *given: Any) -> None:
        real(session, *given)
        if given[1].email.startswith("bram"):
            raise InvalidInputError("too late")

    real = signup.register
    monkeypatch.setattr(signup, "register", refuse_bram)
    found = all_at_once(house, asked("anna"), asked("bram"), asked("carla"))
    assert [type(each) for each in found] == [type(None), InvalidInputError, type(None)]
    assert leads(house) == {"anna", "carla"}
    assert len(house.rows()["receipt"]) == 4
    assert house.send_due() == 2


def test_a_fault_of_ours_in_one_keeps_none_of_the_others_out_and_nobody_is_written_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(session: Session, *given: Any) -> None:
        real(session, *given)
        if given[1].email.startswith("bram"):
            raise LookupError("a defect")

    real = signup.register
    monkeypatch.setattr(signup, "register", stumble)
    found = all_at_once(house, asked("anna"), asked("bram"), asked("carla"))
    assert [type(each) for each in found] == [type(None), LookupError, type(None)]
    assert leads(house) == {"anna", "carla"}
    assert len(house.rows()["opt_in"]) == 2


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (OperationalError("COMMIT", None, Exception("disk I/O error")), UnavailableError),
        (LookupError("a defect"), LookupError),
    ],
)
def test_where_the_commit_fails_nobody_is_told_yes_and_nobody_is_tried_again(
    house: House, failure: Exception, told: type[Exception]
) -> None:
    def fail() -> None:
        raise failure

    with commits(house, fail) as seen:
        found = all_at_once(house, asked("anna"), asked("bram"))
    assert [type(each) for each in found] == [told, told]
    assert house.rows()["opt_in"] == []
    assert len(seen) == (1 if house.services.database.is_sqlite else 2)


def test_one_address_that_comes_twice_at_once_is_one_lead_with_one_advice(house: House) -> None:
    house = house.with_changes(limits=parse_limits("address=1/h"))
    assert set(all_at_once(house, asked("anna"), asked("anna"), asked("anna", idempotency_key="k"))) == {None}
    assert len(house.rows()["lead"]) == 1
    assert house.send_due() == 1


def test_the_same_idempotency_key_twice_at_once_is_taken_once(house: House) -> None:
    twice = asked("anna", idempotency_key="k")
    assert set(all_at_once(house, twice, twice)) == {None}
    assert len(house.rows()["opt_in"]) == 1
