"""The certificate behind an SNS signature: fetched once, from SNS alone, and never more than a certificate's size."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from service.errors import UnavailableError
from service.mail.hook_certificates import HookCertificates
from service.mail.providers import PROVIDERS
from service.mail.providers.values import Hook
from tests.support.fakes.postmark import Postmark
from tests.support.fakes.ses import CERTIFICATE, TOPIC, Ses, certificate

SES = PROVIDERS["ses"]


@dataclass(kw_only=True)
class Sns:
    """What lies behind the network: `asked` are the addresses that were fetched."""

    status: int = 200
    body: bytes = b""
    asked: list[str] = field(default_factory=list)

    def client(self) -> httpx.AsyncClient:
        """A client that reaches this and nothing else."""
        return httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        headers = {"Location": "https://example.nl/x.pem"} if self.status == 302 else {}
        return httpx.Response(self.status, content=self.body, headers=headers)


def call() -> Hook:
    """A genuine call, as it comes: without its certificate."""
    hook = Ses().hook(b'{"eventType": "Delivery"}', TOPIC, datetime.now(UTC) + timedelta(minutes=2))
    return Hook(headers=hook.headers, body=hook.body)


def test_a_certificate_is_fetched_once_for_many_calls_and_makes_them_genuine() -> None:
    sns = Sns(body=certificate())

    async def run() -> list[Hook]:
        certificates = HookCertificates(sns.client)
        return list(await asyncio.gather(*(certificates.complete(SES, call()) for _ in range(5))))

    hooks = asyncio.run(run())
    assert sns.asked == [CERTIFICATE]
    now = datetime.now(UTC) + timedelta(minutes=2)
    assert all(SES.verify(hook, [TOPIC], now) for hook in hooks)


def test_nothing_is_fetched_from_anywhere_else_nor_for_who_needs_none() -> None:
    sns = Sns()
    forged = Hook(headers={}, body=json.dumps({"SigningCertURL": "https://example.nl/x.pem"}).encode())
    genuine = Postmark().hook(b"{}", "user:password", datetime.now(UTC))

    async def run() -> list[Hook]:
        certificates = HookCertificates(sns.client)
        return [await certificates.complete(SES, forged), await certificates.complete(PROVIDERS["postmark"], genuine)]

    assert asyncio.run(run()) == [forged, genuine]
    assert sns.asked == []


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_certificate_that_is_not_to_be_had_is_a_fault_that_passes(status: int) -> None:
    sns = Sns(status=status)

    async def run() -> Hook:
        certificates = HookCertificates(sns.client)
        with pytest.raises(UnavailableError):
            await certificates.complete(SES, call())
        sns.status, sns.body = 200, certificate()
        return await certificates.complete(SES, call())

    assert asyncio.run(run()).certificate == certificate()
    assert sns.asked == [CERTIFICATE, CERTIFICATE]


def test_no_more_is_read_than_any_certificate_has() -> None:
    sns = Sns(body=certificate() + b"\n" * 10_000_000)

    async def run() -> Hook:
        return await HookCertificates(sns.client).complete(SES, call())

    assert len(asyncio.run(run()).certificate or b"") == 64 * 1024


def test_what_is_no_certificate_is_asked_for_again_and_never_kept() -> None:
    sns = Sns(body=b"<html>back soon</html>")

    async def run() -> Hook:
        certificates = HookCertificates(sns.client)
        with pytest.raises(UnavailableError):
            await certificates.complete(SES, call())
        sns.body = certificate()
        return await certificates.complete(SES, call())

    assert asyncio.run(run()).certificate == certificate()


def test_a_certificate_that_is_here_is_given_while_another_is_asked_for() -> None:
    asked, answers = asyncio.Event(), asyncio.Event()
    elsewhere = Hook(headers={}, body=call().body.replace(b"eu-west-1.amazonaws", b"eu-north-1.amazonaws"))

    async def answer(request: httpx.Request) -> httpx.Response:
        if "eu-north-1" in str(request.url):
            asked.set()
            await answers.wait()
        return httpx.Response(200, content=certificate())

    async def run() -> Hook:
        certificates = HookCertificates(lambda: httpx.AsyncClient(transport=httpx.MockTransport(answer)))
        await certificates.complete(SES, call())
        slow = asyncio.create_task(certificates.complete(SES, elsewhere))
        await asked.wait()
        async with asyncio.timeout(4):  # less than the other one may take
            found = await certificates.complete(SES, call())
        answers.set()
        await slow
        return found

    assert asyncio.run(run()).certificate == certificate()
