"""A body that is too large, on a real connection: the client gets its answer, and we stop reading."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

from tests.support.house import House
from tests.support.web_servers import serving

_CHUNK = b"3e8\r\n" + b" " * 1000 + b"\r\n"
_HEAD = b"POST /api/opt-ins HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.fixture
def port(house: House) -> Iterator[int]:
    with serving(house) as url:
        yield int(url.rpartition(":")[2])


def first_line(connection: socket.socket) -> bytes:
    return connection.makefile("rb").readline()


def test_a_client_that_has_written_all_of_it_reads_413(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(_HEAD + b"Content-Length: 200000\r\n\r\n" + b" " * 200_000)
        assert b" 413 " in first_line(connection)


def test_a_chunked_body_without_an_end_is_cut(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 50_000_000:
                connection.sendall(_CHUNK)
                sent += len(_CHUNK)
        assert sent < 50_000_000
