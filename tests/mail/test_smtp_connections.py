"""Kept connections, and what goes over them: the exact bytes, several at a time, one envelope each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from service.mail import smtp_pool
from service.mail.mail_url import parse_mail_url
from service.mail.smtp import SmtpTransport
from service.mail.transport import Outcome, SendResult
from tests.support.outbound import BODY, outbound
from tests.support.smtp_server import Fault, SmtpServer


def over(server: SmtpServer, use: Callable[[SmtpTransport], Awaitable[list[SendResult]]]) -> list[SendResult]:
    parsed, _ = parse_mail_url(server.url)
    assert parsed is not None

    async def run() -> list[SendResult]:
        transport = SmtpTransport(parsed)
        try:
            return await use(transport)
        finally:
            await transport.close()

    return asyncio.run(run())


def outcomes(results: list[SendResult]) -> set[Outcome]:
    return {result.outcome for result in results}


async def three(transport: SmtpTransport) -> list[SendResult]:
    return [await transport.send(outbound(f"lead{number}@example.nl")) for number in range(3)]


def test_a_connection_is_kept_for_the_next_mail() -> None:
    with SmtpServer() as server:
        assert outcomes(over(server, three)) == {Outcome.ACCEPTED}
    assert server.connections == 1
    assert [mail.recipients for mail in server.messages] == [(f"lead{number}@example.nl",) for number in range(3)]
    assert {mail.sender for mail in server.messages} == {"terug+1@praktijk.example"}
    assert server.commands[-1] == "QUIT"


def test_each_message_arrives_byte_for_byte() -> None:
    awkward = [
        b".\r\n",
        b"..\r\n.\r\n\r\n.\r\n",
        b"\r\n\r\n",
        BODY + b".leading\r\n..two\r\n. \r\n",
        BODY + b"x" * 998 + b"\r\n" + (b"." * 900 + b"\r\n") * 300,
        BODY + "Zo’n rug, ë\r\n".encode(),
    ]

    async def use(transport: SmtpTransport) -> list[SendResult]:
        return [await transport.send(outbound(data=data)) for data in awkward]

    with SmtpServer() as server:
        assert outcomes(over(server, use)) == {Outcome.ACCEPTED}
    assert [mail.data for mail in server.messages] == awkward


@pytest.mark.parametrize("stage", ["rcpt", "dot"])
def test_a_refused_mail_does_not_spoil_the_connection_for_the_next(stage: str) -> None:
    assert stage in ("rcpt", "dot")
    refusal = Fault(
        stage="rcpt" if stage == "rcpt" else "dot", reply="550 5.1.1 user unknown", recipient="lead1@example.nl"
    )
    with SmtpServer(faults=[refusal]) as server:
        results = over(server, three)
    assert [result.outcome for result in results] == [Outcome.ACCEPTED, Outcome.INVALID, Outcome.ACCEPTED]
    assert server.connections == 1
    assert len(server.messages) == 2


def test_a_kept_connection_that_was_closed_is_replaced_without_a_word() -> None:
    async def use(transport: SmtpTransport) -> list[SendResult]:
        first = await transport.send(outbound())
        await asyncio.to_thread(server.hang_up)
        return [first, await transport.send(outbound())]

    with SmtpServer() as server:
        assert outcomes(over(server, use)) == {Outcome.ACCEPTED}
    assert server.connections == 2
    assert len(server.messages) == 2


@pytest.mark.parametrize(
    ("reply", "cut"),
    [
        ("", True),
        ("421 4.4.2 idle for too long", True),
        ("421 4.7.0 enough", False),
        ("452 4.5.3 too many mails on this connection", False),
    ],
)
def test_a_kept_connection_that_the_server_leaves_at_mail_is_replaced(reply: str, cut: bool) -> None:
    async def use(transport: SmtpTransport) -> list[SendResult]:
        first = await transport.send(outbound())
        server.faults = [Fault(stage="mail", reply=reply, cut=cut, connection=1)]
        return [first, await transport.send(outbound())]

    with SmtpServer() as server:
        assert outcomes(over(server, use)) == {Outcome.ACCEPTED}
    assert server.connections == 2
    assert len(server.messages) == 2


def test_a_replacement_is_tried_once_alone() -> None:
    async def use(transport: SmtpTransport) -> list[SendResult]:
        await transport.send(outbound())
        server.faults = [Fault(stage="mail", cut=True)]
        return [await transport.send(outbound())]

    with SmtpServer() as server:
        (result,) = over(server, use)
    assert (result.outcome, result.stage) == (Outcome.RETRY, "mail")
    assert server.connections == 2


def test_a_kept_connection_is_asked_first_when_it_has_been_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_pool, "_FRESH_ENOUGH", -1.0)
    with SmtpServer(faults=[Fault(stage="rset", cut=True, times=1)]) as server:
        assert outcomes(over(server, three)) == {Outcome.ACCEPTED}
    assert server.connections == 2
    assert server.commands.count("RSET") == 2


def test_a_connection_idle_for_long_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_pool, "_LONGEST_IDLE", 0.05)

    async def use(transport: SmtpTransport) -> list[SendResult]:
        results = [await transport.send(outbound())]
        while "QUIT" not in server.commands:
            await asyncio.sleep(0.01)
        return [*results, await transport.send(outbound())]

    with SmtpServer() as server:
        assert outcomes(over(server, use)) == {Outcome.ACCEPTED}
    assert server.connections == 2


def test_a_connection_carries_no_more_than_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_pool, "_MOST_MAILS", 2)
    with SmtpServer() as server:
        assert outcomes(over(server, three)) == {Outcome.ACCEPTED}
    assert server.connections == 2


def test_sends_run_side_by_side_up_to_the_capacity() -> None:
    async def use(transport: SmtpTransport) -> list[SendResult]:
        assert transport.capacity == 8
        mails = [outbound(f"lead{number}@example.nl", data=BODY + b"%d\r\n" % number) for number in range(40)]
        return list(await asyncio.gather(*(transport.send(mail) for mail in mails)))

    with SmtpServer(faults=[Fault(stage="dot", delay=0.02)]) as server:
        assert outcomes(over(server, use)) == {Outcome.ACCEPTED}
    assert 2 <= server.connections <= 8
    seen = {mail.recipients[0]: mail.data for mail in server.messages}
    assert seen == {f"lead{number}@example.nl": BODY + b"%d\r\n" % number for number in range(40)}


def test_a_slow_mail_does_not_hold_up_another() -> None:
    async def use(transport: SmtpTransport) -> list[SendResult]:
        slow = asyncio.create_task(transport.send(outbound("traag@example.nl")))
        await asyncio.to_thread(server.wait_for, 1)
        quick = await transport.send(outbound("snel@example.nl"))
        assert not slow.done()
        server.faults = []
        slow.cancel()
        return [quick]

    with SmtpServer(faults=[Fault(stage="dot", delay=30, recipient="traag@example.nl")]) as server:
        assert outcomes(over(server, use)) == {Outcome.ACCEPTED}


@pytest.mark.parametrize("extensions", [(), ("PIPELINING",), ("PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8")])
def test_any_set_of_extensions_will_do(extensions: tuple[str, ...]) -> None:
    with SmtpServer(extensions=extensions) as server:
        assert outcomes(over(server, three)) == {Outcome.ACCEPTED}


def test_a_transport_belongs_to_one_event_loop() -> None:
    with SmtpServer() as server:
        parsed, _ = parse_mail_url(server.url)
        assert parsed is not None
        transport = SmtpTransport(parsed)

        async def once() -> None:
            await transport.send(outbound())
            await transport.close()

        asyncio.run(once())
        with pytest.raises(RuntimeError, match="belongs to the event loop"):
            asyncio.run(once())
