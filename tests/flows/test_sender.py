"""How one sender shares its room out, and how it stops: an advice waits for nobody, and a stop loses nothing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
from sqlmodel import Session, col, select, update

from service.errors import UnavailableError
from service.flows import brake, leases, outcomes, resolving, sending, settling, taking
from service.flows.room import Room
from service.flows.sending import Sender
from service.flows.services import Services
from service.flows.settlements import Along, Settlements, Written
from service.flows.settling import Answer
from service.mail.transport import OutboundMail, SendResult
from service.store import outbox
from service.store.tables import Attempt, Message
from tests.support import acts
from tests.support.crowd import gather
from tests.support.house import House
from tests.support.transports import CountingTransport, Network

BRAM = "bram@example.org"
_T = TypeVar("_T")


class SlowServer(CountingTransport):
    """A mail server that takes each follow-up, and answers when the test says so; an advice it answers at once."""

    capacity = 8

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self.answers = asyncio.Event()
        self.begun = 0
        self._one = False

    async def send(self, mail: OutboundMail) -> SendResult:
        """What the network says, in time."""
        self.begun += 1
        if mail.recipient != BRAM:
            await self.answers.wait()
            if self._one:
                self.answers.clear()
                self._one = False
        return await super().send(mail)

    def answer_one(self) -> None:
        """The first of all, which goes by itself: the others may be in flight together then."""
        self._one = True
        self.answers.set()


@pytest.fixture
def crowd(house: House) -> House:
    """Thirty follow-ups that are due, and that of their model."""
    gather(house, 30)
    return house


def states(house: House) -> dict[str, int]:
    """How many follow-ups stand in each state."""
    with house.services.database.reading() as session:
        found = list(session.exec(select(Message.state).where(Message.kind == "follow_up")))
    return {state: found.count(state) for state in set(found)}


async def until(look: Callable[[], _T], sender: Sender | None = None) -> _T:
    """Wait until it is so, ringing meanwhile as the poll would."""
    for _ in range(600):
        if found := look():
            return found
        if sender is not None:
            sender.ring()
        await asyncio.sleep(0.05)
    raise AssertionError("not within half a minute")


def served(house: House, work: Callable[[Sender, SlowServer], Awaitable[None]], network: Network) -> None:
    """A running sender onto a slow server, while `work` goes on; stopped at its end."""

    async def live() -> None:
        server = SlowServer(network)
        sender = Sender(house.services, server)
        running = asyncio.create_task(sender.run())
        try:
            await work(sender, server)
        finally:
            server.answers.set()
            sender.stop()
            await running

    asyncio.run(live())


def test_an_advice_overtakes_follow_ups_that_a_slow_server_keeps_waiting(crowd: House) -> None:
    async def work(sender: Sender, server: SlowServer) -> None:
        server.answer_one()
        await until(lambda: states(crowd).get("handed_over") == 6, sender)
        crowd.opt_in(BRAM)
        await until(lambda: acts.advice(crowd, BRAM).state == "accepted", sender)
        assert states(crowd)["handed_over"] == 6, "places are left for what is urgent, and no follow-up took them"

    served(crowd, work, Network())


def test_outcomes_that_wait_for_the_database_hold_the_next_mail_up_before_they_are_too_many(
    crowd: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "MOST_OPEN", 12)
    written = asyncio.Event()
    write = Settlements._write

    async def write_later(
        settlements: Settlements, together: list[tuple[Answer, Written]], along: Along | None = None
    ) -> None:
        if len(network.mails) > 1:  # the first proves that the server takes mail; then several go at once
            await written.wait()
        await write(settlements, together, along)

    network = Network()

    async def work(sender: Sender, server: SlowServer) -> None:
        server.answers.set()
        try:
            room = sender.ways["primary"].room
            await until(lambda: room._open_to(urgent=False) <= 0 and len(network.mails) > 10, sender)
            assert len(network.mails) == 1 + 6 + 4, "six places and four beside them; two are left for what is urgent"
        finally:
            written.set()  # or the sender would never stop

    monkeypatch.setattr(Settlements, "_write", write_later)
    # Who waits for room just as those answers are to be written has places kept for him, to begin with that commit.
    monkeypatch.setattr(Sender, "_take_along", lambda *_: None)
    served(crowd, work, network)


def test_a_stop_finishes_what_is_in_flight_and_leaves_the_rest_due(crowd: House) -> None:
    network = Network()

    async def work(sender: Sender, server: SlowServer) -> None:
        server.answer_one()
        await until(lambda: states(crowd).get("handed_over") == 6 and server.begun == len(network.mails) + 6, sender)
        before = server.begun
        sender.stop()
        server.answers.set()
        await until(lambda: "handed_over" not in states(crowd))
        assert server.begun == before, "nothing begins after the stop"

    served(crowd, work, network)
    left = states(crowd)
    assert set(left) == {"accepted", "due"}, "no lease is left, and nothing is unknown"
    assert left["accepted"] == len(network.mails)
    crowd.with_changes(open_transport=network.open).send_due()
    assert set(states(crowd)) == {"accepted"}
    assert set(network.counts().values()) == {1}


def test_what_is_not_answered_before_a_stop_ends_is_of_unknown_fate_and_the_rest_goes_out(
    crowd: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "_STOP_SECONDS", 0.2)

    async def live() -> None:
        server = SlowServer(Network())
        sender = Sender(crowd.services, server)
        running = asyncio.create_task(sender.run())
        await until(lambda: "handed_over" in states(crowd), sender)
        sender.stop()
        await running

    asyncio.run(live())
    later = datetime.now(UTC) + timedelta(minutes=1)
    acts.commit(crowd, settling.reap, crowd.clock.now(), later)
    found = states(crowd)
    assert set(found) == {"unknown", "due"}
    assert found["unknown"] <= SlowServer.capacity
    crowd.send_due()
    assert set(states(crowd)) == {"unknown", "accepted"}


def test_a_group_whose_hand_over_finds_no_database_is_soon_anybodys(
    crowd: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with away_at_the_hand_over(monkeypatch), pytest.raises(UnavailableError):
        crowd.send_due()
    assert set(states(crowd)) == {"due"}
    crowd.send_due()
    assert set(states(crowd)) == {"accepted"}


def test_a_defect_at_one_mail_holds_up_no_other_and_its_lease_runs_out(
    crowd: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_channels = outcomes.is_channels
    failed: list[SendResult] = []

    def fails_once(result: SendResult) -> bool:
        if not failed:
            failed.append(result)
            raise RuntimeError("a defect")
        return is_channels(result)

    monkeypatch.setattr(outcomes, "is_channels", fails_once)
    crowd.with_changes(open_transport=Network().open).send_due()
    later = datetime.now(UTC) + timedelta(minutes=1)
    acts.commit(crowd, settling.reap, crowd.clock.now(), later)
    assert states(crowd) == {"unknown": 1, "accepted": 30}


@contextmanager
def away_at_the_hand_over(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The database is gone at the very transaction that opens attempts."""

    def fail(*_args: object, **_named: object) -> list[object]:
        raise UnavailableError("gone", "weg")

    with monkeypatch.context() as patch:
        patch.setattr(taking, "begin", fail)
        yield


