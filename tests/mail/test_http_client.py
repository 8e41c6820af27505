"""The HTTP client: kept connections, TLS, limits, and how far a request came."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.mail.http_client import HttpClient, HttpLimits, NoAnswerError, NotReachedError, NotSentError
from service.mail.providers.values import HttpAnswer, HttpRequest
from tests.support.certificates import make_certificates
from tests.support.http_server import Asked, HttpFault, HttpServer, Said

GOOD = Said(headers={"X-Number": "1"}, body=b"thank you")


def good(_asked: Asked) -> Said:
    """Everything is well."""
    return GOOD


def post(url: str, body: bytes = b"hello", path: str = "/a/b?c=d") -> HttpRequest:
    return HttpRequest(method="POST", url=url + path, headers={"X-Key": "secret"}, body=body)


def ask(*requests: HttpRequest, limits: HttpLimits | None = None) -> list[HttpAnswer]:
    """One after the other with one client."""

    async def run() -> list[HttpAnswer]:
        client = HttpClient(limits)
        try:
            return [await client.send(request) for request in requests]
        finally:
            await client.close()

    return asyncio.run(run())


def test_a_request_arrives_as_it_was_and_the_answer_comes_back_whole() -> None:
    with HttpServer(good) as server:
        (answer,) = ask(post(server.url))
    (asked,) = server.asked
    assert (asked.method, asked.target, asked.body) == ("POST", "/a/b?c=d", b"hello")
    assert (asked.headers["x-key"], asked.headers["content-length"]) == ("secret", "5")
    assert asked.headers["host"] == server.url.removeprefix("http://")
    assert (answer.status, answer.headers["x-number"], answer.body) == (200, "1", b"thank you")


def test_one_connection_serves_many_requests_and_one_without_a_body() -> None:
    with HttpServer(good) as server:
        answers = ask(*(post(server.url, body) for body in (b"a", b"", b"c" * 100_000)))
    assert [len(asked.body) for asked in server.asked] == [1, 0, 100_000]
    assert (len(answers), server.connections) == (3, 1)


def test_a_connection_that_is_no_longer_fresh_is_not_used_again() -> None:
    with HttpServer(good) as server:
        ask(post(server.url), post(server.url), limits=HttpLimits(idle=0))
    assert server.connections == 2


def test_a_connection_that_the_server_closed_meanwhile_is_replaced() -> None:
    closing = Said(headers={"Connection": "close"}, body=b"bye")
    with HttpServer(lambda _asked: closing) as server:
        answers = ask(post(server.url), post(server.url))
    assert [answer.body for answer in answers] == [b"bye", b"bye"]
    assert server.connections == 2


def test_a_long_answer_is_cut_off_and_its_connection_dropped() -> None:
    long = Said(body=b"x" * 5_000_000)
    with HttpServer(lambda _asked: long) as server:
        first, second = ask(post(server.url), post(server.url), limits=HttpLimits(most_bytes=1000))
    assert (first.status, len(first.body), len(second.body)) == (200, 1000, 1000)
    assert server.connections == 2


def test_silence_is_no_answer() -> None:
    with (
        HttpServer(good, faults=[HttpFault(stage="answer", delay=30)]) as server,
        pytest.raises(NoAnswerError, match="did not answer in time"),
    ):
        ask(post(server.url), limits=HttpLimits(answer=0.1))


def test_a_cut_after_the_last_byte_is_no_answer() -> None:
    with HttpServer(good, faults=[HttpFault(stage="answer", cut=True, said=None)]) as server:
        with pytest.raises(NoAnswerError, match="broke off"):
            ask(post(server.url))
        assert len(server.asked) == 1


def test_a_server_that_stops_reading_gets_no_whole_request() -> None:
    with HttpServer(good, faults=[HttpFault(stage="body", delay=30)]) as server:
        with pytest.raises(NotSentError):
            ask(post(server.url, b"x" * 20_000_000), limits=HttpLimits(write=0.3))
        assert server.asked == []


@pytest.mark.parametrize(
    "rubbish", [b"SMTP 220 hello\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000, b"\x00" * 99]
)
def test_an_answer_that_is_no_http_is_no_answer(rubbish: bytes) -> None:
    with talking(rubbish) as url, pytest.raises(NoAnswerError):
        ask(post(url), limits=HttpLimits(answer=5))


def test_an_interim_answer_is_waited_out() -> None:
    whole = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok"
    with talking(whole) as url:
        (answer,) = ask(post(url))
    assert (answer.status, answer.body) == (202, b"ok")


def test_an_unknown_authority_is_never_talked_to(tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.chain, certificates.key)
    with (
        talking(b"HTTP/1.1 200 OK\r\n\r\n", context) as url,
        pytest.raises(NotReachedError, match="The certificate of"),
    ):
        ask(post(url.replace("http:", "https:")))


def test_a_name_that_does_not_exist_is_told() -> None:
    with pytest.raises(NotReachedError, match=r"The name nobody\.invalid could not be found"):
        ask(post("http://nobody.invalid"))


def test_a_request_that_is_given_up_leaves_no_connection_behind() -> None:
    async def run(server: HttpServer) -> HttpAnswer:
        client = HttpClient()
        task = asyncio.create_task(client.send(post(server.url)))
        while not server.connections:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        answer = await client.send(post(server.url))
        await client.close()
        return answer

    with HttpServer(good, faults=[HttpFault(stage="answer", delay=30, times=1)]) as server:
        assert asyncio.run(run(server)).status == 200
    assert server.connections == 2


ONE = b"HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\none"
TWO = b"HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\ntwo"
GOODBYE = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("later", [False, True], ids=["with-the-answer", "later"])
@pytest.mark.parametrize("unasked", [GOODBYE, ONE, b"rubbish"], ids=["goodbye", "answer", "rubbish"])
def test_what_comes_unasked_is_no_answer_to_the_next_request(unasked: bytes, later: bool) -> None:
    """Else the next mail had an answer that is about no mail, or about another one."""
    open_ones: list[asyncio.StreamWriter] = []
    all_said = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones.append(writer)
        await reader.readuntil(b"hello")
        for piece in ([ONE, unasked] if later else [ONE + unasked]) if len(open_ones) == 1 else [TWO]:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.05)
        all_said.set()

    async def run() -> list[bytes]:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        client = HttpClient(HttpLimits(answer=5))
        request = post(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        first = await client.send(request)
        await all_said.wait()
        second = await client.send(request)
        await client.close()
        for each in open_ones:
            each.transport.abort()
        server.close()
        await server.wait_closed()
        return [first.body, second.body]

    assert asyncio.run(run()) == [b"one", b"two"]
    assert len(open_ones) == 2


@contextmanager
def talking(said: bytes, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server that says the same to everybody, whatever it is asked."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    stop, found = asyncio.Event(), []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(said)
        await writer.drain()
        writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
        found.append(server.sockets[0].getsockname()[1])
        ready.set()
        await stop.wait()
        server.close()

    thread = threading.Thread(target=lambda: asyncio.Runner(loop_factory=lambda: loop).run(serve()))
    thread.start()
    assert ready.wait(10)
    yield f"http://127.0.0.1:{found[0]}"
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()
