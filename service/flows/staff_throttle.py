"""How often somebody may try to log in: counted before the try, taken back where it was right (ACCEPTANCE E4).

Counts of keyed hashes: an account from one network, one network over all accounts, an account over all networks, and
codes of an account over all networks. The last two are what a guesser with many networks runs into, and with them they
could keep the owner out: so they do not hold for a network from which this account was logged in to lately.

Who comes to the code knows the password, and three codes of a million are right at any time: at the pace of passwords
one in six accounts would be open within a month (NIST SP 800-63B, section 3.2.2, asks for an end to it).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from service.domain.limits import Limit
from service.errors import TooManyError
from service.flows.services import Services
from service.store import caps
from service.store.db import take_locks

_WINDOW = 15 * 60
PAIR, NETWORK, ACCOUNT, CODE = "staff-pair", "staff-network", "staff-account", "staff-code"
KNOWN = "staff-known"
LIMITS = {
    PAIR: Limit(count=5, seconds=_WINDOW),
    NETWORK: Limit(count=20, seconds=_WINDOW),
    ACCOUNT: Limit(count=20, seconds=_WINDOW),
    CODE: Limit(count=20, seconds=24 * 3600),
}
_NOT_AT_HOME = {ACCOUNT, CODE}  # do not hold where the owner is known
_KNOWN_FOR = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Try:
    """One try that was counted: for which account, from which network, when; at a code, or at a password."""

    account: str
    network: str
    at: datetime
    at_code: bool = False

    @property
    def pair(self) -> str:
        """What stands for the account at this network."""
        return f"{self.account}{self.network}"

    def counted(self) -> dict[str, str]:
        """scope -> key it was counted under."""
        found = {PAIR: self.pair, NETWORK: self.network, ACCOUNT: self.account}
        return found | ({CODE: self.account} if self.at_code else {})


def count(
    session: Session, services: Services, account: str, network: str, now: datetime, *, at_code: bool = False
) -> Try:
    """Count a try at an account (any text) from a network (a keyed hash). Raises TooManyError where it is one too many.

    All who try the same take turns, so that of a hundred at once five are let through.
    """
    made = Try(account=services.staff_key(account), network=network, at=now, at_code=at_code)
    counted = made.counted()
    take_locks(session, [f"limits:{scope}:{key}" for scope, key in counted.items()])
    known = caps.used(session, KNOWN, made.pair, int(_KNOWN_FOR.total_seconds()), now) > 0
    room_at = now
    for scope, key in counted.items():
        limit = LIMITS[scope]
        if scope in _NOT_AT_HOME and known:
            continue
        if caps.used(session, scope, key, limit.seconds, now) >= limit.count:
            last = caps.newest(session, scope, key, limit.count) or now
            room_at = max(room_at, last + timedelta(seconds=limit.seconds))
    if room_at > now:
        _refuse(math.ceil((room_at - now).total_seconds()))
    for scope, key in counted.items():
        caps.count(session, scope, key, now)
    return made


def was_right(session: Session, made: Try) -> None:
    """It was the owner: their earlier slips count no longer, and from here nobody else's wrong tries keep them out."""
    caps.take_back(session, PAIR, made.pair)
    caps.take_back(session, NETWORK, made.network, made.at)
    caps.take_back(session, ACCOUNT, made.account, made.at)
    if made.at_code:
        caps.take_back(session, CODE, made.account)
    caps.take_back(session, KNOWN, made.pair)
    caps.count(session, KNOWN, made.pair, made.at)


def take_back(session: Session, made: Try) -> None:
    """It was no guess (the code is still to come, or nothing was compared): it counts no longer, earlier ones do."""
    for scope, key in made.counted().items():
        caps.take_back(session, scope, key, made.at)


def forget(session: Session, now: datetime) -> None:
    """Drop what is not looked at any more."""
    for scope, limit in LIMITS.items():
        caps.forget(session, [scope], now - timedelta(seconds=limit.seconds))
    caps.forget(session, [KNOWN], now - _KNOWN_FOR)


def _refuse(seconds: int) -> None:
    minutes, hours = math.ceil(seconds / 60), math.ceil(seconds / 3600)
    english = f"{minutes} {'minute' if minutes == 1 else 'minutes'}" if minutes <= 90 else f"{hours} hours"
    dutch = f"{minutes} {'minuut' if minutes == 1 else 'minuten'}" if minutes <= 90 else f"{hours} uur"
    raise TooManyError(
        f"too many wrong tries; try again in {english}",
        f"Er is te vaak iets verkeerds ingevuld. Probeer het over {dutch}.",
        retry_after=seconds,
    )
