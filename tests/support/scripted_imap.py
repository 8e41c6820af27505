"""An IMAP server that says what a test tells it to, for what no real one does: one script for every connection."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Mapping

GREETING = "* OK ready\r\n"
USUAL: Mapping[str, str] = {
    "CAPABILITY": "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n{tag} OK done\r\n",
    "AUTHENTICATE": "+ \r\n",
    "": "{last} OK in\r\n",  # what follows a +
    "LOGIN": "{tag} OK in\r\n",
    "SELECT": "* 0 EXISTS\r\n* OK [UIDVALIDITY 7] \r\n{tag} OK [READ-WRITE]\r\n",
    "UID FETCH": "{tag} OK done\r\n",
    "UID STORE": "{tag} OK done\r\n",
    "UID SEARCH": "* SEARCH\r\n{tag} OK done\r\n",
    "EXPUNGE": "{tag} OK done\r\n",
    "LOGOUT": "* BYE\r\n{tag} OK done\r\n",
}


class ScriptedImap:
    """Answers each command by `says`, by the longest of its keys that it begins with: `{tag}` is the command's own,
    an answer of None is silence. `heard`: every line.
    """

    def __init__(self, says: Mapping[str, str | None] | None = None, *, greeting: str | None = GREETING) -> None:
        self.says: dict[str, str | None] = {**USUAL, **(says or {})}
        self.heard: list[str] = []
        self.connected = threading.Event()
        self._greeting = greeting
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self.port: int = self._listener.getsockname()[1]

    def url(self, *, login: str = "box%40praktijk.example:geheim", options: str = "") -> str:
        """The mailbox on it."""
        return f"imap://{login}@127.0.0.1:{self.port}?tls=none{options}"

    def __enter__(self) -> ScriptedImap:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                self._threads.append(threading.Thread(target=self._serve, args=[client], daemon=True))
                self._threads[-1].start()

    def _serve(self, client: socket.socket) -> None:
        self.connected.set()
        last = ""
        with contextlib.suppress(OSError, ValueError), client.makefile("rwb") as line:
            if self._greeting is not None:
                line.write(self._greeting.encode())
                line.flush()
            while text := line.readline().decode("latin-1").strip("\r\n"):
                self.heard.append(text)
                tag, _, rest = text.partition(" ")
                word = max((each for each in self.says if rest.upper().startswith(each)), key=len)
                said = self.says[word]
                if said is not None:
                    line.write(said.format(tag=tag, last=last).encode("latin-1"))
                    line.flush()
                last = tag if rest else last
