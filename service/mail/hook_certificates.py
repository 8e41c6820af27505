"""Fetching the certificate that a webhook's signature is to be checked with, and visiting what a genuine call wants
visited. Never inside a transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from service.errors import UnavailableError
from service.mail.providers.certificates import public_key
from service.mail.providers.values import Hook, Provider

if TYPE_CHECKING:
    import httpx

_SECONDS = 5.0  # SNS waits 15 for our answer
_MOST_BYTES = 64 * 1024
_MOST_KEPT = 16


def _client() -> httpx.AsyncClient:
    import httpx  # noqa: PLC0415 - only who gets such calls waits for it

    return httpx.AsyncClient(timeout=_SECONDS, trust_env=False)


class HookCertificates:
    """Certificates by their address, kept: a provider changes them once in years. Bound to one event loop.

    Only an address that the provider's own `certificate_url` gave back is ever asked: it checks the host.
    """

    def __init__(self, client: Callable[[], httpx.AsyncClient] = _client) -> None:
        self._client = client
        self._turn = asyncio.Lock()
        self._kept: dict[str, bytes] = {}

    async def complete(self, provider: Provider, hook: Hook) -> Hook:
        """The call, with a certificate where it needs one. Raises UnavailableError and UnreadableHookError."""
        url = provider.certificate_url(hook)
        if url is None:
            return hook
        found = self._kept.get(url)
        if found is not None:  # whoever has us ask elsewhere meanwhile holds up no call that needs no asking
            return replace(hook, certificate=found)
        async with self._turn:  # of several calls at once one asks
            found = self._kept.get(url) or await self._fetch(url)
            if public_key(found) is None:  # kept, it would have every call refused from then on
                raise UnavailableError(
                    "what lies at the address in the event is no certificate now",
                    "Op het adres in het bericht staat nu geen certificaat.",
                )
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[url] = found
        return replace(hook, certificate=found)

    async def confirm(self, provider: Provider, hook: Hook) -> None:
        """Visit what this call, known to be genuine, wants visited. Raises UnavailableError and UnreadableHookError."""
        url = provider.confirm_url(hook)
        if url is not None:
            await self._fetch(url)

    async def _fetch(self, url: str) -> bytes:
        import httpx  # noqa: PLC0415 - see above

        held = b""
        try:
            async with asyncio.timeout(_SECONDS), self._client() as client, client.stream("GET", url) as answer:
                answer.raise_for_status()  # a redirect is none of ours to follow
                async for piece in answer.aiter_bytes():
                    held += piece
                    if len(held) > _MOST_BYTES:
                        break
        except (httpx.HTTPError, TimeoutError) as error:
            raise UnavailableError(
                "the address in the event does not answer now", "Het adres in het bericht antwoordt nu niet."
            ) from error
        return held[:_MOST_BYTES]
