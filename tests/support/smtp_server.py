"""A real SMTP server on loopback that counts what it takes and misbehaves on request.

    with SmtpServer(faults=[Fault(stage="dot", delay=2)]) as server:
        transport = open_transport(server.url)
        ...
    assert [mail.recipients for mail in server.messages] == [("anna@example.nl",)]

It runs in threads of its own, so that plain and asyncio tests, and other processes, can use it alike.
"""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Literal
from urllib.parse import quote

from tests.support.certificates import Certificates

EXTENSIONS = ("8BITMIME", "SIZE 20000000", "ENHANCEDSTATUSCODES")
Stage = Literal["greeting", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "body", "dot", "rset", "quit"]


@dataclass(kw_only=True)
class Fault:
    """What goes wrong at one stage, in this order: wait `delay` seconds, answer `reply`, and close when `cut`.

    Neither `reply` nor `cut`: the usual answer, late. `times` is how often it happens (None: always); `recipient`
    narrows it to mails for that address (from RCPT on); `connection` to the n-th connection, counted from 1.
    Stage `body` cuts in the middle of the message, and only a message of megabytes makes sure that the client
    notices before it has written the dot. Stage `dot` with `cut` and no reply keeps the message: the server took
    it and nobody was told; `keep=False` loses it.
    """

    stage: Stage
    reply: str = ""
    cut: bool = False
    delay: float = 0
    times: int | None = None
    recipient: str = ""
    connection: int | None = None
    keep: bool = True


@dataclass(frozen=True, kw_only=True)
class Received:
    """One message taken: envelope without angle brackets, the bytes with dot-stuffing undone, the connection.

    `began` is when MAIL came, `taken` when the dot had been read, both in seconds since the epoch.
    """

    sender: str
    recipients: tuple[str, ...]
    data: bytes
    connection: int
    began: float
    taken: float


@dataclass(kw_only=True)
class _Dialogue:
    number: int
    sock: socket.socket
    file: BinaryIO
    secure: bool = False
    sender: str = ""
    recipients: list[str] = field(default_factory=list)
    began: float = 0.0


class _HangUpError(Exception):
    """This connection has said all it will."""


