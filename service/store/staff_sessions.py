"""Sessions of staff: one row for each browser, found by the hash of its token, gone when it ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, delete, select, update

from service.store.staff_tables import Staff, StaffSession


def find(session: Session, token_hash: str) -> tuple[StaffSession, Staff] | None:
    """A session and whose it is; None where there is none, or they may not log in any more."""
    statement = (
        select(StaffSession, Staff)
        .join(Staff, col(Staff.id) == StaffSession.staff_id)
        .where(StaffSession.token_hash == token_hash)
        .where(col(Staff.disabled_at).is_(None), col(Staff.removed_at).is_(None))
    )
    return session.exec(statement).first()


def of(session: Session, staff_id: int) -> Sequence[StaffSession]:
    """Somebody's sessions in which they are logged in, the latest seen first."""
    mine = (StaffSession.staff_id == staff_id, StaffSession.stage == "in")
    return session.exec(select(StaffSession).where(*mine).order_by(col(StaffSession.seen_at).desc())).all()


def saw(session: Session, session_id: int, now: datetime) -> None:
    """Note that it was used."""
    session.exec(update(StaffSession).where(col(StaffSession.id) == session_id).values(seen_at=now))


def end(session: Session, staff_id: int, session_id: int) -> bool:
    """End one of somebody's sessions. False where it is not theirs, or not there."""
    mine = (col(StaffSession.id) == session_id, col(StaffSession.staff_id) == staff_id)
    return bool(session.exec(delete(StaffSession).where(*mine)).rowcount)


def end_others(session: Session, staff_id: int, session_id: int) -> None:
    """End all of somebody's sessions but this one, at whatever stage."""
    others = (col(StaffSession.staff_id) == staff_id, col(StaffSession.id) != session_id)
    session.exec(delete(StaffSession).where(*others))


def end_all(session: Session, staff_id: int | None = None) -> int:
    """End all of somebody's sessions, or everybody's. Returns how many there were."""
    statement = delete(StaffSession)
    return session.exec(
        statement if staff_id is None else statement.where(col(StaffSession.staff_id) == staff_id)
    ).rowcount


def forget(session: Session, expired: datetime, unseen_since: datetime) -> None:
    """Drop those that ran out by `expired`, or were not used since `unseen_since`."""
    over = (col(StaffSession.expires_at) < expired) | (col(StaffSession.seen_at) < unseen_since)
    session.exec(delete(StaffSession).where(over))
