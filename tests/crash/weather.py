"""The mail server's moods: at random, by a seed, slow, cutting the line, or refusing at any stage."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping

from tests.support.smtp_server import Fault, Stage

_CHANNEL_EVERY = 20.0  # seconds: the sender rests 5 s and more after a fault of the channel
_CHANNEL = (Fault(stage="mail", reply="421 4.3.2 going down", cut=True), Fault(stage="mail", reply="450 4.3.0 busy"))
_AWAY = 0.5  # how likely a server with outages turns away who connects or has a mail
_SLOWEST = 1.5
# How often in a thousand mails, at each stage.
_MAILBOX: Mapping[Stage, tuple[tuple[int, Fault], ...]] = {
    "rcpt": (
        (25, Fault(stage="rcpt", reply="451 4.2.0 later")),
        (8, Fault(stage="rcpt", reply="550 5.1.1 no such user here")),
        (8, Fault(stage="rcpt", reply="552 5.2.2 mailbox full")),
        (12, Fault(stage="rcpt", cut=True)),
    ),
    "data": ((15, Fault(stage="data", reply="452 4.3.1 no room")), (12, Fault(stage="data", cut=True))),
    "body": ((10, Fault(stage="body", cut=True)),),
    "dot": (
        (20, Fault(stage="dot", reply="451 4.3.0 try again")),
        (10, Fault(stage="dot", reply="554 5.6.0 cannot take this")),
        (20, Fault(stage="dot", cut=True)),
        (20, Fault(stage="dot", cut=True, keep=False)),
    ),
}


class Weather:
    """What `SmtpServer(weather=…)` asks; `clear()` ends it for good. `refused` holds whom it told no for good.

    With `outages` the server turns its clients away every now and then, so that mail goes by another one.
    """

    def __init__(self, seed: int, *, outages: bool = False) -> None:
        self.refused: set[str] = set()
        self._outages = outages
        self._chance = random.Random(seed)
        self._clear = False
        self._channel_at = time.monotonic() + _CHANNEL_EVERY

    def __call__(self, stage: Stage, recipients: tuple[str, ...]) -> Fault | None:
        """The fault of this moment, if there is one."""
        if self._clear:
            return None
        if self._outages and stage in {"greeting", "mail"} and self._chance.random() < _AWAY:
            return Fault(stage=stage, reply="421 4.3.2 going down", cut=True)
        if stage == "mail" and time.monotonic() >= self._channel_at:
            self._channel_at = time.monotonic() + _CHANNEL_EVERY
            return self._chance.choice(_CHANNEL)
        drawn = self._chance.randrange(1000)
        for likely, fault in _MAILBOX.get(stage, ()):
            if drawn < likely:
                if fault.reply.startswith("5"):
                    self.refused.update(recipients)
                return fault
            drawn -= likely
        # Taken, and answered late: a kill in between is the one that matters most.
        return Fault(stage="dot", delay=self._chance.random() ** 4 * _SLOWEST) if stage == "dot" else None

    def clear(self) -> None:
        """From now on every mail is taken at once."""
        self._clear = True
