"""A transport that stands for the network: it counts what it is given, and answers as the test says."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from service.mail.transport import OutboundMail, Outcome, SendResult

Answer = Callable[[OutboundMail, int], SendResult]
"""From a mail, and how often it was given before, to what the other side says; may raise."""


@dataclass(kw_only=True)
class Network:
    """What lies behind every transport of one test; senders in several threads share it."""

    answer: Answer = field(default_factory=lambda: always(accepted()))
    delay: float = 0
    mails: list[OutboundMail] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self) -> CountingTransport:
        """A transport onto it, as `Services.open_transport` gives one."""
        return CountingTransport(self)

    def counts(self) -> Counter[str]:
        """Message-ID -> how often it was handed over."""
        with self._lock:
            return Counter(mail.message_id for mail in self.mails)

    def to(self, address: str) -> list[OutboundMail]:
        """What was handed over for one address, in order."""
        with self._lock:
            return [mail for mail in self.mails if mail.recipient == address]

    def take(self, mail: OutboundMail) -> SendResult:
        """Count the mail, and answer."""
        with self._lock:
            before = sum(each.message_id == mail.message_id for each in self.mails)
            self.mails.append(mail)
        return self.answer(mail, before)


class CountingTransport:
    """One worker's way onto the network."""

    name = "counting"
    capacity = 32
    remembers: timedelta | None = None

    def __init__(self, network: Network) -> None:
        self._network = network

    async def send(self, mail: OutboundMail) -> SendResult:
        """What the network says."""
        await asyncio.sleep(self._network.delay)
        return self._network.take(mail)

    async def check(self) -> SendResult | None:
        """Nothing is ever in the way."""
        return None

    async def close(self) -> None:
        """Nothing is kept open."""


def always(result: SendResult) -> Answer:
    """The same to every mail."""
    return lambda _mail, _before: result


def in_turn(*results: SendResult) -> Answer:
    """The first time a mail comes the first of these, and so on; the last one from then on."""
    return lambda _mail, before: results[min(before, len(results) - 1)]


def accepted() -> SendResult:
    """250 after the dot."""
    return SendResult(outcome=Outcome.ACCEPTED, stage="dot", code=250)


def refused_for_now() -> SendResult:
    """450: this mailbox, later."""
    return SendResult(outcome=Outcome.RETRY, stage="rcpt", code=450, enhanced="4.2.0", text="busy")


def no_such_mailbox() -> SendResult:
    """550 5.1.1: there is nobody of this name."""
    return SendResult(outcome=Outcome.INVALID, stage="rcpt", code=550, enhanced="5.1.1", text="no such user", hard=True)


def refused_content() -> SendResult:
    """554 5.6.0: not this mail; the mailbox may well exist."""
    return SendResult(outcome=Outcome.INVALID, stage="dot", code=554, enhanced="5.6.0", text="not like this")


def refused_by_policy() -> SendResult:
    """550 5.7.1: not from you."""
    return SendResult(outcome=Outcome.RETRY, stage="rcpt", code=550, enhanced="5.7.1", text="policy", scope="domain")


def lost_after_the_dot() -> SendResult:
    """The connection was cut before the answer came."""
    return SendResult(outcome=Outcome.UNKNOWN, stage="dot", text="connection lost")


def login_refused() -> SendResult:
    """535: our own password is wrong."""
    return SendResult(outcome=Outcome.DOWN, stage="auth", code=535, text="bad password", scope="channel")
