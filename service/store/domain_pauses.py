"""Which recipient domains turned us away, by keyed hash; and a few rows that stand for the ways out themselves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select as sql_select
from sqlmodel import Session, col, select

from service.store.db import take_locks
from service.store.quick import among, firsts
from service.store.schema_words import core
from service.store.tables import DomainPause

DOWN, REFUSED = "channel-down", "channel-refused"
BY_FALLBACK, FALLBACK_REFUSED = "mail-by-fallback", "fallback-refused"
"""Keys of rows about all mail. They are read with a domain's own row, in one look for each mail that was taken."""
ABOUT_US = (DOWN, REFUSED, BY_FALLBACK, FALLBACK_REFUSED)


_KNOWN = sql_select(core(DomainPause).c.key).where(among(core(DomainPause).c.key, "keys"))


def hold(session: Session) -> None:
    """Nobody else changes these rows until the transaction ends. One lock for all: they are few, and rarely change."""
    take_locks(session, ["domain-pauses"])


def of(session: Session, keys: Iterable[str]) -> dict[str, DomainPause]:
    """Those of these rows that there are, fresh from the database."""
    known = firsts(session, _KNOWN, {"keys": list(set(keys))})
    if not known:  # nearly always
        return {}
    rows = select(DomainPause).where(col(DomainPause.key).in_(known))
    return {row.key: row for row in session.exec(rows.execution_options(populate_existing=True))}


def begun_after(session: Session, moment: datetime) -> list[DomainPause]:
    """The domains that turned us away for the first time after this moment, and took nothing since."""
    domains = select(DomainPause).where(DomainPause.since > moment, col(DomainPause.key).not_in(ABOUT_US))
    return list(session.exec(domains))


def ended_before(session: Session, moment: datetime) -> list[DomainPause]:
    """The domains whose pause ended before this moment, and that got no mail since."""
    domains = select(DomainPause).where(DomainPause.until < moment, col(DomainPause.key).not_in(ABOUT_US))
    return list(session.exec(domains))
