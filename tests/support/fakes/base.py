"""What every stand-in for a provider does alike: it counts mails, honours keys where its provider does, and refuses."""

from __future__ import annotations

import base64
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from service.mail.providers import PROVIDERS
from service.mail.providers.values import Hook, Provider
from tests.support.http_server import Asked, HttpFault, HttpServer, Said


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One mail that a provider took: what its recipient would get, and what only the provider knows.

    `raw` are the bytes where the provider was given the whole message; then the other fields were read out of them.
    """

    to: list[str]
    sender: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]
    key: str
    tracks: bool | None = None
    reply_to: str | None = None
    attachments: list[tuple[str, bytes]] = field(default_factory=list)
    raw: bytes | None = None
    sender_name: str | None = None  # where the provider has a field for it


class Fake(ABC):
    """An API to hand to an `HttpServer`. A subclass says how its provider reads a call and what it answers.

    `mails` is what was taken, a repeat within the provider's memory not again; `refused` goes to addresses that the
    provider blocks, `wrong` to those it cannot take.
    """

    name: ClassVar[str]
    key: ClassVar[str] = "a-key-that-nobody-may-see"
    secret: ClassVar[str] = ""
    where: ClassVar[str] = "default"
    options: ClassVar[str] = ""
    blocked = "blocked@example.nl"
    wrong = "wrong@example.nl"

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self._answers: dict[str, tuple[bytes, Said]] = {}

    @property
    def provider(self) -> Provider:
        """What stands in the registry under this name."""
        return PROVIDERS[self.name]

    def serve(self, *faults: HttpFault) -> HttpServer:
        """A server that answers as this provider."""
        return HttpServer(self, faults=list(faults))

    def url(self, server: HttpServer | None = None, *, key: str | None = None) -> str:
        """The mail URL that leads to it; without a server, to where none is."""
        login = (self.key if key is None else key) + (f":{self.secret}" if self.secret else "")
        more = f"&{self.options}" if self.options else ""
        return f"{self.name}://{login}@{self.where}?base={server.url if server else 'http://127.0.0.1:9'}{more}"

    def __call__(self, asked: Asked) -> Said:
        """What the provider says to a call."""
        if not self.knows(asked):
            return self.bad_key(asked)
        if (mail := self.read(asked)) is None:
            return self.nothing_asked()
        if self.blocked in mail.to:
            return self.blocks(self.blocked)
        if self.wrong in mail.to:
            return self.cannot_take(self.wrong)
        memory = self.memory_key(asked)
        if memory is not None and memory in self._answers:
            body, before = self._answers[memory]
            return before if body == asked.body else self.other_bytes()
        self.mails.append(mail)
        said = self.takes(f"{self.name}-{len(self.mails)}")
        if memory is not None:
            self._answers[memory] = (asked.body, said)
        return said

    @abstractmethod
    def knows(self, asked: Asked) -> bool:
        """Is the key the right one?"""

    @abstractmethod
    def read(self, asked: Asked) -> Mail | None:
        """The mail of a call; None where nobody is named to send it to."""

    @abstractmethod
    def takes(self, number: str) -> Said:
        """A yes, with the provider's own id."""

    @abstractmethod
    def bad_key(self, asked: Asked) -> Said:
        """The key is not known; some providers repeat it."""

    @abstractmethod
    def nothing_asked(self) -> Said:
        """Something is missing."""

    @abstractmethod
    def blocks(self, address: str) -> Said:
        """The address is on the provider's own list."""

    @abstractmethod
    def cannot_take(self, address: str) -> Said:
        """This address cannot be taken."""

    def too_many(self) -> Said:
        """Slower, please."""
        return as_json(429, {"message": "Too many requests"}, {"Retry-After": "7"})

    @abstractmethod
    def refuses_sender(self) -> Said:
        """Our own address will not do."""

    def memory_key(self, asked: Asked) -> str | None:
        """The idempotency key of a call, where the provider has such a thing."""
        del asked
        return None

    def other_bytes(self) -> Said:
        """The key was used for another mail; asked of those alone that have keys."""
        return as_json(409, {"message": "Idempotency key was used for another request"})

    @abstractmethod
    def hook(self, body: bytes, secret: str, now: datetime) -> Hook:
        """A call of the provider's webhook as it would sign it."""

    def secrets(self) -> Sequence[str]:
        """Two secrets of the shape that the provider gives out."""
        return ("user:first-password", "user:second-password")


def as_json(status: int, said: Any, headers: Mapping[str, str] | None = None) -> Said:
    """An answer in JSON."""
    more = {"Content-Type": "application/json", **(headers or {})}
    return Said(status=status, headers=more, body=json.dumps(said).encode())


def from_json(asked: Asked) -> Mapping[str, Any]:
    """The call's JSON object."""
    found = json.loads(asked.body)
    assert isinstance(found, dict)
    return found


def basic_hook(body: bytes, secret: str) -> Hook:
    """A call with user and password, as from an address that holds them."""
    login = base64.b64encode(secret.encode()).decode()
    return Hook(headers={"authorization": f"Basic {login}", "content-type": "application/json"}, body=body)
