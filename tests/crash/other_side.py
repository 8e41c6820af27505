"""Who takes the mails of a storm, counts them and misbehaves: a mail server, or a provider that knows keys."""

from __future__ import annotations

import contextlib
import hashlib
import json
import queue
import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from email.message import EmailMessage

from tests.crash.people import JSON, Browser
from tests.crash.reckoning import Seen
from tests.crash.weather import Weather
from tests.support.fakes.lettermint import Lettermint
from tests.support.http_server import Asked, HttpFault, HttpServer, Said, Stage
from tests.support.running import wait_for
from tests.support.smtp_server import Received, SmtpServer

OnMail = Callable[[str, bytes], None]
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^>]+>)", re.IGNORECASE | re.MULTILINE)
_SECRET = "whsec_of-the-storm"
_LONG = 60.0  # seconds in which a way out of two must have had a mail
_CUT, _BROKEN = 0.02, 0.01  # of all calls
_FASTEST, _SLOWEST = 0.3, 1.2


class MailServer(SmtpServer):
    """SMTP: it knows no keys and tells nothing afterwards. `seen` was taken, `refused` are whom it told no for good."""

    knows_keys = False
    settings: Mapping[str, str] = {}

    def __init__(self, seed: int, on_mail: OnMail, *, outages: bool = False) -> None:
        self.seen: list[Seen] = []
        self._storm = Weather(seed, outages=outages)
        self._on_mail = on_mail
        super().__init__(weather=self._storm, witness=self._witness)

    @property
    def refused(self) -> set[str]:
        return self._storm.refused

    def open(self, ports: Sequence[int]) -> None:
        """Nothing goes there."""

    @property
    def taken(self) -> tuple[int, ...]:
        return (len(self.seen),)

    def clear(self) -> None:
        """From now on every mail is taken at once."""
        self._storm.clear()

    def finish(self) -> None:
        """Nothing is told."""

    def _witness(self, mail: Received) -> None:
        found = _MESSAGE_ID.search(mail.data)
        assert found, "a mail without Message-ID"
        self.seen.append(
            Seen(
                message_id=found[1].decode(),
                recipient=mail.recipients[0],
                digest=hashlib.sha256(mail.data).hexdigest(),
                began=mail.began,
                taken=mail.taken,
            )
        )
        self._on_mail(mail.recipients[0], mail.data)


class TwoServers:
    """A mail server that comes and goes, and a second one behind it: what both took is counted together."""

    knows_keys = False

    def __init__(self, seed: int, on_mail: OnMail) -> None:
        self._first = MailServer(seed, on_mail, outages=True)
        self._second = MailServer(seed + 1, on_mail)
        self._both = contextlib.ExitStack()

    def __enter__(self) -> TwoServers:
        self._both.enter_context(self._first)
        self._both.enter_context(self._second)
        return self

    def __exit__(self, *_: object) -> None:
        self._both.close()

    @property
    def url(self) -> str:
        return self._first.url

    @property
    def settings(self) -> Mapping[str, str]:
        return {"NURTURE_MAIL_FALLBACK_URL": self._second.url}

    @property
    def seen(self) -> list[Seen]:
        return sorted((*self._first.seen, *self._second.seen), key=lambda each: each.taken)

    @property
    def taken(self) -> tuple[int, ...]:
        return len(self._first.seen), len(self._second.seen)

    @property
    def refused(self) -> set[str]:
        return self._first.refused | self._second.refused

    def open(self, ports: Sequence[int]) -> None:
        """Nothing goes there."""

    @property
    def in_hand(self) -> int:
        return self._first.in_hand + self._second.in_hand

    def clear(self) -> None:
        """Once the second has had some mail, every mail is taken at once, and the first has some too."""
        wait_for(lambda: self._second.seen, "a mail by the second way", _LONG)
        self._first.clear()
        self._second.clear()
        wait_for(lambda: self._first.seen, "a mail by the first way", _LONG)

    def finish(self) -> None:
        """Nothing is told."""


