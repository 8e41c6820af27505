"""Challenges of the proof of work that were spent, until they would have expired anyway."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, delete

from service.store.tables import SpentChallenge


def spend(session: Session, challenge: str, expires_at: datetime) -> bool:
    """Note that a challenge is spent; False where it was already. Waits for whoever is spending the same one."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(SpentChallenge).values(challenge=challenge, expires_at=expires_at)
    written = session.execute(statement.on_conflict_do_nothing().returning(col(SpentChallenge.challenge)))
    return written.first() is not None


def give_back(session: Session, challenge: str) -> None:
    """It is spent no longer."""
    session.exec(delete(SpentChallenge).where(col(SpentChallenge.challenge) == challenge))


def forget(session: Session, before: datetime) -> None:
    """Drop those that expired before this moment of real time: nobody can spend them again."""
    session.exec(delete(SpentChallenge).where(col(SpentChallenge.expires_at) < before))
