"""What is counted against limits: opt-ins and hand-overs, one row each, kept until no window looks at it any more.

Whoever counts and then adds holds a lock of the scope and key meanwhile; counting in a statement of its own then sees
every row that was committed before.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, delete, func, select
from sqlmodel.sql.expression import SelectOfScalar

from service.domain.limits import Limit
from service.store import new_rows
from service.store.tables import CapHit

Window = tuple[str, str, int]
"""A scope, a key of it, and how many seconds it looks back."""
SEND, SEND_DOMAIN = "send", "send-domain"  # the key of the second is the keyed hash of a recipient's domain


def over(session: Session, scope: str, key: str, limits: Iterable[Limit], now: datetime) -> bool:
    """Would one more break any of the limits?"""
    return any(used(session, scope, key, limit.seconds, now) >= limit.count for limit in limits)


def used(session: Session, scope: str, key: str, seconds: int, now: datetime) -> int:
    """How many there were in the last `seconds`. One that lies ahead (a clock was set back) counts too."""
    return session.exec(_count(scope, key, seconds, now)).one()


def counts(session: Session, windows: Iterable[Window], now: datetime) -> dict[Window, int]:
    """How many there were in each window, as `used` tells; all counted in one statement."""
    every = list(dict.fromkeys(windows))
    values: dict[str, object] = {}
    for number, (scope, key, seconds) in enumerate(every):
        since = now - timedelta(seconds=seconds)
        values |= {f"scope_{number}": scope, f"key_{number}": key, f"since_{number}": since}
    return dict(zip(every, session.connection().execute(_counts(len(every)), values).one(), strict=True))


@lru_cache(maxsize=64)
def _counts(many: int) -> Select[Any]:
    """So many counts side by side. Made once: to put the statement together takes longer than to run it."""
    return sql_select(
        *(
            sql_select(func.count())
            .where(
                col(CapHit.scope) == bindparam(f"scope_{number}"),
                col(CapHit.key) == bindparam(f"key_{number}"),
                col(CapHit.at) > bindparam(f"since_{number}"),
            )
            .scalar_subquery()
            for number in range(many)
        )
    )


def _count(scope: str, key: str, seconds: int, now: datetime) -> SelectOfScalar[int]:
    since = now - timedelta(seconds=seconds)
    return select(func.count()).where(CapHit.scope == scope, CapHit.key == key, CapHit.at > since)


def any_over(session: Session, scope: str, limits: Iterable[Limit], now: datetime) -> bool:
    """Is anything in this scope at one of its limits?"""
    return any(
        session.exec(
            select(CapHit.key)
            .where(CapHit.scope == scope, CapHit.at > now - timedelta(seconds=limit.seconds))
            .group_by(CapHit.key)
            .having(func.count() >= limit.count)
            .limit(1)
        ).first()
        is not None
        for limit in limits
    )


def newest(session: Session, scope: str, key: str, place: int) -> datetime | None:
    """When the newest but `place - 1` was; None where there are fewer."""
    statement = (
        select(CapHit.at)
        .where(CapHit.scope == scope, CapHit.key == key)
        .order_by(col(CapHit.at).desc())
        .offset(place - 1)
        .limit(1)
    )
    return session.exec(statement).first()


def count(session: Session, scope: str, key: str, now: datetime) -> None:
    """Count one."""
    session.add(CapHit(scope=scope, key=key, at=now))


def count_all(session: Session, hits: Iterable[tuple[str, str]], now: datetime) -> None:
    """Count one for each of these scopes with its key, in one statement."""
    new_rows.add_bare(session, CapHit, *({"scope": scope, "key": key, "at": now} for scope, key in hits))


def take_back(session: Session, scope: str, key: str, at: datetime | None = None) -> None:
    """Count them no longer: the one of this moment, or all of this key."""
    statement = delete(CapHit).where(col(CapHit.scope) == scope, col(CapHit.key) == key)
    session.exec(statement if at is None else statement.where(col(CapHit.at) == at))


def forget(session: Session, scopes: Iterable[str], before: datetime) -> None:
    """Drop those of these scopes that no window looks at any more."""
    session.exec(delete(CapHit).where(col(CapHit.scope).in_(list(scopes)), col(CapHit.at) < before))