class KeyedProvider:
    """Lettermint: under one key it sends one mail, and for each it calls the webhook until that answers, often twice.

    `seen` names a mail by its key: what its recipient gets.
    """

    knows_keys = True
    settings: Mapping[str, str] = {"NURTURE_WEBHOOK_SECRETS_LETTERMINT": _SECRET}

    def __init__(self, seed: int, on_mail: OnMail) -> None:
        self.seen: list[Seen] = []
        self.refused: set[str] = set()
        self._lettermint = Lettermint()
        self._server = _Moody(self._take, random.Random(seed))
        self._on_mail = on_mail
        self._twice = random.Random(seed)
        self._ports: Sequence[int] = ()
        self._events: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._pool = ThreadPoolExecutor(2)
        self._callers: list[Future[None]] = []

    def __enter__(self) -> KeyedProvider:
        self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__()

    @property
    def url(self) -> str:
        return self._lettermint.url(self._server)

    @property
    def taken(self) -> tuple[int, ...]:
        return (len(self.seen),)

    def open(self, ports: Sequence[int]) -> None:
        """The installation answers at these ports."""
        self._ports = ports
        self._callers = [self._pool.submit(self._call, number) for number in range(2)]

    @property
    def in_hand(self) -> int:
        return self._server.in_hand

    def clear(self) -> None:
        """From now on every mail is taken at once."""
        self._server.clear = True

    def finish(self) -> None:
        """Wait until every event was taken. Raises what went wrong with one."""
        for _ in self._callers:
            self._events.put(None)
        for each in self._callers:
            each.result()
        self._pool.shutdown()

    def _take(self, asked: Asked) -> Said:
        began, before = time.time(), len(self._lettermint.mails)
        said = self._lettermint(asked)
        assert said.status == 202, f"the provider says {said.status}: the same key came with other bytes"
        if len(self._lettermint.mails) > before:
            mail = self._lettermint.mails[-1]
            digest = hashlib.sha256(asked.body).hexdigest()
            self.seen.append(
                Seen(message_id=mail.key, recipient=mail.to[0], digest=digest, began=began, taken=time.time())
            )
            shown = EmailMessage()
            shown.set_content(mail.text)
            self._on_mail(mail.to[0], shown.as_bytes())
            for _ in range(1 + (self._twice.random() < 0.3)):
                self._events.put(_delivered(mail.key, mail.to[0]))
        return said

    def _call(self, number: int) -> None:
        browser = Browser(self._ports, random.Random(number))
        while (body := self._events.get()) is not None:
            hook = self._lettermint.hook(body, _SECRET, datetime.now(UTC))
            status = browser.post("/webhooks/mail/lettermint", JSON, body.decode(), **hook.headers)
            assert status == 200, f"the webhook answered {status}"
        browser.leave()


class _Moody(HttpServer):
    """Slow, cutting the line or broken at random, until it is `clear`."""

    def __init__(self, api: Callable[[Asked], Said], chance: random.Random) -> None:
        super().__init__(api)
        self.clear = False
        self._chance = chance

    def _fault(self, stage: Stage) -> HttpFault | None:
        if stage != "answer" or self.clear:
            return None
        drawn = self._chance.random()
        if drawn < _CUT:
            return HttpFault(stage="answer", cut=True, keep=drawn < _CUT / 2)
        if drawn < _CUT + _BROKEN:
            return HttpFault(stage="answer", said=Said(status=503))
        # Taken, and answered late: a kill in between is the one that matters most, and events come before the answer.
        return HttpFault(stage="answer", delay=_FASTEST + self._chance.random() ** 4 * _SLOWEST)


def _delivered(key: str, recipient: str) -> bytes:
    said = {
        "id": f"evt_{key}",
        "event": "message.delivered",
        "timestamp": datetime.now(UTC).isoformat(),
        "data": {"message_id": f"of-theirs-{key}", "recipient": recipient, "metadata": {"key": key}},
    }
    return json.dumps(said).encode()


OtherSide = MailServer | TwoServers | KeyedProvider
SIDES: Mapping[str, Callable[[int, OnMail], OtherSide]] = {
    "smtp": MailServer,
    "two-ways": TwoServers,
    "provider": KeyedProvider,
}
"""By what a storm calls them."""
