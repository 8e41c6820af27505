"""A house with a second way out, and one sender that lives on while a test mends and breaks its servers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from service.flows.sending import Sender, open_sender
from service.mail.transport import open_transport
from tests.support import acts
from tests.support.house import House
from tests.support.smtp_server import Fault, SmtpServer
from tests.support.transports import Network

AWAY = Fault(stage="greeting", reply="421 4.3.2 going down", cut=True)
"""A server that takes no mail from anybody."""


def by_two(house: House, first: str, second: str) -> House:
    """The house, its mails going by the first of these mail URLs, or else by the second."""
    return house.with_changes(
        open_transport=partial(open_transport, first), open_fallback=partial(open_transport, second)
    )


def onto_two(house: House, first: Network, second: Network) -> House:
    """The same onto networks that answer as the test says."""
    return house.with_changes(open_transport=first.open, open_fallback=second.open)


def living(house: House, work: Callable[[Sender], Awaitable[None]]) -> None:
    """One sender for as long as the work takes."""

    async def live() -> None:
        async with open_sender(house.services) as sender:
            await work(sender)

    asyncio.run(live())


def rested(sender: Sender, *names: str) -> None:
    """As if the rest of these ways was over; of both unless told."""
    for name in names or ("primary", "fallback"):
        sender.ways[name].channel._rests_until = 0.0


def tries(house: House, address: str) -> list[tuple[str | None, str | None]]:
    """By which way the advice of this lead went and what came of it, oldest first."""
    return [(each.channel, each.outcome) for each in acts.attempts(house, acts.advice(house, address))]


def takers(server: SmtpServer) -> list[str]:
    """Whose mail this server took, in order of the alphabet."""
    return sorted(mail.recipients[0] for mail in server.messages)


async def eventually(look: Callable[[], object], meanwhile: Callable[[], None]) -> None:
    """Wait until it is so; `meanwhile` is called again and again, as the poll rings."""
    for _ in range(600):
        if look():
            return
        meanwhile()
        await asyncio.sleep(0.05)
    raise AssertionError("not within half a minute")
