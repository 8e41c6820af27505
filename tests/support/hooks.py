"""What mail providers post to us: the events of their fixtures, about a mail of ours, signed as they sign them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from fastapi import FastAPI
from httpx2 import Response
from starlette.testclient import TestClient

from service.mail.hook_certificates import HookCertificates
from service.mail.providers.values import Hook
from service.store.tables import Message
from tests.mail.providers.webhook_suite import FIXTURES
from tests.support.fakes.base import Fake
from tests.support.fakes.brevo import Brevo
from tests.support.fakes.lettermint import Lettermint
from tests.support.fakes.mailgun import Mailgun
from tests.support.fakes.postmark import Postmark
from tests.support.fakes.resend import Resend
from tests.support.fakes.ses import Ses, certificate
from tests.support.house import House
from tests.support.website import website

FAKES: Sequence[type[Fake]] = (Lettermint, Brevo, Postmark, Resend, Mailgun, Ses)
_KEY = "q8Yk3fTz0mV1nB2cX4dE5g"  # the own key of every fixture


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One event of a provider's fixtures. `kinds` is what it means, in our words."""

    name: str
    body: Any
    kinds: tuple[str, ...]

    provider_id: str | None = None

    def about(self, message: Message, *, number: int = 0, own_key: str | None = None) -> bytes:
        """The event's body, about this mail; another event for another number. `own_key` comes back instead of ours."""
        numbered = {"ID": self.body["ID"] + message.id * 1_000} if "ID" in self.body else {}  # of Postmark's bounces
        said = self.body if isinstance(self.body, list) else self.body | numbered
        text = json.dumps(said).replace(_KEY, own_key or message.public_id)
        if self.provider_id is not None:
            domain = "@mg.example.nl" if "@" in self.provider_id else ""
            text = text.replace(self.provider_id, f"id-{message.public_id}{domain}")
        return text.replace("evt_", f"evt_{message.public_id}_{number}_").encode()


def samples(fake: type[Fake]) -> list[Sample]:
    """Every event of the fixtures."""
    found = json.loads((FIXTURES / f"{fake.name}.json").read_text(encoding="utf-8"))
    return [
        Sample(
            name=each["name"],
            body=each["body"],
            kinds=tuple(means[0] for means in each["means"]),
            provider_id=each["means"][0][2],
        )
        for each in found
    ]


def sample(fake: type[Fake], kind: str) -> Sample:
    """The first event that means this."""
    return next(each for each in samples(fake) if each.kinds == (kind,))


@dataclass(kw_only=True)
class Sns:
    """What lies behind the network for a call of SNS: its certificate. `asked` is what was fetched or visited."""

    status: int = 200
    asked: list[str] = field(default_factory=list)

    def client(self) -> httpx.AsyncClient:
        """A client that reaches this and nothing else."""
        return httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        return httpx.Response(self.status, content=certificate())


@dataclass(frozen=True, kw_only=True)
class Caller:
    """One provider, posting to a house's website that knows its two secrets."""

    fake: Fake
    client: TestClient
    sns: Sns

    def signed(self, body: bytes, *, secret: str | None = None, ago: timedelta = timedelta(0)) -> Hook:
        """A call as the provider signs it, now or some time ago."""
        return self.fake.hook(body, secret or self.fake.secrets()[0], datetime.now(UTC) - ago)

    def post(self, body: bytes, **how: Any) -> Response:
        """A genuine call."""
        return self.send(self.signed(body, **how))

    def send(self, hook: Hook) -> Response:
        """Any call."""
        path = f"/webhooks/mail/{self.fake.name}"
        answer: Response = self.client.post(path, content=hook.body, headers=dict(hook.headers))
        return answer


def caller(house: House, fake: type[Fake], *, secrets: Sequence[str] | None = None) -> Caller:
    """The provider as it reaches this house."""
    api, sns = fake(), Sns()
    known = {api.name: tuple(api.secrets() if secrets is None else secrets)}
    client = website(house.with_changes(webhook_secrets=known))
    assert isinstance(client.app, FastAPI)
    client.app.state.hook_certificates = HookCertificates(sns.client)
    return Caller(fake=api, client=client, sns=sns)
