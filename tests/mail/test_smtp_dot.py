"""A mail of one block, whose dot goes in the same write: did it leave before the line broke, or not?"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable

import pytest

from service.mail.mail_url import parse_mail_url
from service.mail.smtp_connection import SmtpConnection
from service.mail.smtp_greeting import Greeted, HandOverError, Limits
from service.mail.transport import Outcome, SendResult
from tests.support.outbound import BODY, outbound

LARGE = BODY + (b"x" * 70 + b"\r\n") * 800  # one block, and more than the kernel takes here
SMALL = 4096  # bytes in the kernel's buffers on both sides
DOT = b"\r\n.\r\n"
Server = Callable[[socket.socket, asyncio.Event], Awaitable[None]]
"""What it does before it reads on; the event tells that the client has given up."""


def handed_over(serve: Server, data: bytes = LARGE) -> tuple[SendResult, bytes]:
    """Hand a mail to a server that goes on as told after its 354. Returns the outcome, and what reached it then."""

    async def live() -> tuple[SendResult, bytes]:
        loop = asyncio.get_running_loop()
        with socket.socket() as listener, socket.socket() as ours:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            ours.connect(listener.getsockname())
            peer, _ = listener.accept()
            with peer:
                ours.setblocking(False)
                peer.setblocking(False)
                transport, _ = await loop.create_connection(asyncio.Protocol, sock=ours)
                server, _ = parse_mail_url("smtp://127.0.0.1?tls=none")
                assert server is not None
                greeted = Greeted(transport=transport, extensions={"pipelining": ""})
                connection = SmtpConnection(server, Limits(block=0.3, dot=0.3), greeted)
                sending = asyncio.create_task(connection.hand_over(outbound(data=data)))
                assert (await loop.sock_recv(peer, 1000)).endswith(b"DATA\r\n")
                await loop.sock_sendall(peer, b"250 ok\r\n250 ok\r\n354 go on\r\n")
                gone = asyncio.Event()
                heard = asyncio.create_task(_everything(peer, serve(peer, gone)))
                try:
                    result = await sending
                except HandOverError as error:
                    result = error.result
                connection.drop()
                gone.set()
                return result, await heard

    return asyncio.run(live())


async def _everything(peer: socket.socket, before: Awaitable[None]) -> bytes:
    await before
    came = b""
    with contextlib.suppress(OSError):
        while peer.fileno() >= 0 and (more := await asyncio.get_running_loop().sock_recv(peer, 65536)):
            came += more
    return came


async def stops_reading(_peer: socket.socket, gone: asyncio.Event) -> None:
    await gone.wait()


async def closes(peer: socket.socket, _gone: asyncio.Event) -> None:
    peer.close()


async def objects(peer: socket.socket, gone: asyncio.Event) -> None:
    await asyncio.get_running_loop().sock_sendall(peer, b"552 5.3.4 too big\r\n")
    await gone.wait()


async def reads(_peer: socket.socket, _gone: asyncio.Event) -> None:
    """And says nothing."""


@pytest.mark.parametrize("serve", [stops_reading, closes])
def test_where_the_kernel_had_not_taken_all_of_it_no_dot_left_and_the_mail_is_retried(serve: Server) -> None:
    result, came = handed_over(serve)
    assert (result.outcome, result.stage, result.code) == (Outcome.RETRY, "body", None)
    assert DOT not in came


def test_a_server_that_objects_half_way_is_heard_and_gets_no_dot() -> None:
    result, came = handed_over(objects)
    assert (result.outcome, result.stage, result.code) == (Outcome.INVALID, "body", 552)
    assert DOT not in came


def test_where_the_kernel_has_taken_all_of_it_nobody_knows() -> None:
    result, came = handed_over(reads)
    assert (result.outcome, result.stage) == (Outcome.UNKNOWN, "dot")
    assert came.endswith(DOT)


def test_a_small_mail_is_in_the_kernel_at_once_so_a_server_that_goes_may_have_it() -> None:
    result, came = handed_over(stops_reading, BODY)
    assert (result.outcome, result.stage) == (Outcome.UNKNOWN, "dot")
    assert came.endswith(DOT)
