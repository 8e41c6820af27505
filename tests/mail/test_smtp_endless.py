"""A server that never comes to an end: of a reply, of what it says while nobody asks, of a line."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest

from service.mail.mail_url import MailUrl, parse_mail_url
from service.mail.smtp import SmtpTransport
from service.mail.smtp_greeting import Limits
from service.mail.transport import Outcome, SendResult
from tests.support.outbound import outbound

Says = Callable[[asyncio.StreamWriter], Awaitable[None]]


async def _talks(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, at: str, says: Says, gone: asyncio.Event
) -> None:
    """All goes well up to the command `at` (`.`: the dot), where it says that; `gone` once the other side has left."""
    try:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            verb = line.strip().decode()[:4]
            if verb == at:
                await says(writer)
            elif verb == "DATA":
                writer.write(b"354 go on\r\n")
                while await reader.readline() != b".\r\n":
                    pass
                if at == ".":
                    await says(writer)
                else:
                    writer.write(b"250 taken\r\n")
            else:
                writer.write(b"250 well\r\n")
    except ConnectionError:
        pass
    finally:
        gone.set()
        writer.close()


def met(at: str, says: Says, use: Callable[[SmtpTransport, asyncio.Event], Awaitable[SendResult]]) -> SendResult:
    """What came of a mail, with a server that talks so."""

    async def run() -> SendResult:
        gone = asyncio.Event()
        server = await asyncio.start_server(lambda r, w: _talks(r, w, at, says, gone), "127.0.0.1", 0)
        parsed, _ = parse_mail_url(f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}?tls=none")
        assert isinstance(parsed, MailUrl)
        transport = SmtpTransport(parsed, limits=Limits(command=0.5, dot=0.5))
        try:
            return await asyncio.wait_for(use(transport, gone), 20)
        finally:
            await transport.close()
            server.close()

    return asyncio.run(run())


async def one(transport: SmtpTransport, _gone: asyncio.Event) -> SendResult:
    return await transport.send(outbound())


async def one_and_gone(transport: SmtpTransport, gone: asyncio.Event) -> SendResult:
    result = await transport.send(outbound())
    await gone.wait()
    return result


def _in_bits(bit: bytes) -> Says:
    async def says(writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            for _ in range(200):  # ten seconds, of which half a one is the limit
                writer.write(bit)
                await writer.drain()
                await asyncio.sleep(0.05)

    return says


@pytest.mark.parametrize("bit", [b"250-wait\r\n", b"2"], ids=["line by line", "letter by letter"])
def test_a_reply_that_comes_bit_by_bit_has_its_time_as_a_whole(bit: bytes) -> None:
    result = met("RCPT", _in_bits(bit), one)
    assert (result.outcome, result.stage, result.code) == (Outcome.RETRY, "rcpt", None)
    result = met(".", _in_bits(bit), one)
    assert (result.outcome, result.stage, result.code) == (Outcome.UNKNOWN, "dot", None)


@pytest.mark.parametrize("more", [b"250 and more\r\n" * 500, b"a" * 100_000], ids=["replies", "a line"])
def test_who_goes_on_talking_while_nobody_asks_is_left_at_once(more: bytes) -> None:
    async def says(writer: asyncio.StreamWriter) -> None:
        writer.write(b"250 taken\r\n")
        await writer.drain()
        await asyncio.sleep(0.2)  # so that the mail is done with, and the connection kept
        writer.write(more)

    assert met(".", says, one_and_gone).outcome is Outcome.ACCEPTED
