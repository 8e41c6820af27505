"""The caps on opt-ins: of an address, a mail domain, a client network, and of all together (ACCEPTANCE E2).

Exact over all processes: whoever counts holds one lock for it, until what was counted is committed. It is taken after
those of leads and suppressions, and before those of alerts, so nobody waits in a ring.

What counts: for a network, each opt-in that was taken (202); for an address and its domain, each that made an advice,
held ones included, for staff may let those go; for all together, each whose advice may leave by itself. What is
refused counts nowhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from service.domain.limits import Limit, longest_seconds
from service.errors import TooManyError
from service.flows import alerts
from service.flows.services import Services
from service.store import caps
from service.store.db import take_locks

_DOMAIN_ALERT = "opt-ins-domain-capped"
ADDRESS, DOMAIN, NETWORK, ALL = "address", "domain", "network", "all"


def take_turn(session: Session) -> None:
    """From here on nobody else counts opt-ins, until the transaction ends."""
    take_locks(session, ["limits:opt-in"])


class Caps:
    """How full the caps are for a few opt-ins: counted once, and on from there with those that are taken of them."""

    def __init__(
        self, session: Session, services: Services, asked: Iterable[tuple[str, str | None]], now: datetime
    ) -> None:
        """`asked`: of each opt-in the address, and its client network (a keyed hash) or None."""
        self._session, self._services, self._now = session, services, now
        windows = (window for each in asked for window, _ in self._windows(*each))
        self._used = caps.counts(session, windows, now)
        self._taken: list[tuple[str, str]] = []

    def full(self, address: str, network: str | None) -> dict[str, list[Limit]]:
        """Scope -> its caps that one more opt-in of this address would break; of no network where that is None."""
        found: dict[str, list[Limit]] = {ADDRESS: [], DOMAIN: [], ALL: [], NETWORK: []}
        for window, limit in self._windows(address, network):
            taken = self._taken.count(window[:2])
            if self._used[window] + taken >= limit.count:
                found[window[0]].append(limit)
        return found

    def take(self, hits: Sequence[tuple[str, str]]) -> None:
        """One is taken that counts for these, each a scope and its key."""
        self._taken += hits

    def refused(self, network: str, full: Sequence[Limit]) -> TooManyError:
        """The answer to a client network that is at these caps."""
        room_at = self._now
        for limit in full:
            # As many newer ones as the cap allows: when this one leaves the window, one more may come.
            place = limit.count - self._taken.count((NETWORK, network))
            last = caps.newest(self._session, NETWORK, network, place) if place > 0 else None
            room_at = max(room_at, (last or self._now) + timedelta(seconds=limit.seconds))
        seconds = max(1, math.ceil((room_at - self._now).total_seconds()))
        minutes = math.ceil(seconds / 60)
        return TooManyError(
            "this client network is at its cap",
            "Vanaf jouw internetverbinding kwamen te veel aanvragen. "
            f"Probeer het over {minutes} {'minuut' if minutes == 1 else 'minuten'} nog eens.",
            retry_after=seconds,
        )

    def write(self) -> None:
        """Count what was taken."""
        count(self._session, self._taken, self._now)

    def _windows(self, address: str, network: str | None) -> Iterator[tuple[caps.Window, Limit]]:
        limits = self._services.limits
        asked = [
            (ADDRESS, self._services.hmac(address), limits.address),
            (DOMAIN, self._services.domain_key(address), limits.domain),
            (ALL, "", limits.everyone),
        ]
        if network is not None:
            asked.append((NETWORK, network, limits.network))
        for scope, key, of_scope in asked:
            for limit in of_scope:
                yield (scope, key, limit.seconds), limit


def is_full(session: Session, full: Mapping[str, Sequence[Limit]], now: datetime) -> bool:
    """Would one more advice be too many for this address or for its domain? Staff are told of a domain.

    A provider with many users has one cap too, so in a flood its real leads may get no mail: somebody must know.
    """
    if full[ADDRESS]:
        return True
    if not full[DOMAIN]:
        return False
    alerts.tell(
        session,
        _DOMAIN_ALERT,
        dutch=(
            "Voor één maildomein kwamen meer aanvragen dan NURTURE_OPT_IN_LIMITS toelaat (domain). Wat daarboven komt, "
            "krijgt geen mail. Zijn ze echt? Verhoog dan die grens, bijvoorbeeld domain=1000/h."
        ),
        english=(
            "more opt-ins came for one mail domain than NURTURE_OPT_IN_LIMITS lets through (domain); those above it "
            "get no mail; if they are genuine, raise that cap, as in domain=1000/h"
        ),
        now=now,
    )
    return True


def of_advice(services: Services, address: str, *, held: bool) -> list[tuple[str, str]]:
    """What an advice counts for, each a scope and its key: its address and domain; and all, unless it is held."""
    hits = [(ADDRESS, services.hmac(address)), (DOMAIN, services.domain_key(address))]
    return hits if held else [*hits, (ALL, "")]


def count(session: Session, hits: Sequence[tuple[str, str]], now: datetime) -> None:
    """Count what was taken: its client network, and what its advice counts for."""
    caps.count_all(session, hits, now)


def forget(session: Session, services: Services, now: datetime) -> None:
    """Drop what no cap looks at any more, each as soon as its own window ends. The last full domain ends its alert."""
    for scope, limits in services.limits.by_scope().items():
        caps.forget(session, [scope], now - timedelta(seconds=longest_seconds(limits)))
    if not caps.any_over(session, DOMAIN, services.limits.domain, now):
        alerts.mended(session, _DOMAIN_ALERT, now)
