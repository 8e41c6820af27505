"""Proof of work (ALTCHA, protocol 2): a sum that costs a visitor's computer half a second, and a flood a fortune.

Challenges are ours and signed, so handing one out writes nothing. Each is good once, over all processes: a spent one is
a row, written with the opt-in it was spent on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import altcha
from sqlmodel import Session

from service.flows.services import Services
from service.store import challenges

_LABEL = "proof of work"
_LASTS = timedelta(minutes=10)
# Each try is a PBKDF2 of so many rounds, and one in 256 fits the prefix: 256 tries of about 1.5 ms on the average.
_ALGORITHM, _ROUNDS, _PREFIX = "PBKDF2/SHA-256", 5_000, "00"


@dataclass(frozen=True, kw_only=True)
class Proof:
    """A challenge that was solved in time: its id (32 hex digits), and until when it would be taken."""

    challenge: str
    expires_at: datetime


def challenge(services: Services, now: datetime) -> dict[str, Any]:
    """A new challenge as ALTCHA's widget takes it: `parameters`, and the `signature` over them. `now` is real time."""
    secret = services.keyring.derived(_LABEL)[0]
    made = altcha.create_challenge(_ALGORITHM, _ROUNDS, key_prefix=_PREFIX, expires_at=now + _LASTS, hmac_secret=secret)
    return made.to_dict()


def read(services: Services, solved: str, now: datetime) -> Proof | None:
    """The proof in what the widget sends along; None for one that is wrong, expired, or not of a challenge of ours."""
    try:
        payload = altcha.Payload.from_base64(solved)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if not any(altcha.verify_solution(payload, secret).verified for secret in services.keyring.derived(_LABEL)):
        return None
    # From here on every parameter is one that we signed.
    given = payload.challenge.parameters
    if given.expires_at is None:
        return None
    expires_at = datetime.fromtimestamp(given.expires_at, UTC)
    return Proof(challenge=given.nonce, expires_at=expires_at) if now <= expires_at else None


def spend(session: Session, proof: Proof) -> bool:
    """Spend the challenge in the caller's transaction. False when it was spent before.

    Call it before any lock is taken: it waits for another transaction that spends the same one.
    """
    return challenges.spend(session, proof.challenge, proof.expires_at)


def give_back(session: Session, proof: Proof) -> None:
    """What was spent in this transaction was not: nothing came of it."""
    challenges.give_back(session, proof.challenge)
