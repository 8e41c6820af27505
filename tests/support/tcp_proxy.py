"""A line to a server that can be cut and mended, for whoever is told its port."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path


class TcpProxy:
    """Passes what comes to `port` on to a Unix socket or a port, and back. After `cut` all of it is reset at once.

    `lets_back`: so many bytes of what the server says on a connection, then it breaks off; None: all of them.
    """

    def __init__(self, target: Path | int) -> None:
        self.lets_back: int | None = None
        self._target = target
        self._cut = threading.Event()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]

    def cut(self) -> None:
        """Break every connection, and every new one until `mend`."""
        self._cut.set()
        self._break_all()

    def mend(self) -> None:
        """New connections are passed on again."""
        self._cut.clear()

    def __enter__(self) -> TcpProxy:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        _shut(self._listener)
        self._break_all()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        family = socket.AF_INET if isinstance(self._target, int) else socket.AF_UNIX
        with client, socket.socket(family) as server:
            with self._lock:
                if self._cut.is_set() or self._stopping.is_set():
                    return
                self._open |= {client, server}
            try:
                server.connect(("127.0.0.1", self._target) if isinstance(self._target, int) else str(self._target))
                back = threading.Thread(target=_pump, args=(server, client, self.lets_back), daemon=True)
                back.start()
                _pump(client, server)
                back.join()
            except OSError:
                return  # nobody there: for the client the connection was lost
            finally:
                with self._lock:
                    self._open -= {client, server}

    def _break_all(self) -> None:
        with self._lock:
            for sock in self._open:
                _shut(sock)


def _pump(source: socket.socket, target: socket.socket, most: int | None = None) -> None:
    """Pass on what comes, until one of the two is gone or so many bytes have passed; then neither is of use."""
    left = most
    with contextlib.suppress(OSError):
        while data := source.recv(65_536 if left is None else max(left, 1)):
            if left is not None and (left := left - len(data)) < 0:
                break
            target.sendall(data)
    _shut(source)
    _shut(target)


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