@pytest.mark.parametrize(("hours", "state", "taken"), [(23, "accepted", 1), (25, "unknown", 0)])
def test_no_advice_is_repeated_by_itself_once_the_provider_would_not_recognise_it(
    house: House, hours: int, state: str, taken: int
) -> None:
    network = Network()

    class Remembering(CountingTransport):
        remembers = timedelta(hours=24)

    house.opt_in()
    message = acts.advice(house)
    acts.hand_over(house, "of-a-worker-that-died")
    acts.commit(house, _opened_and_given_up, house, message.id, datetime.now(UTC) - timedelta(hours=hours))
    assert acts.advice(house).state == "due", "as without a provider: it is repeated at once"
    house.with_changes(open_transport=lambda: Remembering(network)).send_due()
    assert (acts.advice(house).state, len(network.mails)) == (state, taken)
    assert acts.alerts(house) == (["message-unknown"] if state == "unknown" else [])


def test_staff_may_send_again_what_the_provider_would_not_recognise_any_more(house: House) -> None:
    network = Network()

    class Remembering(CountingTransport):
        remembers = timedelta(hours=24)

    house.opt_in()
    message = acts.advice(house)
    acts.hand_over(house, "of-a-worker-that-died")
    acts.commit(house, _opened_and_given_up, house, message.id, datetime.now(UTC) - timedelta(hours=25))
    remembering = house.with_changes(open_transport=lambda: Remembering(network))
    remembering.send_due()
    assert acts.advice(house).state == "unknown"
    with house.services.database.transaction() as session:
        resolving.resolve(session, house.services, [message.id], "resend", actor="test", now=house.clock.now())
    remembering.send_due()
    assert (acts.advice(house).state, len(network.mails)) == ("accepted", 1)


