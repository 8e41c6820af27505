"""The tables of who works with the service: staff, their sessions, their invitations."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field

from service.store.moments import UtcDateTime
from service.store.schema_words import Json, Table, one_of


class Staff(Table, table=True):
    """Somebody who works with the service. Who was removed stays by name alone: the audit log tells who did what."""

    __table_args__ = (one_of("role", "editor", "manager", "admin"), one_of("language", "nl", "en"))

    id: int = Field(default=None, primary_key=True)
    address: str | None = Field(default=None, unique=True)  # None: removed
    name: str
    role: str
    language: str
    password_hash: str | None = None  # argon2id; None: invited, or reset
    totp: str | None = None  # the secret, encrypted; None: no second step
    totp_step: int | None = None  # the step of the last code that was used: each works once
    recovery: list[str] = Field(default_factory=list, sa_type=Json)  # hashes of the codes that are left
    created_at: datetime = Field(sa_type=UtcDateTime)
    disabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class StaffSession(Table, table=True):
    """One browser in which somebody is logged in. Only a hash of its token is kept; ending it removes the row."""

    __tablename__ = "staff_session"
    __table_args__ = (one_of("stage", "code", "in"),)

    id: int = Field(default=None, primary_key=True)
    token_hash: str = Field(unique=True)
    staff_id: int = Field(foreign_key="staff.id", index=True, ondelete="CASCADE")
    stage: str  # code: the password was right, and the code is still to come
    agent: str  # the browser's family, such as Firefox; no more is kept of it
    created_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)


class StaffInvitation(Table, table=True):
    """A link by which somebody sets a password, once. Only a hash of its token is kept."""

    __tablename__ = "staff_invitation"

    id: int = Field(default=None, primary_key=True)
    token_hash: str = Field(unique=True)
    staff_id: int = Field(foreign_key="staff.id", index=True, ondelete="CASCADE")
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