class SmtpServer:
    """`messages`, `commands` (verb by verb) and `connections` are what tests look at; `faults` may change any time.

    With `certificates` it offers STARTTLS, or speaks TLS from the first byte with `implicit_tls`; with `login` it
    wants AUTH before MAIL. `inject` is sent in plain text right after the 220 to STARTTLS, as an attacker would.
    `weather` is asked at each stage, with the recipients known by then, when none of the `faults` fits. A `witness` is
    given each message as it is taken, before the client hears of it, and then the server keeps none itself.
    `in_hand` is how many mails have been read to the dot whose client waits for the answer.
    """

    def __init__(
        self,
        *,
        faults: list[Fault] | None = None,
        certificates: Certificates | None = None,
        implicit_tls: bool = False,
        login: tuple[str, str] | None = None,
        auth_methods: str = "PLAIN LOGIN",
        extensions: tuple[str, ...] | None = None,
        inject: bytes = b"",
        weather: Callable[[Stage, tuple[str, ...]], Fault | None] | None = None,
        witness: Callable[[Received], None] | None = None,
    ) -> None:
        self.faults = faults or []
        self._weather, self._witness = weather, witness
        self.messages: list[Received] = []
        self.commands: list[str] = []
        self.connections = 0
        self.in_hand = 0
        self._changed = threading.Condition()
        self._certificates, self._implicit, self._login = certificates, implicit_tls, login
        self._auth_methods, self._inject = auth_methods, inject
        self._extensions = EXTENSIONS if extensions is None else extensions
        self._tls: ssl.SSLContext | None = None
        if certificates is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificates.chain, certificates.key)
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        """The mail URL that fits this server."""
        login = f"{quote(self._login[0], safe='')}:{quote(self._login[1], safe='')}@" if self._login else ""
        scheme = "smtps" if self._implicit else "smtp"
        option = f"ca={self._certificates.ca}" if self._certificates else "tls=none"
        return f"{scheme}://{login}127.0.0.1:{self.port}?{option}"

    def wait_for(self, count: int, seconds: float = 10) -> list[Received]:
        """The messages as soon as there are `count` of them; what there is when time is up."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.messages) >= count, seconds)
            return list(self.messages)

    def hang_up(self) -> None:
        """Close all connections without a word, as a restarted server does; new ones are welcome."""
        with self._changed:
            for sock in self._open:
                _shut(sock)

    def __enter__(self) -> SmtpServer:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Close everything and wait for the threads."""
        self._stopping.set()
        _shut(self._listener)  # wakes the thread in accept()
        self.hang_up()
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
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self._changed:
                self.connections += 1
                self._open.add(sock)
                self._start(self._serve, sock, self.connections)

    def _serve(self, sock: socket.socket, number: int) -> None:
        dialogue = _Dialogue(number=number, sock=sock, file=sock.makefile("rb"))
        with contextlib.suppress(_HangUpError, OSError, ValueError):
            if self._implicit:
                self._secure(dialogue)
            self._answer(dialogue, "greeting", "220 test.example ESMTP")
            while line := dialogue.file.readline():
                self._command(dialogue, line.decode("utf-8", "replace").rstrip("\r\n"))
        with self._changed:
            self._open.discard(dialogue.sock)
        dialogue.file.close()
        dialogue.sock.close()

    def _secure(self, dialogue: _Dialogue) -> None:
        assert self._tls is not None
        before = dialogue.sock
        before.settimeout(10)
        after = self._tls.wrap_socket(before, server_side=True, do_handshake_on_connect=False)
        with self._changed:
            self._open.discard(before)
            self._open.add(after)
        dialogue.file.close()
        dialogue.sock = after
        dialogue.file = after.makefile("rb")
        after.do_handshake()
        after.settimeout(None)
        dialogue.secure = True

    def _command(self, dialogue: _Dialogue, line: str) -> None:
        verb, _, rest = line.partition(" ")
        with self._changed:
            self.commands.append(verb.upper())
        match verb.upper():
            case "EHLO":
                self._answer(dialogue, "ehlo", self._greeting(dialogue))
            case "STARTTLS":
                self._answer(dialogue, "starttls", "220 go ahead", after=self._inject)
                self._secure(dialogue)
            case "AUTH":
                self._authenticate(dialogue, rest)
            case "MAIL":
                dialogue.sender, dialogue.recipients, dialogue.began = _path(rest), [], time.time()
                self._answer(dialogue, "mail", "250 2.1.0 sender ok")
            case "RCPT":
                if self._answer(dialogue, "rcpt", "250 2.1.5 recipient ok", recipients=[_path(rest)]):
                    dialogue.recipients.append(_path(rest))
            case "DATA":
                self._data(dialogue)
            case "RSET":
                dialogue.sender, dialogue.recipients = "", []
                self._answer(dialogue, "rset", "250 2.0.0 reset")
            case "QUIT":
                self._answer(dialogue, "quit", "221 2.0.0 bye")
                raise _HangUpError
            case _:
                _say(dialogue, "250 2.0.0 ok")

    def _greeting(self, dialogue: _Dialogue) -> str:
        offers = [*self._extensions]
        if self._tls is not None and not dialogue.secure:
            offers.append("STARTTLS")
        if self._login is not None:
            offers.append(f"AUTH {self._auth_methods}")
        lines = ["test.example", *offers]
        return "\r\n".join(f"250{' ' if line is lines[-1] else '-'}{line}" for line in lines)

    def _authenticate(self, dialogue: _Dialogue, rest: str) -> None:
        method, _, first = rest.partition(" ")
        if method.upper() == "PLAIN":
            given = tuple(base64.b64decode(first).decode().split("\0")[1:])
        else:
            _say(dialogue, "334 VXNlcm5hbWU6")
            user = base64.b64decode(dialogue.file.readline()).decode()
            _say(dialogue, "334 UGFzc3dvcmQ6")
            given = (user, base64.b64decode(dialogue.file.readline()).decode())
        good = given == self._login
        self._answer(dialogue, "auth", "235 2.7.0 welcome" if good else f"535 5.7.8 no such login: {given[0]}")

    def _data(self, dialogue: _Dialogue) -> None:
        if not dialogue.recipients:
            _say(dialogue, "503 5.5.1 no recipient")
            return
        if not self._answer(dialogue, "data", "354 go on"):
            return
        fault = self._fault(dialogue, "body", dialogue.recipients)
        if fault is not None:
            dialogue.file.readline()
            self._misbehave(dialogue, fault)
        rows: list[bytes] = []
        while (row := dialogue.file.readline()) != b".\r\n":
            if not row:
                raise _HangUpError  # the client left before the dot: nothing was taken
            rows.append(row.removeprefix(b".") if row.startswith(b".") else row)
        with self._holding():
            fault = self._fault(dialogue, "dot", dialogue.recipients)
            if fault is None or (not fault.reply and fault.keep):
                self._keep(dialogue, b"".join(rows))
            if fault is None or not self._misbehave(dialogue, fault):
                _say(dialogue, f"250 2.0.0 Ok: queued as Q{len(self.messages):06d}")

    @contextlib.contextmanager
    def _holding(self) -> Iterator[None]:
        with self._changed:
            self.in_hand += 1
        try:
            yield
        finally:
            with self._changed:
                self.in_hand -= 1

    def _keep(self, dialogue: _Dialogue, data: bytes) -> None:
        received = Received(
            sender=dialogue.sender,
            recipients=tuple(dialogue.recipients),
            data=data,
            connection=dialogue.number,
            began=dialogue.began,
            taken=time.time(),
        )
        with self._changed:
            if self._witness is not None:
                self._witness(received)
            else:
                self.messages.append(received)
            self._changed.notify_all()

    def _answer(
        self,
        dialogue: _Dialogue,
        stage: Stage,
        usual: str,
        *,
        recipients: list[str] | None = None,
        after: bytes = b"",
    ) -> bool:
        """Give the usual answer or the fault's; whether it was the usual one."""
        concerned = dialogue.recipients if recipients is None else recipients
        fault = self._fault(dialogue, stage, concerned)
        if fault is not None and self._misbehave(dialogue, fault):
            return False
        _say(dialogue, usual, after)
        return True

    def _fault(self, dialogue: _Dialogue, stage: Stage, recipients: list[str]) -> Fault | None:
        with self._changed:
            for fault in self.faults:
                fits = fault.stage == stage and fault.times != 0 and fault.connection in (None, dialogue.number)
                if fits and (not fault.recipient or fault.recipient in recipients):
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
            return self._weather(stage, tuple(recipients)) if self._weather is not None else None

    def _misbehave(self, dialogue: _Dialogue, fault: Fault) -> bool:
        """Do what the fault says; whether that stands for the usual answer."""
        if fault.delay:
            self._stopping.wait(fault.delay)
        if fault.reply:
            _say(dialogue, fault.reply)
        if fault.cut or self._stopping.is_set():
            raise _HangUpError
        return bool(fault.reply)


def _say(dialogue: _Dialogue, text: str, after: bytes = b"") -> None:
    dialogue.sock.sendall(text.encode() + b"\r\n" + after)


def _path(argument: str) -> str:
    return argument[argument.index("<") + 1 : argument.rindex(">")]


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
