"""Due mail is taken in one transaction, also in the one that writes what became of other mail."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import Session, func, select

from service.flows import sending, settlements, settling
from service.flows.sending import GROUP, MOST_OPEN
from service.flows.services import Services
from service.flows.taking import Taken, Wanted, take
from service.store import leads
from service.store.tables import Attempt
from tests.support import acts
from tests.support.crowd import gather
from tests.support.house import House
from tests.support.transports import Network

MANY = 4 * GROUP
FREE, HELD = "free@example.org", "held@example.org"


def until(is_so: Callable[[], bool]) -> None:
    """Wait until it is so."""
    ends = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < ends, "not within twenty seconds"
        time.sleep(0.02)


def test_follow_ups_that_wait_for_room_begin_with_the_commit_of_what_was_taken(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    gather(house, MANY, due=True)
    settled: list[Session] = []
    along = open_at_most = 0

    def take_and_look(session: Session, services: Services, wanted: Wanted) -> Taken:
        nonlocal along, open_at_most
        taken = take(session, services, wanted)
        along += len(taken.begun) if settled and session is settled[-1] else 0
        still_open = session.exec(select(func.count()).where(Attempt.outcome == None)).one()  # noqa: E711 - in SQL
        open_at_most = max(open_at_most, still_open)
        return taken

    def settle_and_note(session: Session, *given: object) -> list[bool]:
        settled.append(session)
        return settling.settle_all(session, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(sending, "take", take_and_look)
    monkeypatch.setattr(settlements, "settle_all", settle_and_note)
    network = Network()
    assert house.with_changes(open_transport=network.open).send_due() == MANY + 1
    assert set(network.counts().values()) == {1}
    assert along > MANY / 2, "most of them"
    assert open_at_most <= MOST_OPEN


def test_where_nothing_can_be_taken_along_the_answers_are_written_all_the_same(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    gather(house, MANY, due=True)
    failed: list[int] = []

    def fail_along(along: sending._Along, _session: Session) -> None:
        failed.append(along._wanted.most)
        raise RuntimeError("a defect")

    monkeypatch.setattr(sending._Along, "work", fail_along)
    network = Network()
    assert house.with_changes(open_transport=network.open).send_due() == MANY + 1
    assert failed, "it was tried"
    assert set(network.counts().values()) == {1}


@pytest.mark.parametrize("by", ["lead", "hash"])
def test_a_lead_whom_somebody_holds_keeps_nobody_waiting(posted: House, network: Network, by: str) -> None:
    """On SQLite nobody can hold one while others write: there the sender waits for the writer."""
    posted.opt_in(HELD)
    posted.opt_in(FREE)
    if posted.services.database.is_sqlite:
        assert posted.send_due() == 2
        return
    lead, hashed = acts.advice(posted, HELD).lead_id, posted.services.hmac(HELD)
    done = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        with posted.services.database.transaction() as session:
            leads.lock(session, [lead] if by == "lead" and lead else [], [hashed] if by == "hash" else [])
            sent = pool.submit(posted.send_due)
            sent.add_done_callback(lambda _: done.set())
            until(lambda: acts.advice(posted, FREE).state == "accepted")
            assert not done.wait(0.3), "hers is still due, and goes when she is free"
            assert acts.advice(posted, HELD).state == "due"
        assert sent.result(30) == 2
    assert set(network.counts().values()) == {1}
