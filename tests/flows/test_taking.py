"""Due mail is taken in one transaction, also in the one that writes what became of other mail."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlmodel import Session, func, select

from service.flows import sending, settlements, settling
from service.flows.handover import Begun
from service.flows.off_loop import OffLoop
from service.flows.sending import GROUP, MOST_OPEN
from service.flows.services import Services
from service.flows.settlements import Settlements
from service.flows.settling import Answer
from service.flows.taking import Taken, Wanted, take
from service.store import leads
from service.store.db import Database
from service.store.tables import Attempt, Message
from tests.support import acts
from tests.support.crowd import gather
from tests.support.house import House
from tests.support.transports import Network, accepted

MANY = 4 * GROUP
FREE, HELD = "free@example.org", "held@example.org"


def test_follow_ups_that_wait_for_room_begin_with_the_commit_of_what_was_taken(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    gather(house, MANY)
    settled: list[Session] = []
    along = open_at_most = 0

    def take_and_look(session: Session, services: Services, wanted: Wanted) -> Taken:
        nonlocal along, open_at_most
        taken = take(session, services, wanted)
        along += len(taken.begun) if settled and session is settled[-1] else 0
        still_open = session.exec(select(func.count()).where(Attempt.outcome == None)).one()  # noqa: E711 - in SQL
        open_at_most = max(open_at_most, still_open)
        return taken

    def settle_and_note(session: Session, *given: object) -> settling.Settled:
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
    gather(house, MANY)
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
    """On SQLite nobody can hold one while others write. By a hash alone, which nobody takes without a lead who has
    one, the mail that finds out whether the way works waits for the next look."""
    posted.opt_in(HELD)
    posted.opt_in(FREE)
    if posted.services.database.is_sqlite:
        assert posted.send_due() == 2
        return
    lead, hashed = acts.advice(posted, HELD).lead_id, posted.services.hmac(HELD)
    assert lead is not None
    with ThreadPoolExecutor(1) as pool:
        with posted.services.database.transaction() as session:
            leads.lock(session, [lead] if by == "lead" else [], [hashed] if by == "hash" else [])
            assert pool.submit(posted.send_due).result(20) == (1 if by == "lead" else 0)
            assert acts.advice(posted, HELD).state == "due"
        assert posted.send_due() == (1 if by == "lead" else 2)
    assert set(network.counts().values()) == {1}


def test_what_was_taken_along_while_a_stop_ran_out_of_time_is_due_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its attempts are open by then; but it never stood before the server, and nobody has to decide on it."""
    gather(house, MANY)
    monkeypatch.setattr(sending, "_STOP_SECONDS", 0.2)
    network = Network(delay=0.01)
    began, slow = threading.Event(), threading.Event()
    work = sending._Along.work

    def work_slowly(along: sending._Along, session: Session) -> None:
        work(along, session)
        if along._begun and not began.is_set():
            began.set()
            slow.wait(20)

    async def live() -> None:
        async with sending.open_sender(house.with_changes(open_transport=network.open).services) as sender:
            running = asyncio.create_task(sender.run())
            while not began.is_set():
                await asyncio.sleep(0.01)
            sender.stop()
            asyncio.get_running_loop().call_later(0.5, slow.set)
            await running
            assert sender.ways.in_flight() == 0

    monkeypatch.setattr(sending._Along, "work", work_slowly)
    if house.services.database.is_sqlite:  # the loop itself would stand still
        monkeypatch.setattr(Database, "at_once", contextmanager(lambda _self: iter([None])))
    asyncio.run(live())
    with house.services.database.reading() as session:
        states = Counter(session.exec(select(Message.state).where(Message.kind == "follow_up")).all())
    assert set(states) == {"accepted", "due"}
    assert states["accepted"] == len(network.mails)


class _Beside:
    """Notes whether it went along."""

    def __init__(self) -> None:
        self.worked, self.committed = False, False

    def work(self, _session: Session) -> None:
        """It does."""
        self.worked = True

    def end(self, *, committed: bool) -> None:
        """Told of the end."""
        self.committed = committed


def test_nothing_goes_along_with_answers_that_take_locks_of_their_own(house: House) -> None:
    """An advice has more to be written than that it was taken; whoever does that takes the last locks of all."""
    gather(house, 1)
    house.opt_in()

    async def settled(begun: Begun) -> _Beside:
        beside = _Beside()
        off_loop = OffLoop(house.services.database)
        writing = Settlements(house.services, off_loop, lambda: 1, lambda _: beside)
        writing.add(Answer(opening=begun, result=accepted()), lambda _ours, _error: None)
        await writing.finish()
        return beside

    for begun in acts.hand_over(house, "worker"):
        beside = asyncio.run(settled(begun))
        assert (beside.worked, beside.committed) == (begun.message.kind == "follow_up", True)
    assert acts.advice(house).state == "accepted"
