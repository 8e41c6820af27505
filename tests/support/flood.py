"""A flood of opt-ins for addresses of others, from many networks, and what must be so after it (ACCEPTANCE E2)."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_network

from sqlmodel import select
from starlette.testclient import TestClient

from service.domain.limits import Limit, OptInLimits
from service.domain.screening import Held
from service.store.tables import Message, OptIn
from tests.support import acts
from tests.support.house import House
from tests.support.website import OPT_IN, website

_PROXY, _PROXIES = "10.0.0.1", (ip_network("10.0.0.0/8"),)
_HOURS = 3


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was answered: to the flood by network, and to others (status and seconds), who each have a network."""

    taken: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[int] = field(default_factory=Counter)
    others: dict[str, int] = field(default_factory=dict)
    before: list[float] = field(default_factory=list)
    meanwhile: list[float] = field(default_factory=list)


def unleash(
    house: House, *, limits: OptInLimits, posts: int, addresses: int, networks: int, others: int, seed: int = 1
) -> tuple[House, Outcome]:
    """Send it, spread over three hours, with others in between and as many before it. The house, and what it answered.

    No address and no network comes twice among the others, and none of theirs is in the flood.
    """
    dice = random.Random(seed)
    guarded = house.with_changes(limits=limits, trusted_proxies=_PROXIES)
    client = website(guarded, peer=_PROXY)
    seen = Outcome()
    for number in range(others):
        seen.before.append(_other(client, seen, f"before{number}", f"192.0.{number}.9"))
    guarded.clock.advance(hours=1)
    step = timedelta(hours=_HOURS) / posts
    for number in range(posts):
        if number % (posts // others) == 0:
            name = f"meanwhile{number}"
            seen.meanwhile.append(_other(client, seen, name, f"203.{number // 256 % 256}.{number % 256}.9"))
        guarded.clock.advance(seconds=step.total_seconds())
        network = f"198.51.{dice.randrange(networks)}"
        address = f"victim{(victim := dice.randrange(addresses))}@town{victim % 25}.example"
        status, _ = _post(client, address, f"{network}.{dice.randrange(1, 255)}")
        seen.statuses[status] += 1
        if status == 202:
            seen.taken[network].append(guarded.clock.now())
    return guarded, seen


def wrong(house: House, limits: OptInLimits, seen: Outcome) -> list[str]:
    """All that is not as it must be, a sentence each."""
    with house.services.database.reading() as session:
        messages = session.exec(select(Message).where(Message.kind == "advice")).all()
        opt_ins = session.exec(select(OptIn)).all()
    by_address: dict[str, list[datetime]] = defaultdict(list)
    for message in messages:
        by_address[message.recipient].append(message.created_at)
    asked = {message.opt_in_id for message in messages}
    held = [each for each in messages if each.state == "held"]
    broken = {
        "an address is over its cap": any(over(times, limits.address) for times in by_address.values()),
        "a network is over its cap": any(over(times, limits.network) for times in seen.taken.values()),
        "more than the cap of all left by themselves": over(
            (each.created_at for each in messages if each.state != "held"), limits.everyone
        ),
        "other answers than 202 and 429": bool(set(seen.statuses) - {202, 429}),
        "somebody else was turned away": set(seen.others.values()) != {202},
        "somebody else has no advice": any(f"{each}@{each}.example" not in by_address for each in seen.others),
        "an opt-in that was taken has no advice": any(
            (each.disposition in {"accepted", "held"}) != (each.id in asked) for each in opt_ins
        ),
        "a 202 without its opt-in": len(opt_ins) != seen.statuses[202] + len(seen.others),
        "held without its reason": any(each.reason != Held.CROWDED for each in held),
        "held without an alert": bool(held) and "opt-ins-crowded" not in acts.alerts(house),
    }
    return [sentence for sentence, is_so in broken.items() if is_so]


def over(times: Iterable[datetime], limits: Sequence[Limit]) -> bool:
    """Does any stretch of time hold more than a limit?"""
    line = sorted(times)
    return any(
        later - earlier < timedelta(seconds=limit.seconds)
        for limit in limits
        for earlier, later in zip(line, line[limit.count :], strict=False)
    )


def _other(client: TestClient, seen: Outcome, name: str, address: str) -> float:
    seen.others[name], seconds = _post(client, f"{name}@{name}.example", address)
    return seconds


def _post(client: TestClient, email: str, address: str) -> tuple[int, float]:
    began = time.perf_counter()
    headers = {"X-Forwarded-For": f"6.6.6.6, {address}"}  # what a client writes itself stands to the left
    answer = client.post("/api/opt-ins", json=OPT_IN | {"email": email}, headers=headers)
    return answer.status_code, time.perf_counter() - began
