"""The second way out, at real mail servers: used where the first took nothing, and only as long as that is so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from service.flows import ticks
from service.flows.sending import Sender
from service.store.tables import Message, Suppression
from tests.support import acts
from tests.support.certificates import make_certificates
from tests.support.house import House
from tests.support.running import free_port
from tests.support.smtp_server import Fault, SmtpServer, Stage
from tests.support.two_ways import AWAY, by_two, living, rested, takers, tries

TEN = [f"lead{number}@example.org" for number in range(10)]
LOGIN = ("praktijk", "geheim")


@pytest.fixture
def first() -> Iterator[SmtpServer]:
    """The server of NURTURE_MAIL_URL."""
    with SmtpServer(login=LOGIN) as started:
        yield started


@pytest.fixture
def second() -> Iterator[SmtpServer]:
    """The server of NURTURE_MAIL_FALLBACK_URL."""
    with SmtpServer() as started:
        yield started


def check_all_by_the_second(house: House, second: SmtpServer) -> None:
    """Each advice left once and counts as a first try; one of them had tried the first way, and burnt nothing."""
    assert takers(second) == TEN
    assert [(acts.advice(house, each).state, acts.advice(house, each).attempts) for each in TEN] == [
        ("accepted", 1)
    ] * 10
    went = [each for address in TEN for each in tries(house, address)]
    assert went.count(("fallback", "accepted")) == 10
    assert len(went) == 11, "one mail found out for all"
    assert acts.alerts(house) == ["mail-by-fallback"]


@pytest.mark.parametrize(
    "fault",
    [
        AWAY,
        Fault(stage="ehlo", cut=True),
        Fault(stage="auth", reply="535 5.7.8 bad password"),
        Fault(stage="mail", reply="451 4.3.0 out of order"),
        Fault(stage="mail", reply="550 5.7.1 sender not allowed"),
        Fault(stage="rcpt", reply="530 5.7.0 log in first"),
    ],
    ids=lambda fault: f"{fault.stage} {fault.reply[:3] or 'cut'}",
)
def test_while_the_first_takes_nothing_all_mail_goes_by_the_second_without_a_wait(
    house: House, first: SmtpServer, second: SmtpServer, fault: Fault
) -> None:
    first.faults = [fault]
    posting = by_two(house, first.url, second.url)
    for address in TEN:
        posting.opt_in(address)
    assert posting.send_due() == 10
    check_all_by_the_second(posting, second)
    assert first.messages == []


@pytest.mark.parametrize("wrong", ["nobody listens", "another issuer", "a wrong password"])
def test_a_first_that_cannot_be_reached_or_trusted_or_logged_in_to_costs_no_mail(
    house: House, second: SmtpServer, tmp_path: Path, wrong: str
) -> None:
    with SmtpServer(certificates=make_certificates(tmp_path), login=LOGIN) as first:
        url = {
            "nobody listens": f"smtp://127.0.0.1:{free_port()}?tls=none",
            "another issuer": first.url.partition("?")[0],
            "a wrong password": first.url.replace("geheim", "vergeten"),
        }[wrong]
        posting = by_two(house, url, second.url)
        for address in TEN:
            posting.opt_in(address)
        assert posting.send_due() == 10
        check_all_by_the_second(posting, second)
        assert first.messages == []
    assert "vergeten" not in str([(each.dutch, each.english) for each in acts.all_alerts(house)])


def test_as_long_as_the_first_works_nothing_goes_by_the_second(
    house: House, first: SmtpServer, second: SmtpServer
) -> None:
    posting = by_two(house, first.url, second.url)
    acts.confirmed(posting)
    posting.live_through(days=3)
    assert (len(first.messages), second.connections) == (2, 0)
    assert tries(posting, acts.ANNA) == [("primary", "accepted")]


# One mail's own trouble is no reason to go another way


@pytest.mark.parametrize("stage", ["rcpt", "data", "dot"])
def test_a_mail_that_is_refused_for_now_comes_back_to_the_first(
    house: House, first: SmtpServer, second: SmtpServer, stage: Stage
) -> None:
    first.faults = [Fault(stage=stage, reply="450 4.2.0 later", times=1)]
    posting = by_two(house, first.url, second.url)
    posting.opt_in()
    assert posting.send_due() == 0
    posting.clock.advance(minutes=5)
    assert posting.send_due() == 1
    assert (len(first.messages), second.connections, acts.alerts(posting)) == (1, 0, [])


def test_a_mail_cut_before_the_dot_may_go_by_the_second_with_the_same_bytes(
    house: House, first: SmtpServer, second: SmtpServer
) -> None:
    first.faults = [Fault(stage="data", cut=True, times=1)]
    posting = by_two(house, first.url, second.url)
    posting.opt_in()
    assert posting.send_due() == 0
    assert tries(posting, acts.ANNA) == [("primary", "retry")]
    first.faults = [AWAY]
    posting.clock.advance(minutes=5)
    assert posting.send_due() == 1
    assert tries(posting, acts.ANNA) == [("primary", "retry"), ("primary", "retry"), ("fallback", "accepted")]
    message = acts.advice(posting)
    assert (message.attempts, first.messages) == (2, [])
    assert f"Message-ID: {message.message_id}".encode() in second.messages[0].data


def test_both_ways_carry_the_same_bytes(house: House, second: SmtpServer) -> None:
    acts.follow_up_due(house)
    with SmtpServer(faults=[Fault(stage="dot", cut=True, times=1)]) as first:
        posting = by_two(house, first.url, second.url)
        posting.send_due()
        with posting.services.database.transaction() as session:
            (message,) = session.exec(select(Message).where(Message.state == "unknown"))
            message.state, message.hold = "due", "approved"  # as staff do
        first.faults = [AWAY]
        posting.send_due()
    assert len(first.messages) == 1
    assert [mail.data for mail in second.messages] == [mail.data for mail in first.messages]


# Back to the first


def test_the_first_is_asked_without_a_mail_and_gets_one_and_then_all_when_it_answers_well(
    house: House, first: SmtpServer, second: SmtpServer
) -> None:
    first.faults = [AWAY]
    posting = by_two(house, first.url, second.url)

    async def work(sender: Sender) -> None:
        async def some(name: str) -> int:
            for number in range(4):
                posting.opt_in(f"{name}{number}@example.org")
            return await sender.send_due()

        assert await some("a") == 4
        rested(sender)
        before = first.connections
        assert await some("b") == 4
        assert first.connections == before + 1, "it was asked, and no mail waited for that"
        assert await some("c") == 4
        assert first.connections == before + 1, "it rests again"
        assert "MAIL" not in first.commands
        assert len(second.messages) == 12
        assert acts.alerts(posting) == ["mail-by-fallback"]
        first.faults = []
        rested(sender)
        assert await some("d") == 4
        assert "MAIL" not in first.commands, "a question is no mail"
        assert await some("e") == 4

    living(posting, work)
    assert takers(first) == [f"e{number}@example.org" for number in range(4)]
    assert [first.messages[0].taken <= mail.began for mail in first.messages[1:]] == [True] * 3, "first one by itself"
    assert len(second.messages) == 16
    ticks.housekeeping(posting.services)
    assert acts.alerts(posting) == ["mail-by-fallback"], "it may go again"
    posting.clock.advance(minutes=10)
    ticks.housekeeping(posting.services)
    assert acts.alerts(posting) == []
    assert [each.cause for each in acts.all_alerts(posting)] == ["mail-by-fallback"]


def test_a_first_that_answers_well_and_refuses_each_mail_delays_one_mail_and_keeps_none(
    house: House, first: SmtpServer, second: SmtpServer
) -> None:
    first.faults = [Fault(stage="mail", reply="451 4.7.0 quota")]
    posting = by_two(house, first.url, second.url)

    async def work(sender: Sender) -> None:
        for number in range(6):
            posting.opt_in(f"lead{number}@example.org")
            assert await sender.send_due() == 1
            rested(sender)

    living(posting, work)
    assert (len(second.messages), first.messages) == (6, [])
    with house.services.database.reading() as session:
        assert {each.attempts for each in session.exec(select(Message))} == {1}
    assert [each.cause for each in acts.all_alerts(posting)] == ["mail-by-fallback"]


def test_a_first_that_comes_and_goes_loses_nothing_and_sends_nothing_twice(house: House, second: SmtpServer) -> None:
    stages: list[Stage] = []

    def weather(stage: Stage, _recipients: tuple[str, ...]) -> Fault | None:
        if stage not in {"greeting", "mail"}:
            return None
        stages.append(stage)
        return Fault(stage=stage, reply="421 4.3.2 no", cut=True) if len(stages) % 3 == 0 else None

    with SmtpServer(weather=weather) as first:
        posting = by_two(house, first.url, second.url)

        async def work(sender: Sender) -> None:
            for number in range(12):
                for letter in "abc":
                    posting.opt_in(f"{letter}{number}@example.org")
                await sender.send_due()
                rested(sender)

        living(posting, work)
        assert len(first.messages) > 5
        assert len(second.messages) > 5
        got = takers(first) + takers(second)
    assert sorted(got) == sorted(f"{letter}{number}@example.org" for number in range(12) for letter in "abc")
    with house.services.database.reading() as session:
        assert {(each.state, each.attempts) for each in session.exec(select(Message))} == {("accepted", 1)}
    assert [each.cause for each in acts.all_alerts(house)] == ["mail-by-fallback"], "told once"


# No way at all


def test_with_both_away_nothing_is_lost_and_it_goes_on_with_whichever_is_mended(
    house: House, first: SmtpServer, second: SmtpServer
) -> None:
    first.faults, second.faults = [AWAY], [AWAY]
    posting = by_two(house, first.url, second.url)
    for address in TEN:
        posting.opt_in(address)

    async def work(sender: Sender) -> None:
        for _ in range(3):
            assert await sender.send_due() == 0
            rested(sender)
        assert sorted(acts.alerts(posting)) == ["channel-down", "mail-by-fallback"]
        for address in TEN:
            message = acts.advice(posting, address)
            assert (message.state, message.attempts, message.first_handed_at) == ("due", 0, None)
        assert sum(len(tries(posting, address)) for address in TEN) == 2, "one mail by each; then they were only asked"
        second.faults = []
        posting.clock.advance(minutes=1)
        assert await sender.send_due() == 10
        assert (takers(second), acts.alerts(posting)) == (TEN, ["mail-by-fallback"])
        first.faults = []
        rested(sender)
        await sender.send_due()
        posting.opt_in()
        assert await sender.send_due() == 1

    living(posting, work)
    assert (takers(first), acts.alerts(posting)) == ([acts.ANNA], ["mail-by-fallback"])
    posting.clock.advance(minutes=10)
    posting.opt_in("bram@example.org")
    assert posting.send_due() == 1
    assert acts.alerts(posting) == []
    with house.services.database.reading() as session:
        assert session.exec(select(Suppression)).all() == []


def test_follow_ups_that_went_by_the_second_are_no_backlog(house: House, first: SmtpServer, second: SmtpServer) -> None:
    posting = by_two(house, first.url, second.url).with_changes(backlog_limit=0)
    acts.confirmed(posting)
    first.faults = [AWAY]
    posting.live_through(days=9)
    assert acts.alerts(posting) == ["mail-by-fallback"]
    first.faults = []
    posting.live_through(days=30)
    assert acts.alerts(posting) == []
    steps = acts.follow_ups(posting).values()
    assert {each.state for each in steps} == {"accepted", "skipped"}, "and none is held"
    assert len(second.messages) > 1
    left = [each for each in steps if each.state == "accepted"]
    assert len(first.messages) + len(second.messages) == 1 + len(left)
