"""Addresses that get no mail, kept as keyed hashes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import Row
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, delete, or_, select

from service.domain.lead import Suppression as Rule
from service.domain.lead import SuppressionReason
from service.store.quick import among, run
from service.store.schema_words import core
from service.store.tables import Suppression

_OF = sql_select(*(core(Suppression).c[name] for name in ("address_hmac", "reason", "scope", "until"))).where(
    among(core(Suppression).c.address_hmac, "hashes")
)


def of(session: Session, address_hmacs: Iterable[str]) -> dict[str, list[Rule]]:
    """The suppressions of each hash, as the domain knows them."""
    found: dict[str, list[Rule]] = {}
    for row in run(session, _OF, {"hashes": list(address_hmacs)}):
        found.setdefault(row.address_hmac, []).append(_rule(row))
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


def _rule(row: Row[tuple[str, str, str, datetime | None]]) -> Rule:
    scope = cast("Literal['follow_up', 'all']", row.scope)  # the table's check holds it to these two
    return Rule(reason=SuppressionReason(row.reason), scope=scope, until=row.until)
