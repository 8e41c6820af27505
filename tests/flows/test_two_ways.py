"""Two ways out together: how much is open on both, what one that is silent holds up, and who turns which away."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial

import pytest
from sqlmodel import select

from service.domain.send_limits import parse_send_limits
from service.flows import sending, ways_out
from service.flows.room import Opened, Room
from service.flows.sending import Sender, open_sender
from service.mail.mail_url import check_mail_urls
from service.mail.transport import OutboundMail, SendResult
from service.store.tables import Attempt, Message
from tests.support import acts
from tests.support.acts import ANNA
from tests.support.crowd import gather
from tests.support.house import House
from tests.support.transports import (
    CountingTransport,
    Network,
    always,
    login_refused,
    lost_after_the_dot,
    refused_by_policy,
)
from tests.support.two_ways import eventually, living, onto_two, rested, tries

THREE = ["a@een.example", "a@twee.example", "a@drie.example"]


class Silent(CountingTransport):
    """A server that takes each mail and does not answer before the test says so."""

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self.answers = asyncio.Event()
        self.begun = self.answers_yet = 0
        self.closed = False

    async def send(self, mail: OutboundMail) -> SendResult:
        """What the network says, in time."""
        self.begun += 1
        if self.answers_yet:
            self.answers_yet -= 1
        else:
            await self.answers.wait()
        return await super().send(mail)

    async def close(self) -> None:
        """Tells that it was."""
        self.closed = True


def states(house: House) -> Counter[str]:
    """How many mails stand in each state."""
    with house.services.database.reading() as session:
        return Counter(session.exec(select(Message.state)))


@pytest.fixture
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways_out, "PATIENCE", 0.3)
    monkeypatch.setattr(ways_out, "_SILENCE", 0.2)


# A way that is silent


@pytest.mark.usefixtures("_in_a_hurry")
@pytest.mark.parametrize("starting", [True, False], ids=["from the start", "after it had worked"])
def test_a_first_that_falls_silent_keeps_what_it_has_and_holds_up_no_other_mail(house: House, starting: bool) -> None:
    gather(house, 30)

    async def live() -> None:
        first, second = Silent(Network()), Network()
        sender = Sender(house.services, first, second.open())
        if not starting:
            first.answers_yet = 3
        running = asyncio.create_task(sender.run())
        await eventually(lambda: first.begun > len(first._network.mails), sender.ring)
        house.opt_in()

        def only_what_it_kept() -> bool:
            now = states(house)
            return not now["due"] and now["handed_over"] == first.begun - len(first._network.mails)

        await eventually(only_what_it_kept, sender.ring)
        assert 0 < states(house)["handed_over"] <= sending.MOST_OPEN * 3 // 4, "it cannot have all there is"
        assert second.mails, "the second has the others"
        first.answers.set()
        await eventually(lambda: not states(house)["handed_over"], sender.ring)
        sender.stop()
        await running
        together = first._network.counts() + second.counts()
        assert set(together.values()) == {1}

    asyncio.run(live())
    assert set(states(house)) == {"accepted"}


@pytest.mark.usefixtures("_in_a_hurry")
def test_a_silence_that_ends_without_a_word_rests_the_first(house: House) -> None:
    house.opt_in()

    async def live() -> None:
        first, second = Silent(Network(answer=always(lost_after_the_dot()))), Network()
        sender = Sender(house.services, first, second.open())
        running = asyncio.create_task(sender.run())
        await eventually(lambda: first.begun, sender.ring)
        house.opt_in("bram@example.org")
        await eventually(lambda: acts.advice(house, "bram@example.org").state == "accepted", sender.ring)
        first.answers.set()
        await eventually(lambda: acts.advice(house).state == "due", sender.ring)
        await eventually(lambda: sender.ways["primary"].channel.is_faulty, sender.ring)
        sender.stop()
        await running
        assert (first.begun, len(second.mails)) == (1, 1), "and what it may have taken goes by no other way"

    asyncio.run(live())
    assert acts.alerts(house) == ["mail-by-fallback"]


@pytest.mark.usefixtures("_in_a_hurry")
def test_with_both_silent_no_more_is_open_than_one_crash_may_leave(house: House) -> None:
    gather(house, 60)

    async def live() -> None:
        first, second = Silent(Network()), Silent(Network())
        first.answers.set()
        second.answers.set()
        sender = Sender(house.services, first, second)
        running = asyncio.create_task(sender.run())
        await eventually(lambda: first.begun, sender.ring)
        first.answers.clear()
        second.answers.clear()
        second_began = asyncio.create_task(eventually(lambda: second.begun, sender.ring))
        for number in range(40):
            house.opt_in(f"new{number}@example.org")
        await second_began
        for _ in range(20):
            sender.ring()
            await asyncio.sleep(0.05)
        assert 0 < states(house)["handed_over"] <= sending.MOST_OPEN
        first.answers.set()
        second.answers.set()
        await eventually(lambda: set(states(house)) == {"accepted"}, sender.ring)
        sender.stop()
        await running

    asyncio.run(live())


def test_the_attempts_on_all_ways_together_are_bounded_and_some_are_kept_for_what_is_urgent() -> None:
    async def live() -> None:
        opened = Opened(16)
        one, other = Room(12, opened), Room(12, opened)
        assert await one.take(20, urgent=False) == 9
        assert await other.take(20, urgent=False) == 4
        assert await other.take(20, urgent=True) == 3
        one.answered(9, urgent=False)
        assert await one.take(1, urgent=True, patience=0.01) == 0, "what is not written yet is open still"
        one.written(9)
        assert await one.take(20, urgent=True) == 9

    asyncio.run(live())


# Several workers


def test_two_workers_of_which_one_alone_cannot_reach_the_first_send_each_mail_once(house: House) -> None:
    seen, away, second = Network(), Network(answer=always(login_refused())), Network()

    async def live() -> int:
        well = Sender(house.services, seen.open(), second.open())
        ill = Sender(house.services, away.open(), second.open())
        rounds = 0
        while rounds < 10 or not (second.mails or rounds == 40):  # whoever begins may be too quick for the other
            for letter in "abcd":
                house.opt_in(f"{letter}{rounds}@example.org")
            await asyncio.gather(*(each.send_due() for each in ((ill, well) if rounds % 2 else (well, ill))))
            rounds += 1
        return 4 * rounds

    asked = asyncio.run(live())
    assert set((seen.counts() + second.counts()).values()) == {1}
    assert len(seen.mails) + len(second.mails) == asked
    assert seen.mails
    assert second.mails
    with house.services.database.reading() as session:
        assert {(each.state, each.attempts) for each in session.exec(select(Message))} == {("accepted", 1)}
    assert acts.alerts(house) == ["mail-by-fallback"]
    house.clock.advance(minutes=10)
    house.opt_in("last@example.org")
    house.with_changes(open_transport=seen.open, open_fallback=second.open).send_due()
    assert acts.alerts(house) == []


def test_limits_on_sending_hold_over_both_ways(house: House) -> None:
    limited = onto_two(house, Network(answer=always(login_refused())), Network()).with_changes(
        send_limits=parse_send_limits("all=6/h")
    )
    for number in range(10):
        limited.opt_in(f"lead{number}@example.org")
    limited.send_due()
    with house.services.database.reading() as session:
        assert len(session.exec(select(Attempt)).all()) == 6


# Refused by policy


def by_policy(network: Network) -> Network:
    """From now on this way's mail is refused by policy, whoever it is for."""
    network.answer = always(refused_by_policy())
    return network


