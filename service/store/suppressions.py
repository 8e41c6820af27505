"""Addresses that get no mail, kept as keyed hashes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select as sql_select
from sqlmodel import Session, col, delete, or_, select

from service.domain.lead import Suppression as Rule
from service.domain.lead import SuppressionReason
from service.store.quick import among, run
from service.store.schema_words import core
from service.store.tables import Suppression

_ROWS = core(Suppression).c
_OF = sql_select(_ROWS.address_hmac, _ROWS.reason, _ROWS.scope, _ROWS.until).where(among(_ROWS.address_hmac, "hashes"))


def of(session: Session, address_hmacs: Iterable[str]) -> dict[str, list[Rule]]:
    """The suppressions of each hash, as the domain knows them."""
    found: dict[str, list[Rule]] = {}
    for row in run(session, _OF, {"hashes": list(address_hmacs)}):
        rule = Rule(reason=SuppressionReason(row.reason), scope=row.scope, until=row.until)
        found.setdefault(row.address_hmac, []).append(rule)
    return found


def add(session: Session, address_hmac: str, rule: Rule, now: datetime) -> bool:
    """Suppress; False when that very reason was there already (its end then moves to the later one)."""
    row = session.exec(
        select(Suppression).where(Suppression.address_hmac == address_hmac, Suppression.reason == rule.reason)
    ).first()
    if row is None:
        session.add(
            Suppression(
                address_hmac=address_hmac, reason=rule.reason, scope=rule.scope, until=rule.until, created_at=now
            )
        )
        return True
    if row.until is not None and (rule.until is None or rule.until > row.until):
        row.until = rule.until
    return False


def hashes(session: Session) -> set[str]:
    """What stands for every suppressed address; a hundred bytes each, so for what happens rarely."""
    return set(session.exec(select(Suppression.address_hmac)))


def standing(session: Session, now: datetime) -> frozenset[str]:
    """What stands for every address that gets no mail, or no follow-ups, at this moment."""
    lasts = or_(col(Suppression.until).is_(None), col(Suppression.until) > now)
    return frozenset(session.exec(select(Suppression.address_hmac).where(lasts)))


def lift(session: Session, address_hmac: str, reason: str) -> None:
    """A fresh confirmation says yes again: the no it answers is over."""
    session.exec(
        delete(Suppression).where(col(Suppression.address_hmac) == address_hmac, col(Suppression.reason) == reason)
    )
