"""The socket that the website listens on."""

from __future__ import annotations

import asyncio
import socket

import pytest

from service.cli.running import listen


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_an_answer_is_not_held_back_until_the_one_before_is_acknowledged(host: str) -> None:
    async def taken() -> int:
        accepted: asyncio.Queue[int] = asyncio.Queue()

        def came(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there = writer.get_extra_info("socket")
            accepted.put_nowait(there.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        with listen(host, 0) as listening:
            async with await asyncio.start_server(came, sock=listening) as server:
                _, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
                writer.close()
                return await accepted.get()

    assert asyncio.run(taken()) == 1
