"""Web servers on loopback: the real website of a house, and one that answers as a test says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from service.cli.running import listen, web_server
from service.web.app import create_app
from tests.support.house import House


@contextmanager
def serving(house: House) -> Iterator[str]:
    """The house's website on a port of its own, as `serve` sets it up. Gives its base URL."""
    server = web_server(create_app(house.services, worker_alive=None))
    with listen("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)
    assert not thread.is_alive()


@dataclass(kw_only=True)
class Elsewhere:
    """A server that is not ours. `asked` are method and path of each request, oldest first.

    `may_answer` holds every answer back until it is set.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    was_asked: threading.Event = field(default_factory=threading.Event)
    may_answer: threading.Event = field(default_factory=threading.Event)
    url: str = ""


@contextmanager
def elsewhere(status: int = 200, *, silent: bool = False, **headers: str) -> Iterator[Elsewhere]:
    """Such a server, for as long as the block runs; `Set_Cookie` in `headers` is written with a hyphen."""
    state = Elsewhere(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()})
    if not silent:
        state.may_answer.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            state.asked.append((self.command, self.path))
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            state.was_asked.set()
            state.may_answer.wait(60)
            self.send_response(state.status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.may_answer.set()
        server.shutdown()
        server.server_close()
        thread.join(10)
