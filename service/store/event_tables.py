"""The tables of what happened and what staff must know: timelines, the audit log, alerts, facts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field

from service.store.moments import UtcDateTime
from service.store.schema_words import COUNTED, Json, Table, partial

_WORSE = "(kind IN ('replied', 'wrote_untied') OR (kind = 'answered' AND {helped} = 'worse'))"
ANSWERS = {
    "sqlite": _WORSE.format(helped="json_extract(details, '$.helped')"),
    "postgresql": _WORSE.format(helped="(details ->> 'helped')"),
}
"""Engine -> which entries of a timeline a person is to read: mails of her own, and presses on "worse"."""


class TimelineEntry(Table, table=True):
    """What happened to one lead, for "why?". Goes with the lead."""

    __tablename__ = "timeline"
    __table_args__ = (
        Index("ix_timeline_kind_at", "kind", "at"),
        # Presses are many, and those that ask for a person few: what was pressed stands in the wide column.
        Index(
            "ix_timeline_answers",
            *("at", "id"),
            sqlite_where=text(ANSWERS["sqlite"]),
            postgresql_where=text(ANSWERS["postgresql"]),
        ),
    )

    id: int = Field(default=None, primary_key=True)
    lead_id: int = Field(foreign_key="lead.id", index=True)
    kind: str
    details: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    at: datetime = Field(sa_type=UtcDateTime)


class AuditEntry(Table, table=True):
    """Who changed what, when: publishing, approving, pausing, erasing. Lead ids, no addresses."""

    __tablename__ = "audit"

    id: int = Field(default=None, primary_key=True)
    actor: str
    action: str
    details: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    at: datetime = Field(sa_type=UtcDateTime)


class Alert(Table, table=True):
    """One cause that needs a person, told once until it is over."""

    __table_args__ = (partial("uq_alert_open", "cause", unique=True, where="resolved_at IS NULL"), COUNTED)

    id: int = Field(default=None, primary_key=True)
    cause: str
    dutch: str
    english: str
    raised_at: datetime = Field(sa_type=UtcDateTime)
    told_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    resolved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Fact(Table, table=True):
    """One fact about this installation: the demo's clock, key fingerprints, what is paused."""

    key: str = Field(primary_key=True)
    value: dict[str, Any] = Field(sa_type=Json)