def test_a_domain_that_turns_the_first_away_is_not_tried_by_the_second(house: House) -> None:
    first, second = by_policy(Network()), Network()
    posting = onto_two(house, first, second)
    posting.opt_in()
    posting.send_due()
    posting.live_through(minutes=4)
    assert (len(first.mails), second.mails, acts.advice(posting).state) == (1, [], "due")


def test_where_several_domains_turn_the_first_away_mail_goes_by_the_second_until_the_first_is_taken(
    house: House,
) -> None:
    first, second = by_policy(Network()), Network()
    posting = onto_two(house, first, second)

    async def work(sender: Sender) -> None:
        for address in THREE:
            posting.opt_in(address)
        await sender.send_due()
        assert {"channel-refused", "mail-by-fallback"} <= set(acts.alerts(posting))
        posting.clock.advance(minutes=6)
        posting.opt_in()
        await sender.send_due()
        assert sorted(mail.recipient for mail in second.mails) == sorted([*THREE, ANNA])
        assert "channel-refused" in acts.alerts(posting), "what the second may send says nothing of the first"
        rested(sender)
        await sender.send_due()
        before = len(first.mails)
        posting.opt_in("bram@vier.example")
        await sender.send_due()
        assert len(first.mails) == before + 1, "one mail tries the first"
        assert tries(posting, "bram@vier.example") == [("primary", "retry"), ("fallback", "accepted")]
        first.answer = Network().answer
        rested(sender)
        await sender.send_due()
        posting.opt_in("carla@vier.example")
        await sender.send_due()
        assert tries(posting, "carla@vier.example") == [("primary", "accepted")]
        assert "channel-refused" not in acts.alerts(posting)

    living(posting, work)
    with house.services.database.reading() as session:
        assert {each.state for each in session.exec(select(Message))} == {"accepted"}


# Closed, and set


def test_both_ways_are_closed_at_the_end(house: House) -> None:
    async def live() -> list[bool]:
        ends = [Silent(Network()), Silent(Network())]
        way_in = [iter(ends[:1]), iter(ends[1:])]
        both = house.with_changes(open_transport=partial(next, way_in[0]), open_fallback=partial(next, way_in[1]))
        async with open_sender(both.services):
            assert [each.closed for each in ends] == [False, False]
        return [each.closed for each in ends]

    assert asyncio.run(live()) == [True, True]


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("smtp://a:b@mail.example.nl:587", "smtp://a:c@MAIL.example.nl", "same way out"),
        ("postmark://key@default", "postmark://key@default?parallel=2", "same way out"),
        ("file:/tmp/x", "file:/tmp/x", "same way out"),
        ("smtp://a:b@mail.example.nl", "smtp://mail.example.nl:99999", "port"),
        ("smtp://a:b@mail.example.nl", "smpt://mail.example.nl", "cannot start"),
    ],
)
def test_a_second_way_that_is_the_first_or_no_way_at_all_is_told_under_its_own_name(
    first: str, second: str, said: str
) -> None:
    (problem,) = check_mail_urls(first, second, production=False)
    assert problem.message.startswith("NURTURE_MAIL_FALLBACK_URL: ")
    assert said in problem.message
    assert "key" not in problem.message


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("smtp://a:b@mail.example.nl", "smtp://a:b@mail.example.org"),
        ("smtp://a:b@mail.example.nl", "smtp://c:d@mail.example.nl"),
        ("postmark://key@default", "postmark://other@default"),
    ],
)
def test_two_ways_that_differ_may_go_together(first: str, second: str) -> None:
    assert check_mail_urls(first, second, production=False) == []
