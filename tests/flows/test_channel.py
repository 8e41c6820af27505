"""A fault of ours, and what is lost on the way, at a real mail server (ACCEPTANCE L3, L7)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlmodel import select

from service.flows.channel import Channel
from service.flows.sending import Sender
from service.mail.transport import Outcome, SendResult, open_transport
from service.store.tables import Message, Suppression
from tests.support import acts
from tests.support.acts import ANNA
from tests.support.certificates import make_certificates
from tests.support.crowd import gather
from tests.support.house import House
from tests.support.smtp_server import Fault, SmtpServer, Stage
from tests.support.transports import Network, accepted, always, login_refused

TEN = [f"lead{number}@example.org" for number in range(10)]


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    """Takes everything, until a test gives it a fault."""
    with SmtpServer() as started:
        yield started


def by_way_of(house: House, url: str) -> House:
    """The house, its mails going to this server."""
    return house.with_changes(open_transport=partial(open_transport, url))


def check_untouched(house: House, addresses: list[str]) -> None:
    """No attempt was burnt, nobody bounced, no run ended: all of it waits."""
    for address in addresses:
        message = acts.advice(house, address)
        assert (message.state, message.attempts, message.first_handed_at) == ("due", 0, None)
        assert [run.state for run in acts.runs(house, address)] == ["awaiting_confirmation"]
    with house.services.database.reading() as session:
        assert session.exec(select(Suppression)).all() == []


def check_mended(house: House, server: SmtpServer, addresses: list[str]) -> None:
    """Everybody got the mail once, at the first attempt that counts, and the one alert is over."""
    assert house.send_due() == len(addresses)
    assert sorted(mail.recipients[0] for mail in server.messages) == sorted(addresses)
    assert {acts.advice(house, address).attempts for address in addresses} == {1}
    assert acts.alerts(house) == []
    assert [each.cause for each in acts.all_alerts(house)] == ["channel-down"]


# Our own fault


@pytest.mark.parametrize(
    "fault",
    [
        Fault(stage="auth", reply="535 5.7.8 bad password"),
        Fault(stage="auth", reply="454 4.7.0 temporary authentication failure"),
        Fault(stage="greeting", reply="421 4.3.2 going down", cut=True),
        Fault(stage="greeting", reply="554 5.7.1 go away"),
        Fault(stage="ehlo", cut=True),
        Fault(stage="mail", reply="550 5.7.1 sender not allowed"),
        Fault(stage="mail", reply="451 4.3.0 out of order"),
        Fault(stage="rcpt", reply="530 5.7.0 log in first"),
    ],
    ids=lambda fault: f"{fault.stage} {fault.reply[:3] or 'cut'}",
)
def test_a_fault_of_ours_is_told_once_touches_no_lead_and_is_over_when_mended(house: House, fault: Fault) -> None:
    with SmtpServer(faults=[fault], login=("praktijk", "geheim")) as server:
        posting = by_way_of(house, server.url)
        for address in TEN:
            posting.opt_in(address)
        for _ in range(2):  # each a worker of its own, which begins with one mail
            assert posting.send_due() == 0
            check_untouched(posting, TEN)
            posting.clock.advance(minutes=1)
        assert acts.alerts(posting) == ["channel-down"]
        assert server.commands.count("QUIT") + server.commands.count("RCPT") <= 4
        server.faults.clear()
        check_mended(posting, server, TEN)


def test_a_wrong_password_and_no_tls_stop_the_channel_until_they_are_mended(house: House, tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path)
    with SmtpServer(certificates=certificates, login=("praktijk", "geheim")) as server:
        for address in TEN:
            house.opt_in(address)
        wrong = by_way_of(house, server.url.replace("geheim", "vergeten"))
        assert wrong.send_due() == 0
        unknown_issuer = by_way_of(house, server.url.partition("?")[0])
        assert unknown_issuer.send_due() == 0
        check_untouched(house, TEN)
        assert "vergeten" not in str([(each.dutch, each.english) for each in acts.all_alerts(house)])
        assert acts.alerts(house) == ["channel-down"]
        check_mended(by_way_of(house, server.url), server, TEN)


def test_a_worker_that_starts_while_the_channel_is_down_tries_one_mail_and_then_rests(
    posted: House, network: Network
) -> None:
    network.answer = always(login_refused())
    for address in TEN:
        posted.opt_in(address)

    async def live() -> None:
        sender = Sender(posted.services, network.open())
        assert await sender.send_due() == 0
        assert len(network.mails) == 1
        assert await sender.send_due() == 0
        assert len(network.mails) == 1, "it rests"
        sender.ways["primary"].channel._rests_until = 0.0  # as if the rest was over
        assert await sender.send_due() == 0
        assert len(network.mails) == 2, "one mail tries whether it works again"
        check_untouched(posted, TEN)
        assert acts.alerts(posted) == ["channel-down"]
        network.answer = always(accepted())
        posted.clock.advance(hours=3)
        sender.ways["primary"].channel._rests_until = 0.0
        assert await sender.send_due() == 10

    asyncio.run(live())
    assert acts.alerts(posted) == []
    assert [each.cause for each in acts.all_alerts(posted)] == ["channel-down"]
    with posted.services.database.reading() as session:
        assert {each.attempts for each in session.exec(select(Message))} == {1}


def test_an_advice_that_alone_meets_a_fault_does_not_keep_all_follow_ups_waiting(
    posted: House, network: Network
) -> None:
    gather(posted, 2)
    only_hers = SendResult(outcome=Outcome.RETRY, stage="mail", code=451, text="out of order", scope="channel")
    network.answer = lambda mail, _before: only_hers if mail.recipient == ANNA else accepted()
    posted.opt_in()
    before = len(network.mails)

    async def live() -> None:
        sender = Sender(posted.services, network.open())
        for _ in range(4):
            await sender.send_due()
            sender.ways["primary"].channel._rests_until = 0.0  # as if the rest was over
            posted.clock.advance(minutes=1)

    asyncio.run(live())
    assert acts.advice(posted).state == "due"
    assert len([mail for mail in network.mails[before:] if mail.recipient != ANNA]) == 3


def test_a_second_outage_is_told_again(posted: House, network: Network) -> None:
    for result in (login_refused(), accepted(), login_refused()):
        network.answer = always(result)
        posted.opt_in(f"{posted.clock.now():%H}@example.org")
        posted.send_due()
        posted.clock.advance(hours=1)
    assert [each.cause for each in acts.all_alerts(posted)] == ["channel-down", "channel-down"]
    assert acts.alerts(posted) == ["channel-down"]


def test_the_alert_of_a_worker_that_is_gone_is_closed_by_one_that_never_had_the_fault(
    posted: House, network: Network
) -> None:
    async def live() -> None:
        well = Sender(posted.services, network.open())
        posted.opt_in("a@example.org")
        assert await well.send_due() == 1
        broken, ill = Network(answer=always(login_refused())), posted
        posted.opt_in("b@example.org")
        assert await Sender(ill.services, broken.open()).send_due() == 0
        assert acts.alerts(posted) == ["channel-down"]
        assert await well.send_due() == 1
        assert acts.alerts(posted) == ["channel-down"], "the other one may still have it"
        posted.clock.advance(minutes=10)
        posted.opt_in("c@example.org")
        assert await well.send_due() == 1
        assert acts.alerts(posted) == []

    asyncio.run(live())


# One mail's trouble is its own


@pytest.mark.parametrize("stage", ["rcpt", "data", "dot"])
@pytest.mark.parametrize("code", ["421 4.7.28", "450 4.2.0", "451 4.7.1", "452 4.2.2"])
def test_one_address_refused_for_now_backs_off_alone_at_every_stage(
    house: House, server: SmtpServer, stage: Stage, code: str
) -> None:
    server.faults = [Fault(stage=stage, reply=f"{code} later", recipient=ANNA, cut=code.startswith("421"))]
    posting = by_way_of(house, server.url)
    posting.opt_in()
    for address in TEN[:3]:
        posting.opt_in(address)
    assert posting.send_due() == 3
    message = acts.advice(posting)
    assert (message.state, message.attempts, acts.alerts(posting)) == ("due", 1, [])
    assert (message.due_at - posting.clock.now()).total_seconds() == 300
    server.faults.clear()
    posting.clock.advance(minutes=5)
    assert posting.send_due() == 1


# Lost on the way


def test_an_advice_cut_after_the_dot_goes_at_most_twice_more_with_identical_bytes(
    house: House, server: SmtpServer
) -> None:
    server.faults = [Fault(stage="dot", cut=True)]
    posting = by_way_of(house, server.url)
    posting.opt_in()
    posting.send_due()
    posting.live_through(hours=1)
    assert [mail.recipients for mail in server.messages] == [(ANNA,)] * 3
    assert len({mail.data for mail in server.messages}) == 1
    assert (acts.advice(posting).state, acts.alerts(posting)) == ("unknown", ["message-unknown"])


def test_a_follow_up_cut_after_the_dot_is_unknown_and_never_sent_again(house: House, server: SmtpServer) -> None:
    posting = by_way_of(house, server.url)
    acts.confirmed(posting)
    server.faults = [Fault(stage="dot", cut=True)]
    posting.live_through(days=2)
    server.faults.clear()
    posting.live_through(hours=20)
    assert acts.follow_ups(posting)["hoe-ging-het"].state == "unknown"
    assert len(server.messages) == 2, "the advice, and the follow-up once"


@pytest.mark.parametrize("stage", ["rcpt", "data"])
def test_a_mail_cut_before_the_dot_is_retried_with_identical_bytes(
    house: House, server: SmtpServer, stage: Stage
) -> None:
    server.faults = [Fault(stage=stage, cut=True, times=1)]
    posting = by_way_of(house, server.url)
    posting.opt_in()
    assert posting.send_due() == 0
    message = acts.advice(posting)
    assert (message.state, message.attempts, server.messages) == ("due", 1, [])
    posting.clock.advance(minutes=5)
    assert posting.send_due() == 1
    assert len(server.messages) == 1
    assert f"Message-ID: {message.message_id}".encode() in server.messages[0].data


def test_a_lost_goodbye_after_250_changes_nothing(house: House, server: SmtpServer) -> None:
    server.faults = [Fault(stage="quit", cut=True)]
    posting = by_way_of(house, server.url)
    posting.opt_in()
    assert posting.send_due() == 1
    posting.live_through(hours=1)
    assert "QUIT" in server.commands
    assert (acts.advice(posting).state, len(server.messages), acts.alerts(posting)) == ("accepted", 1, [])


def test_the_channel_rests_for_as_long_as_the_other_side_asks_also_when_a_mail_before_it_is_taken() -> None:
    async def run() -> None:
        channel = Channel()
        channel.note(fault=False)
        channel.note(fault=True, rest=timedelta(minutes=10))
        channel.note(fault=False)  # it was on its way already
        assert not channel.is_open
        asked = Channel()
        asked.note(fault=True, rest=timedelta(0))
        assert not asked.is_open, "its own rest is longer"
        fresh = Channel()
        fresh.note(fault=False, rest=None)
        assert fresh.is_open

    asyncio.run(run())