def _opened_and_given_up(session: Session, house: House, message_id: int, moment: datetime) -> None:
    now = house.clock.now()
    session.exec(update(Attempt).where(col(Attempt.message_id) == message_id).values(opened_at=moment))
    settling.reap(session, now, datetime.now(UTC) + timedelta(minutes=1))


def heart(monkeypatch: pytest.MonkeyPatch, *, fails: int = 0) -> list[datetime]:
    """When it beats, quickly; so many of the first fail."""
    beats: list[datetime] = []
    renew = outbox.renew

    def beat(session: Session, tokens: list[str], moment: datetime) -> None:
        beats.append(moment)
        if len(beats) <= fails:
            raise RuntimeError("a defect")
        renew(session, tokens, moment)

    monkeypatch.setattr(leases, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(outbox, "renew", beat)
    return beats


def test_a_heartbeat_that_fails_goes_on_beating(crowd: House, monkeypatch: pytest.MonkeyPatch) -> None:
    beats = heart(monkeypatch, fails=1)

    async def work(sender: Sender, server: SlowServer) -> None:
        await until(lambda: server.begun, sender)
        await until(lambda: len(beats) > 1)

    served(crowd, work, Network())


def test_the_heart_beats_on_while_every_other_thread_waits(crowd: House, monkeypatch: pytest.MonkeyPatch) -> None:
    beats = heart(monkeypatch)

    async def work(sender: Sender, server: SlowServer) -> None:
        await until(lambda: server.begun, sender)
        let_go = threading.Event()  # answers that wait for somebody's lead would hold them so
        waiting = [asyncio.get_running_loop().run_in_executor(None, let_go.wait) for _ in range(64)]
        before = len(beats)
        try:
            await until(lambda: len(beats) > before + 1)
        finally:
            let_go.set()
            await asyncio.gather(*waiting)

    served(crowd, work, Network())


def test_of_answers_that_are_written_together_one_that_fails_holds_up_no_other(
    crowd: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, together, tries = [0], [0], [0]

    def fails_at_one(
        session: Session, services: Services, answers: Sequence[Answer], now: datetime, moment: datetime
    ) -> settling.Settled:
        together[0] = max(together[0], len(answers))
        one[0] = one[0] or (int(answers[0].token, 16) if len(answers) > 1 else 0)
        if any(int(each.token, 16) == one[0] for each in answers):
            tries[0] += 1
            raise RuntimeError("a defect")
        return settling.settle_all(session, services, answers, now, moment)

    monkeypatch.setattr("service.flows.settlements.settle_all", fails_at_one)

    async def work(sender: Sender, server: SlowServer) -> None:
        server.answer_one()
        await until(lambda: server.begun == 1 + 6, sender)
        server.answers.set()
        await until(lambda: states(crowd).get("accepted", 0) == 30, sender)

    served(crowd, work, Network())
    assert together[0] > 1
    assert tries[0] == 2, "with the others, and by itself"
    assert states(crowd) == {"accepted": 30, "handed_over": 1}, "nobody wrote what became of it: it is reaped"


def test_what_stands_in_line_too_long_was_not_handed_over_and_is_looked_at_anew(
    crowd: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.flows.turns._LONGEST_LINE", 0.05)
    monkeypatch.setattr(Room, "_places", 32)

    async def work(sender: Sender, server: SlowServer) -> None:
        server.answer_one()
        await until(lambda: states(crowd).get("handed_over", 0) > server.capacity, sender)
        now = crowd.clock.now()
        acts.commit(
            crowd, lambda session: brake.pull(session, crowd.services, name=None, all_mail=False, actor="test", now=now)
        )
        await until(lambda: states(crowd).get("handed_over", 0) == 6)
        assert server.begun == 1 + 6, "follow-ups leave a quarter of the connections to what is urgent"

    served(crowd, work, Network())
    assert states(crowd) == {"accepted": 7, "due": 24}
    with crowd.services.database.reading() as session:
        assert not [each for each in session.exec(select(Message)) if each.state == "due" and each.attempts]
