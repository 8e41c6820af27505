"""Requests that no browser sends, on a real connection: each gets a 4xx or its page, none a 5xx, and we go on (E7)."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.support.house import House, link
from tests.support.routes import ROUTES
from tests.support.web_servers import serving
from tests.support.website import BROWSER, opt_in

HOST = b"Host: localhost\r\n"
LINE = b"GET /healthz HTTP/1.1\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
PATHS = (
    b"/u/%00",
    b"/u/%ff%fe",
    b"/u/%",
    b"/u/%zz",
    b"/u/..%2f..%2fetc%2fpasswd",
    b"/u/" + b"a" * 8_000,
    b"/u/a%0d%0aSet-Cookie:x=1",
    b"/static/..%2f..%2fapp.py",
    b"/static/%2e%2e/app.py",
    b"/static/%00.css",
    b"/media/..%2f" + b"0" * 40 + b".png",
    b"/forms/%00",
    b"/forms/%F0%9F%92%A9",
    b"//kwaad.example/healthz",
    b"http://kwaad.example/nergens",
    b"*",
)
QUERIES = (b"answer=%ff%fe", b"answer=%00", b"answer=" + b"x" * 8_000, b"&&&==", b"%", b"form=%ed%a0%80")
BODIES = (b"\xff\xfe\x00", b"answers.posture=%ff", b"%", b"&" * 5_000, b"a=1&" * 1_500, b"action=\x00", b"=" * 3)
BROKEN = {
    "no host": LINE + b"\r\n",
    "two hosts": LINE + HOST + HOST + b"\r\n",
    "a nul in the path": b"GET /u/\x00 HTTP/1.1\r\n" + HOST + b"\r\n",
    "bytes in the path": b"GET /u/\xc3\xab HTTP/1.1\r\n" + HOST + b"\r\n",
    "a space in the path": b"GET /u/a b HTTP/1.1\r\n" + HOST + b"\r\n",
    "a path without an end": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a nul in a header": LINE + HOST + b"X: a\x00b\r\n\r\n",
    "a folded header": LINE + HOST + b"X : a\r\n\r\n",
    "no request at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "another protocol": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "two lengths": b"POST /api/opt-ins HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a negative length": b"POST /api/opt-ins HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n{}",
    "an unknown coding": b"POST /api/opt-ins HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n\r\n{}",
    "a broken chunk": b"POST /api/opt-ins HTTP/1.1\r\n"
    + HOST
    + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n",
}
ODD = {
    "a huge header": LINE + HOST + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
    "thousands of headers": LINE + HOST + b"X: a\r\n" * 5_000 + b"\r\n",
    "an unknown version": b"GET /healthz HTTP/9.9\r\n" + HOST + b"\r\n",
    "an upgrade": LINE + HOST + b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n",
}
"""Lawful, or taken as such where they come in one piece."""


@pytest.fixture
def port(house: House) -> Iterator[int]:
    with serving(house) as url:
        yield int(url.rpartition(":")[2])


def status_of(port: int, request: bytes) -> int:
    """The status of the answer; 400 where we hung up on somebody who was still writing."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        try:
            connection.sendall(request)
            line = connection.makefile("rb").readline()
        except ConnectionError:
            return 400
    return int(line.split()[1])


def asked(method: bytes, target: bytes, body: bytes = b"") -> bytes:
    length = f"Content-Length: {len(body)}\r\n".encode()
    return b"%s %s HTTP/1.1\r\n%s%s%sConnection: close\r\n\r\n%s" % (method, target, HOST, FORM, length, body)


def test_nothing_that_can_be_sent_ends_in_a_fault_of_ours(
    house: House, client: TestClient, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    opt_in(client)
    house.send_due()
    advice = house.mails("anna@example.org")[0]
    pages = [link(advice, letter).removeprefix(house.services.base_url).encode() for letter in "cubp"]
    answers: dict[object, int] = {name: status_of(port, request) for name, request in BROKEN.items()}
    answers |= {path: status_of(port, asked(b"GET", path)) for path in PATHS}
    looked_at = {
        (path, query): status_of(port, asked(b"GET", path + b"?" + query))
        for path in (*pages, b"/bedankt", b"/a/verzonnen", b"/forms/lage-rug")
        for query in QUERIES
    }
    posted = {
        (path, body): status_of(port, asked(b"POST", path, body))
        for path in (*pages, b"/a/verzonnen", b"/api/opt-ins")
        for body in BODIES
    }
    odd = {name: status_of(port, request) for name, request in ODD.items()}
    assert set(odd.values()) <= {200, 400}, odd
    assert {name: status for name, status in answers.items() if not 400 <= status < 500} == {}
    assert {name: status for name, status in looked_at.items() if status not in {200, 404}} == {}
    assert {name: status for name, status in posted.items() if status not in {200, 404, 422}} == {}
    assert status_of(port, asked(b"GET", b"/healthz")) == 200
    told = capsys.readouterr()
    assert "request failed" not in told.out + told.err
    assert "Traceback" not in told.out + told.err


def test_head_is_answered_as_get_on_every_route_and_other_methods_with_those_there_are(client: TestClient) -> None:
    there: dict[str, set[str]] = {}
    for method, _, path in (route.partition(" ") for route in ROUTES if "/demo" not in route):
        if path not in {"/", "/openapi.json"}:  # the demo's too
            place = f"{path}/base.css" if path == "/static" else path
            there.setdefault(place, set()).update({"GET", "HEAD"} if method == "GET" else {method})
    for path, methods in there.items():
        if "GET" in methods:
            got, headed = client.get(path, headers=BROWSER), client.head(path, headers=BROWSER)
            assert (headed.status_code, headed.content, dict(headed.headers)) == (
                got.status_code,
                b"",
                dict(got.headers),
            )
        for method in {"OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "FOO"} - methods:
            answer = client.request(method, path, headers={"X-Secret": "geheim"})
            assert answer.status_code == 405, (method, path)
            assert set(answer.headers["allow"].split(", ")) == methods, (method, path)
            assert "geheim" not in answer.text
