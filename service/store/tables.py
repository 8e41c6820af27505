"""Every table, with the constraints that hold even where code is wrong. No API models here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field

from service.store import (
    booking_tables,
    consent_tables,
    event_tables,
    feedback_tables,
    limit_tables,
    schema_words,
    staff_tables,
)
from service.store.moments import UtcDateTime
from service.store.schema_words import COUNTED, Content, Json, either, one_of, partial

Table = schema_words.Table
"""The base of all tables: whoever takes it from here has all of them."""
BookingRequest = booking_tables.BookingRequest
Booking = booking_tables.Booking
BookingEvent = booking_tables.BookingEvent

Consent = consent_tables.Consent
Withdrawal = consent_tables.Withdrawal
ReceiptEntry = consent_tables.ReceiptEntry

FeedbackEvent = feedback_tables.FeedbackEvent

CapHit = limit_tables.CapHit
DomainPause = limit_tables.DomainPause
SpentChallenge = limit_tables.SpentChallenge

ANSWERS = event_tables.ANSWERS
TimelineEntry = event_tables.TimelineEntry
AuditEntry = event_tables.AuditEntry
Alert = event_tables.Alert
Fact = event_tables.Fact

Staff = staff_tables.Staff
StaffSession = staff_tables.StaffSession
StaffInvitation = staff_tables.StaffInvitation

RESULT_STATES = ("accepted", "delivered", "bounced", "complained", "failed", "unknown", "skipped")
"""The states of a mail that became something, by which results are counted."""


class Lead(Table, table=True):
    """A person who asked for the advice; the normalised address is who they are."""

    __table_args__ = (
        partial("ix_lead_erase_at", "erase_at", where="erase_at IS NOT NULL"),
        Index("ix_lead_created_at", "created_at"),
        COUNTED,
    )

    id: int = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True, max_length=22)
    address: str = Field(unique=True, max_length=254)
    first_name: str | None = None
    answers: dict[str, str] = Field(default_factory=dict, sa_type=Json)
    created_at: datetime = Field(sa_type=UtcDateTime)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    erase_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # None: an active follow-up consent keeps it


class Revision(Table, table=True):
    """An immutable published state of a sequence with its mails, the practice, the forms or the service mails."""

    __table_args__ = (
        one_of("kind", "sequence", "practice", "forms", "mails"),
        Index("ix_revision_kind_name_id", "kind", "name", "id"),
    )

    id: int = Field(default=None, primary_key=True)
    kind: str
    name: str
    hash: str
    document: dict[str, Any] = Field(sa_type=Json)  # the parsed model
    compiled: dict[str, Any] = Field(default_factory=dict, sa_type=Json)  # template name -> compiled mail
    source: dict[str, str] = Field(sa_type=Json)  # file name -> its text, byte for byte
    published_at: datetime = Field(sa_type=UtcDateTime)
    published_by: str


class Media(Table, table=True):
    """An image of a published mail. Its name is a hash of its bytes: a row never changes, and old mails keep theirs."""

    __table_args__ = (one_of("kind", "image/png", "image/jpeg", "image/gif"),)

    name: str = Field(primary_key=True)
    kind: str
    data: bytes
    published_at: datetime = Field(sa_type=UtcDateTime)


class Enrolment(Table, table=True):
    """One lead's run through one sequence, on the revision it started with."""

    __table_args__ = (
        one_of("state", "awaiting_confirmation", "active", "finished", "stopped", "expired"),
        partial(
            "uq_enrolment_open", "lead_id", "topic", unique=True, where="state IN ('awaiting_confirmation', 'active')"
        ),
        partial("ix_enrolment_next_at", "next_at", "id", where="state = 'active'"),
        Index("ix_enrolment_sequence_state_lead_id", "sequence", "state", "lead_id"),
        # How many are under way, and where: counted from the index alone.
        partial(
            "ix_enrolment_open",
            *("sequence", "state", "next_step", "sequence_revision_id"),
            where="state IN ('awaiting_confirmation', 'active')",
        ),
        partial("ix_enrolment_paused", "lead_id", where="paused_until IS NOT NULL"),
        # What happened in a stretch of time, counted from the index alone.
        partial("ix_enrolment_confirmed_at", "confirmed_at", "sequence", where="confirmed_at IS NOT NULL"),
        partial("ix_enrolment_goal_at", "goal_at", "sequence", where="goal_at IS NOT NULL"),
        partial("ix_enrolment_ended_at", "ended_at", "sequence", where="ended_at IS NOT NULL"),
        COUNTED,
    )

    id: int = Field(default=None, primary_key=True)
    lead_id: int = Field(foreign_key="lead.id", index=True)
    topic: str
    sequence: str
    sequence_revision_id: int = Field(foreign_key="revision.id")
    state: str
    split_id: str  # decides the variant; stable for a lead
    answers: dict[str, str] = Field(default_factory=dict, sa_type=Json)
    anchor: datetime = Field(sa_type=UtcDateTime)
    next_step: str | None = None
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # by the button; None: not, or not needed
    replied_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # the last mail of the lead's own
    pause_reason: str | None = None
    paused_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    goal_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    end_reason: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)


