"""Published revisions: written once, never changed; the newest of a kind and name is the live one."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, func, select

from service.store.tables import Revision


def live(session: Session, kind: str, name: str) -> Revision | None:
    """The newest revision of one thing."""
    statement = select(Revision).where(Revision.kind == kind, Revision.name == name).order_by(col(Revision.id).desc())
    return session.exec(statement.limit(1)).first()


def live_ids(session: Session) -> dict[tuple[str, str], int]:
    """(kind, name) -> id of its newest revision."""
    statement = select(Revision.kind, Revision.name, func.max(Revision.id)).group_by(
        col(Revision.kind), col(Revision.name)
    )
    return {(kind, name): newest for kind, name, newest in session.exec(statement)}


def by_id(session: Session, revision_id: int) -> Revision:
    """One revision; it is never deleted while something refers to it."""
    return session.exec(select(Revision).where(Revision.id == revision_id)).one()


def history(session: Session, kind: str) -> Sequence[Revision]:
    """Every revision of a kind, newest first."""
    return session.exec(select(Revision).where(Revision.kind == kind).order_by(col(Revision.id).desc())).all()
