"""The website of a house on a real connection, with the web server as `serve` sets it up."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from service.cli.running import web_server
from service.web.app import create_app
from tests.support.house import House


@contextmanager
def listening(house: House) -> Iterator[int]:
    """The port, for as long as the block runs."""
    server = web_server(create_app(house.services, worker_alive=None))
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()
    assert not thread.is_alive()