class OptIn(Table, table=True):
    """One act of submitting the form."""

    __tablename__ = "opt_in"
    __table_args__ = (
        one_of("disposition", "accepted", "capped", "suppressed", "held"),
        UniqueConstraint("lead_id", "idempotency_key"),
        Index("ix_opt_in_created_at", "created_at", "enrolment_id"),
        COUNTED,
    )

    id: int = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True, max_length=22)
    lead_id: int = Field(foreign_key="lead.id", index=True)
    enrolment_id: int | None = Field(default=None, foreign_key="enrolment.id", index=True)
    topic: str
    form: str | None = None
    first_name: str | None = None
    answers: dict[str, str] = Field(default_factory=dict, sa_type=Json)
    follow_up_ticked: bool = False
    consent_version: str | None = None
    source_url: str | None = None
    disposition: str
    idempotency_key: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)


class Message(Table, table=True):
    """One mail. All that its bytes are made of is fixed when the row is made, Date at the first hand-over."""

    __table_args__ = (
        one_of("kind", "advice", "follow_up", "service"),
        one_of(
            "state",
            *("due", "leased", "handed_over", "accepted", "delivered", "bounced", "complained"),
            *("cancelled", "skipped", "held", "failed", "unknown"),
        ),
        # No advice and no follow-up without a consent for that very purpose, of that very lead (a null would skip it).
        ForeignKeyConstraint(
            ["consent_id", "lead_id", "kind"], ["consent.id", "consent.lead_id", "consent.purpose"], name="fk_consent"
        ),
        CheckConstraint("kind = 'service' OR (consent_id IS NOT NULL AND lead_id IS NOT NULL)", name="has_consent"),
        CheckConstraint("kind <> 'service' OR cause IS NOT NULL", name="service_has_cause"),
        CheckConstraint("kind <> 'advice' OR opt_in_id IS NOT NULL", name="advice_has_opt_in"),
        CheckConstraint(
            "kind <> 'follow_up' OR (enrolment_id IS NOT NULL AND step IS NOT NULL)", name="follow_up_has_step"
        ),
        CheckConstraint(
            "(state IN ('leased', 'handed_over')) = (lease_token IS NOT NULL AND lease_until IS NOT NULL)",
            name="lease_fits_state",
        ),
        partial("uq_message_advice", "opt_in_id", unique=True, where="kind = 'advice'"),
        partial("uq_message_follow_up", "enrolment_id", "step", unique=True, where="kind = 'follow_up'"),
        partial("uq_message_service", "cause", "recipient", unique=True, where="kind = 'service'"),
        partial("ix_message_due", "priority", "due_at", "id", where="state = 'due'"),
        partial("ix_message_leased", "lease_until", where="state IN ('leased', 'handed_over')"),
        partial("ix_message_needs_person", "id", where="state IN ('unknown', 'held')"),
        # All that is counted of a mail stands in it: rows are wide, and there may be a million. A mail enters it once.
        partial(
            "ix_message_results",
            *("created_at", "sequence", "step", "template", "state", "settled_at"),
            where=f"sequence IS NOT NULL AND ({either('state', *RESULT_STATES)})",
        ),
        COUNTED,
    )

    id: int = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True, max_length=22)
    kind: str
    lead_id: int | None = Field(default=None, foreign_key="lead.id", index=True)
    opt_in_id: int | None = Field(default=None, foreign_key="opt_in.id", index=True)
    enrolment_id: int | None = Field(default=None, foreign_key="enrolment.id", index=True)
    consent_id: int | None = None
    cause: str | None = None
    sequence: str | None = None
    step: str | None = None
    template: str
    recipient: str
    state: str
    reason: str | None = None
    hold: str | None = None  # which guard holds it: "backlog", "restored"; once staff let it go "approved"; else None
    priority: int  # 0 advice, 1 service, 2 follow-up: lower goes first
    planned_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    not_after: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revision_id: int = Field(foreign_key="revision.id")  # of the sequence, or of the service mails
    practice_revision_id: int = Field(foreign_key="revision.id")
    message_id: str = Field(unique=True)
    boundary: str
    mail_from: str
    reply_to: str | None = None
    content: dict[str, Any] = Field(sa_type=Content)  # the values that fill the template, links included
    lease_token: str | None = None
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)  # real time, never the demo's
    attempts: int = 0
    first_handed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)


class Attempt(Table, table=True):
    """One try to hand a message over. No outcome yet: nobody knows."""

    __table_args__ = (
        one_of("outcome", "accepted", "retry", "invalid", "suppressed", "unknown", "down"),
        partial("ix_attempt_provider_id", "provider_id", where="provider_id IS NOT NULL"),
    )

    id: int = Field(default=None, primary_key=True)
    message_id: int = Field(foreign_key="message.id", index=True)
    token: str = Field(unique=True)
    number: int
    channel: str | None = None  # the way out it went by; None: code of before there were two
    opened_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str | None = None
    stage: str | None = None
    code: int | None = None
    enhanced: str | None = None
    detail: str | None = None
    provider_id: str | None = None


class Suppression(Table, table=True):
    """An address that gets no mail, or no follow-ups. Survives erasing: all it keeps is a keyed hash."""

    __table_args__ = (
        one_of("reason", "unsubscribe", "complaint", "hard_bounce"),
        one_of("scope", "follow_up", "all"),
        UniqueConstraint("address_hmac", "reason"),
    )

    id: int = Field(default=None, primary_key=True)
    address_hmac: str
    reason: str
    scope: str
    until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)


class ErasedToken(Table, table=True):
    """What is left of a link whose lead was erased: enough for a friendly page, and to suppress."""

    __tablename__ = "erased_token"

    public_id: str = Field(primary_key=True, max_length=22)
    address_hmac: str = Field(index=True)
    erased_at: datetime = Field(sa_type=UtcDateTime)
