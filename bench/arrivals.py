"""An SMTP server on loopback that takes every mail and notes when; a process of its own, so that no work delays it.

`python -m bench.arrivals` prints its port, then `SECONDS RECIPIENT` for each mail at its final dot; the seconds are
those of the monotonic clock, which all processes of a machine share. `python -m bench.arrivals SECONDS` waits so long
before it answers each final dot, as a server far away or one that scans mail does.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
END = b"\r\n.\r\n"
ANSWERS = {b"EHLO": b"250 bench", b"DATA": b"354 go on", b"QUIT": b"221 bye"}


@dataclass(kw_only=True)
class Arrivals:
    """What has come in, oldest first: seconds of the monotonic clock, and the recipient."""

    port: int
    mails: list[tuple[float, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The mail URL of the server."""
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    def taken(self) -> int:
        """How many mails came in."""
        return len(self.mails)

    def when(self) -> dict[str, float]:
        """recipient -> when the first mail for it came."""
        return {recipient: at for at, recipient in reversed(self.mails)}


@contextmanager
def noting_server(delay: float = 0.0) -> Iterator[Arrivals]:
    """The server, until the block ends; it answers each final dot after `delay` seconds."""
    command = [sys.executable, "-m", "bench.arrivals", str(delay)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        arrivals = Arrivals(port=int(process.stdout.readline()))

        def read() -> None:
            for line in process.stdout or ():
                at, _, recipient = line.strip().partition(" ")
                arrivals.mails.append((float(at), recipient))

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        try:
            yield arrivals
        finally:
            process.terminate()
            reader.join(10)


class _Dialogue(asyncio.Protocol):
    """One connection: commands line by line, and after DATA the mail up to its dot."""

    def __init__(self, delay: float) -> None:
        self._delay = delay

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._pending, self._recipient, self._in_mail = transport, b"", "", False
        transport.write(b"220 bench ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer what is complete."""
        self._pending += data
        while True:
            found, end, rest = self._pending.partition(END if self._in_mail else b"\r\n")
            if not end:
                return
            self._pending = rest
            if self._in_mail:
                print(f"{time.monotonic():.6f} {self._recipient}", flush=True)
                self._in_mail = False
                self._taken()
            else:
                self._command(found)

    def _taken(self) -> None:
        # PIPELINING is not offered, so nothing that a client sends meanwhile could be answered before this.
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, self._transport.write, b"250 ok\r\n")
        else:
            self._transport.write(b"250 ok\r\n")

    def _command(self, line: bytes) -> None:
        verb = line[:4].upper()
        if verb == b"RCPT":
            self._recipient = line[line.index(b"<") + 1 : line.rindex(b">")].decode()
        self._in_mail = verb == b"DATA"
        self._transport.write(ANSWERS.get(verb, b"250 ok") + b"\r\n")
        if verb == b"QUIT":
            self._transport.close()


async def _serve(delay: float) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: _Dialogue(delay), "127.0.0.1", 0, backlog=128)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1]) if len(sys.argv) > 1 else 0.0))
