"""How many mails a second one worker hands to a provider's API that takes 50 ms for each: 32 at a time, 640 possible.

The stand-in is a process of its own on loopback; the transport is the service's, mails and requests are made as always.
Run by `make bench-more`; a quick look: `python -m bench.providers --mails 2000 --providers postmark`.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

from service.mail.outbound import Outcome
from service.mail.transport import open_transport
from tests.mail.providers.mails import a_mail
from tests.support.fakes.base import Fake
from tests.support.fakes.brevo import Brevo
from tests.support.fakes.lettermint import Lettermint
from tests.support.fakes.mailgun import Mailgun
from tests.support.fakes.postmark import Postmark
from tests.support.fakes.resend import Resend
from tests.support.fakes.ses import Ses

FAKES: dict[str, type[Fake]] = {fake.name: fake for fake in (Lettermint, Brevo, Postmark, Resend, Mailgun, Ses)}
SECONDS = 0.05
TEXT = "Een regel van een gewone mail, met een é erin.\n" * 60


@dataclass(frozen=True, kw_only=True)
class Rate:
    """One run: mails a second, the share of what is possible, processor time of a mail, and memory that was added."""

    mails: int
    seconds: float
    possible: float
    processor_ms: float
    grown_kb: int

    @property
    def a_second(self) -> float:
        """Mails a second."""
        return self.mails / self.seconds


def main() -> None:
    """Print one line a provider, and fail below 0.8 of what is possible."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=6_000)
    parser.add_argument("--providers", nargs="+", choices=list(FAKES), default=list(FAKES))
    given = parser.parse_args()
    slow = []
    for name in given.providers:
        rate = measure(name, mails=given.mails)
        share = rate.a_second / rate.possible
        print(
            f"{name:<11} {rate.mails} mails in {rate.seconds:5.1f} s   {rate.a_second:4.0f} a second, "
            f"{share:.2f} of {rate.possible:.0f}   {rate.processor_ms:.2f} ms of a processor each   "
            f"{rate.grown_kb} kB more memory",
            flush=True,
        )
        if share < 0.8:
            slow.append(name)
    if slow:
        raise SystemExit(f"below 0.8 of what is possible: {', '.join(slow)}")


def measure(name: str, *, mails: int, seconds: float = SECONDS) -> Rate:
    """Hand so many mails to a stand-in that answers each after so many seconds. SystemExit unless all are taken."""
    fake = FAKES[name]
    with _serving(name, seconds) as port:
        return asyncio.run(_send(fake, port, mails, seconds))


async def _send(fake: type[Fake], port: int, mails: int, seconds: float) -> Rate:
    at = f"http://127.0.0.1:{port}"
    login = fake.key + (f":{fake.secret}" if fake.secret else "")
    options = f"&{fake.options}" if fake.options else ""
    transport = open_transport(f"{fake.name}://{login}@{fake.where}?base={at}{options}")
    prepared = [a_mail(text=TEXT) for _ in range(mails)]
    waiting = iter(prepared)

    async def lane() -> None:
        for mail in waiting:
            result = await transport.send(mail)
            if result.outcome is not Outcome.ACCEPTED:
                raise SystemExit(f"{fake.name}: {result.outcome} {result.text}")

    try:
        await transport.send(a_mail(text=TEXT))  # whatever is loaded at the first mail
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began, worked = time.perf_counter(), time.process_time()
        await asyncio.gather(*(lane() for _ in range(transport.capacity)))
        took, worked = time.perf_counter() - began, time.process_time() - worked
    finally:
        await transport.close()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
    possible = transport.capacity / seconds
    return Rate(mails=mails, seconds=took, possible=possible, processor_ms=1000 * worked / mails, grown_kb=grown)


@contextmanager
def _serving(name: str, seconds: float) -> Iterator[int]:
    """The port of a stand-in in a process of its own, so that it takes no time from the one that is measured."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(name, seconds, theirs), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send("stop")
        process.join(10)


def _serve(name: str, seconds: float, ends: Connection) -> None:
    answer = FAKES[name]().takes("1")
    head = (
        f"HTTP/1.1 {answer.status} OK\r\nContent-Type: application/json\r\nContent-Length: {len(answer.body)}\r\n\r\n"
    )
    whole = head.encode() + answer.body

    class Dialogue(asyncio.Protocol):
        """Reads a request by its length alone, and answers it later: cheap enough never to be what is measured."""

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self.transport = transport
            self.read = b""

        def data_received(self, data: bytes) -> None:
            self.read += data
            end = self.read.find(b"\r\n\r\n")
            if end < 0:
                return
            length = int(self.read[:end].lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            if len(self.read) >= end + 4 + length:
                self.read = self.read[end + 4 + length :]
                asyncio.get_running_loop().call_later(seconds, self.transport.write, whole)

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Dialogue, "127.0.0.1", 0, backlog=128)
        ends.send(server.sockets[0].getsockname()[1])
        await asyncio.to_thread(ends.recv)
        server.close()

    asyncio.run(serve())


if __name__ == "__main__":
    main()
