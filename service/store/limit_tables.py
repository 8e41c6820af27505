"""The tables of what holds opt-ins and mail back: what caps counted, used challenges, domains that refuse us."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from service.store.moments import UtcDateTime
from service.store.schema_words import Table


class CapHit(Table, table=True):
    """One opt-in or hand-over counted against a cap. `key` is a keyed hash; the row goes when its window ends."""

    __tablename__ = "cap_hit"
    __table_args__ = (Index("ix_cap_hit_scope_key_at", "scope", "key", "at"),)

    id: int = Field(default=None, primary_key=True)
    scope: str
    key: str
    at: datetime = Field(sa_type=UtcDateTime)


class SpentChallenge(Table, table=True):
    """A challenge of the proof of work that was solved and used. The row goes when the challenge would have expired."""

    __tablename__ = "spent_challenge"

    challenge: str = Field(primary_key=True, max_length=32)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)


class DomainPause(Table, table=True):
    """A recipient domain that turned us away by policy: nothing is handed over to it for a while.

    Two rows of their own stand for all mail: see `store/domain_pauses.py`.
    """

    __tablename__ = "domain_pause"

    key: str = Field(primary_key=True)  # a keyed hash: a domain of one's own names its owner
    strikes: int  # refusals since the last mail it took; the pause grows with them
    since: datetime = Field(sa_type=UtcDateTime)
    until: datetime = Field(sa_type=UtcDateTime)
