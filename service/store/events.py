"""What staff must know: alerts, the audit log, and facts about the installation."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, delete, select

from service.store.db import take_locks
from service.store.quick import among, run
from service.store.schema_words import core
from service.store.tables import Alert, AuditEntry, Fact

# Made once: every opt-in and every mail asks them.
_FACTS = sql_select(core(Fact).c.key, core(Fact).c.value).where(among(core(Fact).c.key, "keys"))
_OPEN = select(Alert).where(col(Alert.cause) == bindparam("cause"), col(Alert.resolved_at).is_(None))


def raise_alert(session: Session, cause: str, *, dutch: str, english: str, now: datetime) -> Alert | None:
    """A new alert; None where this cause is open already, so that each is told once."""
    hold_alert(session, cause)
    if session.exec(select(Alert.id).where(Alert.cause == cause, col(Alert.resolved_at).is_(None))).first():
        return None
    alert = Alert(cause=cause, dutch=dutch, english=english, raised_at=now)
    session.add(alert)
    return alert


def hold_alert(session: Session, cause: str) -> None:
    """Nobody else raises an alert of this cause until the transaction ends."""
    take_locks(session, [f"alert:{cause}"])


def resolve_alert(session: Session, cause: str, now: datetime) -> None:
    """The cause is over: the next time it comes, it is told again."""
    for alert in session.exec(_OPEN, params={"cause": cause}):
        alert.resolved_at = now


def forget_alerts(session: Session, causes: Collection[str]) -> None:
    """Those that are open about what is there no more: nobody could mend it."""
    session.exec(delete(Alert).where(col(Alert.cause).in_(causes), col(Alert.resolved_at).is_(None)))


def open_alerts(session: Session, *, untold: bool = False) -> Sequence[Alert]:
    """Alerts that stand, oldest first; `untold` for those nobody was told of yet."""
    statement = select(Alert).where(col(Alert.resolved_at).is_(None)).order_by(col(Alert.id))
    return session.exec(statement.where(col(Alert.told_at).is_(None)) if untold else statement).all()


def audit(session: Session, actor: str, action: str, now: datetime, **details: Any) -> None:
    """Keep who changed what. Lead ids in `details`, never addresses."""
    session.add(AuditEntry(actor=actor, action=action, details=details, at=now))


def audit_log(
    session: Session, *, limit: int, action: str | None = None, before: int | None = None, actor: str | None = None
) -> Sequence[AuditEntry]:
    """The newest entries of the audit log, newest first; of one action, or of all; those `before` an id, or any; of one
    `actor`, or of all."""
    statement = select(AuditEntry).order_by(col(AuditEntry.id).desc()).limit(limit)
    if before is not None:
        statement = statement.where(col(AuditEntry.id) < before)
    if actor is not None:
        statement = statement.where(AuditEntry.actor == actor)
    return session.exec(statement.where(AuditEntry.action == action) if action else statement).all()


def fact(session: Session, key: str) -> dict[str, Any] | None:
    """One fact about the installation."""
    return facts(session, [key]).get(key)


def facts(session: Session, keys: Collection[str]) -> dict[str, dict[str, Any]]:
    """Those of these facts that there are, as they are now, in one look."""
    return {row.key: row.value for row in run(session, _FACTS, {"keys": list(keys)})}


def hold_fact(session: Session, key: str) -> dict[str, Any] | None:
    """One fact, which nobody else changes until the transaction ends."""
    take_locks(session, [f"fact:{key}"])
    row = session.get(Fact, key, populate_existing=True)
    return None if row is None else row.value


def set_fact(session: Session, key: str, value: dict[str, Any]) -> None:
    """Write a fact, whatever it was."""
    row = session.get(Fact, key)
    if row is None:
        session.add(Fact(key=key, value=value))
    else:
        row.value = value


def forget_fact(session: Session, key: str) -> None:
    """It is so no longer."""
    session.exec(delete(Fact).where(col(Fact.key) == key))
