"""Opt-ins that come at the same time: written together on SQLite, and each as if it had come alone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session, select

from service.domain.limits import parse_limits
from service.errors import InvalidInputError, TooManyError, UnavailableError
from service.flows import clients, opt_in_groups, signup_rows
from service.flows.arrivals import Arrival
from service.flows.clients import Client
from service.flows.opt_in_check import OptInRequest
from service.flows.opt_in_groups import OptInGroups
from service.flows.proof_of_work import Proof
from service.flows.services import Services
from service.store.tables import Lead, OptIn, TimelineEntry
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


def all_busy(groups: OptInGroups) -> threading.Event:
    """Every thread that writes is, until the event is set."""
    done = threading.Event()
    for _ in range(groups._writers._max_workers):
        groups._writers.submit(done.wait)
    return done


def all_at_once(house: House, *requests: OptInRequest) -> list[BaseException | None]:
    """What became of each; they came while somebody else wrote, so that all of them waited."""
    groups = OptInGroups(house.services)

    async def come() -> list[BaseException | None]:
        return await asyncio.gather(*map(groups.register, requests), return_exceptions=True)

    busy = all_busy(groups)
    with ThreadPoolExecutor(1) as crew:
        run = crew.submit(asyncio.run, come())
        wait_for(lambda: groups.waiting == len(requests), "all wait")
        busy.set()
        return run.result()


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


def stumble(_session: Session, _now: datetime) -> None:
    raise LookupError("a defect")


def spoil(session: Session, now: datetime) -> None:
    """Wrong, and it shows when the session writes it."""
    session.add(TimelineEntry(lead_id=0, kind="x", details={}, at=now))  # of nobody


@pytest.mark.parametrize(("fault", "told"), [(stumble, LookupError), (spoil, IntegrityError)])
def test_a_fault_of_ours_in_one_keeps_none_of_the_others_out_and_nobody_is_written_twice(
    house: House, monkeypatch: pytest.MonkeyPatch, fault: Callable[[Session, datetime], None], told: type[Exception]
) -> None:
    def write(session: Session, services: Services, arrivals: Sequence[Arrival], now: datetime) -> None:
        real(session, services, arrivals, now)
        if any(each.address.startswith("bram") for each in arrivals):
            fault(session, now)

    real = signup_rows.write
    monkeypatch.setattr(signup_rows, "write", write)
    found = all_at_once(house, asked("anna"), asked("bram"), asked("carla"))
    assert [type(each) for each in found] == [type(None), told, type(None)]
    assert leads(house) == {"anna", "carla"}
    assert len(house.rows()["opt_in"]) == 2
    assert len(house.rows()["receipt"]) == 4


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


@pytest.mark.parametrize(
    ("caps", "dispositions"),
    [
        ("domain=3/h", ["accepted"] * 3 + ["capped"] * 2),
        ("all=3/h", ["accepted"] * 3 + ["held"] * 2),
        ("network=9/h", ["accepted"] * 5),
    ],
)
def test_each_counts_for_those_that_come_with_it(house: House, caps: str, dispositions: list[str]) -> None:
    house = house.with_changes(limits=parse_limits(caps))
    assert set(all_at_once(house, *(asked(f"lead{number}") for number in range(5)))) == {None}
    found = acts.commit(house, lambda session: session.exec(select(OptIn.disposition).order_by("disposition")).all())
    assert found == dispositions


def test_a_network_at_its_cap_is_told_when_the_first_of_those_that_came_with_it_leaves_the_window(house: House) -> None:
    full = Client(network="n", private=None)
    house = house.with_changes(limits=parse_limits("network=2/h"))
    found = all_at_once(house, *(asked(f"lead{number}", client=full) for number in range(4)))
    assert [each.retry_after for each in found if isinstance(each, TooManyError)] == [3_600, 3_600]


def test_whether_they_all_come_from_one_private_address_is_seen_within_a_group_too(house: House) -> None:
    client = Client(network="n", private="p")
    all_at_once(house, *(asked(f"lead{number}", client=client) for number in range(clients.SUSPICIOUS)))
    assert acts.commit(house, clients.one_for_all)
    all_at_once(house, asked("anna", client=client), asked("bram", client=Client(network="m", private=None)))
    acts.commit(house, lambda session: clients.note(session, [Client(network="m", private=None)], house.clock.now()))
    assert not acts.commit(house, clients.one_for_all)


def test_a_proof_of_work_is_good_for_one_of_those_who_come_with_it(house: House) -> None:
    proof = Proof(challenge="f" * 32, expires_at=datetime.now(UTC) + timedelta(minutes=5))
    found = all_at_once(house, asked("anna", proof=proof), asked("bram", proof=proof))
    assert {type(each) for each in found} == {type(None), InvalidInputError}
    assert len(leads(house)) == 1


def test_a_proof_of_work_is_not_spent_on_one_that_is_refused(house: House) -> None:
    full = Client(network="n", private=None)
    house = house.with_changes(limits=parse_limits("network=1/h"))
    assert all_at_once(house, asked("anna", client=full)) == [None]
    proof = Proof(challenge="f" * 32, expires_at=datetime.now(UTC) + timedelta(minutes=5))
    found = all_at_once(house, asked("bram", client=full, proof=proof), asked("carla"))
    assert [type(each) for each in found] == [TooManyError, type(None)]
    assert all_at_once(house, asked("bram", proof=proof)) == [None]


def test_one_who_went_away_before_it_was_written_is_not_written(house: House) -> None:
    groups = OptInGroups(house.services)
    busy = all_busy(groups)

    async def come() -> None:
        gone, stays = (asyncio.ensure_future(groups.register(asked(name))) for name in ("anna", "bram"))
        while groups.waiting < 2:
            await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        busy.set()
        await stays

    asyncio.run(come())
    assert leads(house) == {"bram"}


def test_two_processes_that_take_the_same_in_another_order_never_stand_waiting_for_each_other(house: House) -> None:
    until = datetime.now(UTC) + timedelta(minutes=5)
    proofs = [Proof(challenge=f"{number:032x}", expires_at=until) for number in range(8)]
    house = house.with_changes(limits=parse_limits("address=100/h; domain=100/h; all=100/h"))

    def come(order: int) -> list[BaseException | None]:
        wishes = [asked(f"lead{number}", proof=proof) for number, proof in enumerate(proofs)]
        return all_at_once(house, *wishes[::order])

    with ThreadPoolExecutor(2) as crew:
        found = [each for result in crew.map(come, (1, -1)) for each in result]
    refused = [each for each in found if each]
    assert all(isinstance(each, InvalidInputError) for each in refused)  # for each proof one of the two
    assert (len(refused), len(leads(house)), len(house.rows()["opt_in"])) == (8, 8, 8)


def test_whatever_goes_wrong_everybody_is_answered(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def end(*_: object) -> None:
        raise StopIteration

    monkeypatch.setattr(signup_rows, "write", end)
    assert [type(each) for each in all_at_once(house, asked("anna"), asked("bram"))] == [RuntimeError, RuntimeError]


def test_a_double_click_at_a_full_network_is_told_of_that_twice(house: House) -> None:
    full = Client(network="n", private=None)
    house = house.with_changes(limits=parse_limits("network=1/h"))
    assert all_at_once(house, asked("anna", client=full)) == [None]
    proof = Proof(challenge="f" * 32, expires_at=datetime.now(UTC) + timedelta(minutes=5))
    twice = asked("bram", client=full, proof=proof)
    assert [type(each) for each in all_at_once(house, twice, twice)] == [TooManyError, TooManyError]


def test_strangers_do_not_wait_for_a_lead_whom_somebody_holds_on_postgresql(house: House) -> None:
    if house.services.database.is_sqlite:
        return  # there whoever holds a lead holds all
    house.opt_in("anna@example.org")
    groups = OptInGroups(house.services)

    async def come() -> list[BaseException | None]:
        wishes = map(asked, ("anna", "anna", "bram", "carla"))
        first, second, *strangers = (asyncio.ensure_future(groups.register(each)) for each in wishes)
        with house.services.database.transaction() as session:
            session.exec(select(Lead).where(Lead.address == "anna@example.org").with_for_update()).one()
            told = await asyncio.gather(*strangers, return_exceptions=True)
            assert not first.done()
            assert not second.done()
        return [*told, *await asyncio.gather(first, second, return_exceptions=True)]

    assert asyncio.run(come()) == [None] * 4


def test_the_same_idempotency_key_twice_at_once_is_taken_once(house: House) -> None:
    twice = asked("anna", idempotency_key="k")
    assert set(all_at_once(house, twice, twice)) == {None}
    assert len(house.rows()["opt_in"]) == 1
