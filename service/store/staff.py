"""Staff and their invitations: looked up, locked, counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, delete, func, select, update

from service.store.db import take_locks
from service.store.staff_tables import Staff, StaffInvitation


def take_turn(session: Session) -> None:
    """Nobody else adds, removes or promotes staff until the transaction ends."""
    take_locks(session, ["staff"])


def by_address(session: Session, address: str) -> Staff | None:
    """Whoever has this normalised address and was not removed, disabled or not."""
    return session.exec(select(Staff).where(Staff.address == address)).first()


def locked(session: Session, staff_id: int) -> Staff | None:
    """Somebody as they are now, whom nobody else changes until the transaction ends; None where removed."""
    statement = select(Staff).where(Staff.id == staff_id, col(Staff.removed_at).is_(None))
    return session.exec(statement.with_for_update().execution_options(populate_existing=True)).first()


def everybody(session: Session) -> Sequence[Staff]:
    """All who were not removed, by name."""
    return session.exec(select(Staff).where(col(Staff.removed_at).is_(None)).order_by(Staff.name, col(Staff.id))).all()


def names(session: Session) -> dict[int, str]:
    """id -> name of everybody there ever was, for the audit log."""
    return dict(session.exec(select(Staff.id, Staff.name)).all())


def admins(session: Session) -> int:
    """How many may log in as an admin."""
    there = (col(Staff.removed_at).is_(None), col(Staff.disabled_at).is_(None), Staff.role == "admin")
    return session.exec(select(func.count()).select_from(Staff).where(*there)).one()


def use_step(session: Session, staff_id: int, step: int) -> bool:
    """Note that the code of this step was used. False where it, or a later one, was before: then it counts not."""
    mine = (col(Staff.id) == staff_id, col(Staff.totp_step).is_(None) | (col(Staff.totp_step) < step))
    return bool(session.exec(update(Staff).where(*mine).values(totp_step=step)).rowcount)


def invitation(session: Session, token_hash: str, now: datetime) -> StaffInvitation | None:
    """The invitation of a token, if it may still be used."""
    good = (StaffInvitation.token_hash == token_hash, StaffInvitation.expires_at > now)
    return session.exec(select(StaffInvitation).where(*good, col(StaffInvitation.used_at).is_(None))).first()


def use_invitation(session: Session, invitation_id: int, now: datetime) -> bool:
    """Use it up. False where somebody else did before."""
    mine = (col(StaffInvitation.id) == invitation_id, col(StaffInvitation.used_at).is_(None))
    return bool(session.exec(update(StaffInvitation).where(*mine).values(used_at=now)).rowcount)


def drop_invitations(session: Session, staff_id: int | None = None) -> None:
    """None of somebody's invitations works any more, or none at all."""
    statement = delete(StaffInvitation)
    session.exec(statement if staff_id is None else statement.where(col(StaffInvitation.staff_id) == staff_id))


def invited(session: Session, now: datetime) -> dict[int, datetime]:
    """staff id -> until when an invitation of theirs may be used."""
    open_ones = (StaffInvitation.expires_at > now, col(StaffInvitation.used_at).is_(None))
    rows = session.exec(select(StaffInvitation.staff_id, StaffInvitation.expires_at).where(*open_ones))
    return dict(rows.all())


def forget_invitations(session: Session, before: datetime) -> None:
    """Drop those that could not be used any more at this moment."""
    session.exec(delete(StaffInvitation).where(col(StaffInvitation.expires_at) < before))
