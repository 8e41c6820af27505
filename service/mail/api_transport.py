"""The transport over a provider's API: one request a mail, and the truth about what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from service.mail.http_client import HttpClient, HttpLimits, NoAnswerError, NotReachedError, NotSentError
from service.mail.outbound import OutboundMail, Outcome, SendResult, strike
from service.mail.providers.answers import SENDER
from service.mail.providers.parts import UnfitMailError
from service.mail.providers.values import Account, HttpRequest, Provider

PARALLEL = 32
_REPEAT_AFTER = (0.5, 2.0)  # seconds; a stop waits no longer than eight for a mail in flight


class ApiTransport:
    """Hands mails to one provider, at most `capacity` at a time, each in a call of its own.

    Not connected: DOWN. Cut off while the request was written: RETRY. After that, silence, a cut and a 5xx are UNKNOWN,
    and the channel's. Where the provider is known to answer a repeat with what it answered first, such a call is
    repeated twice, with the same idempotency key and within seconds. Bound to the event loop of the first `send`.
    """

    def __init__(
        self,
        provider: Provider,
        account: Account,
        *,
        limits: HttpLimits | None = None,
        repeat_after: Sequence[float] = _REPEAT_AFTER,
    ) -> None:
        self.name = provider.name
        self.capacity = int(account.options.get("parallel", PARALLEL))
        self.remembers = _window(provider, account)
        self._provider, self._account = provider, account
        self._slots = asyncio.Semaphore(self.capacity)
        self._client = HttpClient(limits)
        safe = provider.capabilities.repeats_safely and self.remembers is not None
        self._repeat_after = tuple(repeat_after) if safe else ()

    async def send(self, mail: OutboundMail) -> SendResult:
        """Hand over one mail, waiting for a place first."""
        most = int(self._account.options.get("most_mb", 0)) * 1_000_000 or self._provider.capabilities.most_bytes
        if len(mail.data) > most:
            return SendResult(outcome=Outcome.INVALID, stage="build", text=f"the mail has more than {most} bytes")
        try:
            request = self._provider.build_request(mail, self._account)
        except UnfitMailError as error:
            return SendResult(outcome=Outcome.INVALID, stage="build", text=error.english)
        local, _, domain = mail.recipient.rpartition("@")
        private = (mail.recipient, local, domain, self._account.key, self._account.secret)
        async with self._slots:
            result = await self._ask(request)
            for delay in self._repeat_after:
                if result.outcome is not Outcome.UNKNOWN:
                    break
                await asyncio.sleep(delay)
                result = _at_least(result, await self._ask(request))
        return replace(result, text=strike(result.text, private))

    async def check(self) -> SendResult | None:
        """The same call without a mail, so to nobody: a refusal of that is a key that works."""
        result = await self._ask(self._provider.empty_request(self._account))
        if result.outcome is Outcome.INVALID or result.stage == SENDER:  # the call named no sender either
            return None
        return replace(result, text=strike(result.text, (self._account.key, self._account.secret)))

    async def close(self) -> None:
        """Let go of all connections."""
        await self._client.close()

    async def _ask(self, request: HttpRequest) -> SendResult:
        try:
            signed = self._provider.sign(request, self._account, datetime.now(UTC))
            return self._provider.read_response(await self._client.send(signed))
        except NotReachedError as error:
            return SendResult(outcome=Outcome.DOWN, stage="connect", text=error.english, scope="channel")
        except NotSentError as error:
            return SendResult(outcome=Outcome.RETRY, stage="request", text=error.english)
        except NoAnswerError as error:
            return SendResult(outcome=Outcome.UNKNOWN, stage="answer", text=error.english, scope="channel")


def _at_least(before: SendResult, after: SendResult) -> SendResult:
    """What a repeat says of the mail; one that was not worked on says nothing about the call before it."""
    return before if after.outcome in {Outcome.RETRY, Outcome.DOWN} else after


def _window(provider: Provider, account: Account) -> timedelta | None:
    """How long a key is recognised: what the mail URL says, else what the provider does; no minutes are none."""
    known = provider.capabilities.idempotency_window
    if known is None or "remembers" not in account.options:
        return known
    return timedelta(minutes=int(account.options["remembers"])) or None
