"""The first schema

Revision: 0001, after: none
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("dutch", sa.String(), nullable=False),
        sa.Column("english", sa.String(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_alert"),
    )
    op.create_index(
        "uq_alert_open",
        "alert",
        ["cause"],
        unique=True,
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    )

    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_table(
        "cap_hit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cap_hit"),
    )
    op.create_index("ix_cap_hit_scope_key_at", "cap_hit", ["scope", "key", "at"], unique=False)

    op.create_table(
        "erased_token",
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("address_hmac", sa.String(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("public_id", name="pk_erased_token"),
    )
    op.create_table(
        "fact",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", JSON, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_fact"),
    )
    op.create_table(
        "lead",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("first_name", sa.String(), nullable=True),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erase_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_lead"),
        sa.UniqueConstraint("address", name="uq_lead_address"),
        sa.UniqueConstraint("public_id", name="uq_lead_public_id"),
    )
    op.create_index(
        "ix_lead_erase_at",
        "lead",
        ["erase_at"],
        unique=False,
        sqlite_where=sa.text("erase_at IS NOT NULL"),
        postgresql_where=sa.text("erase_at IS NOT NULL"),
    )

    op.create_table(
        "revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("document", JSON, nullable=False),
        sa.Column("compiled", JSON, nullable=False),
        sa.Column("source", JSON, nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('sequence', 'practice', 'forms', 'mails')", name=op.f("ck_revision_kind_known")),
        sa.PrimaryKeyConstraint("id", name="pk_revision"),
    )
    op.create_index("ix_revision_kind_name_id", "revision", ["kind", "name", "id"], unique=False)

    op.create_table(
        "suppression",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address_hmac", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "reason IN ('unsubscribe', 'complaint', 'hard_bounce')", name=op.f("ck_suppression_reason_known")
        ),
        sa.CheckConstraint("scope IN ('follow_up', 'all')", name=op.f("ck_suppression_scope_known")),
        sa.PrimaryKeyConstraint("id", name="pk_suppression"),
        sa.UniqueConstraint("address_hmac", "reason", name="uq_suppression_address_hmac_reason"),
    )
    op.create_table(
        "enrolment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("sequence", sa.String(), nullable=False),
        sa.Column("sequence_revision_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("split_id", sa.String(), nullable=False),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("anchor", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_step", sa.String(), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pause_reason", sa.String(), nullable=True),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("goal_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('awaiting_confirmation', 'active', 'finished', 'stopped', 'expired')",
            name=op.f("ck_enrolment_state_known"),
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_enrolment_lead_id_lead"),
        sa.ForeignKeyConstraint(
            ["sequence_revision_id"], ["revision.id"], name="fk_enrolment_sequence_revision_id_revision"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_enrolment"),
    )
    op.create_index("ix_enrolment_lead_id", "enrolment", ["lead_id"], unique=False)
    op.create_index(
        "ix_enrolment_next_at",
        "enrolment",
        ["next_at", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_index(
        "uq_enrolment_open",
        "enrolment",
        ["lead_id", "topic"],
        unique=True,
        sqlite_where=sa.text("state IN ('awaiting_confirmation', 'active')"),
        postgresql_where=sa.text("state IN ('awaiting_confirmation', 'active')"),
    )

    op.create_table(
        "timeline",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_timeline_lead_id_lead"),
        sa.PrimaryKeyConstraint("id", name="pk_timeline"),
    )
    op.create_index("ix_timeline_lead_id", "timeline", ["lead_id"], unique=False)

    op.create_table(
        "opt_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=True),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=True),
        sa.Column("first_name", sa.String(), nullable=True),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("follow_up_ticked", sa.Boolean(), nullable=False),
        sa.Column("consent_version", sa.String(), nullable=True),
        sa.Column("source_url", sa.String(), nullable=True),
        sa.Column("disposition", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "disposition IN ('accepted', 'capped', 'suppressed', 'held')", name=op.f("ck_opt_in_disposition_known")
        ),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name="fk_opt_in_enrolment_id_enrolment"),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_opt_in_lead_id_lead"),
        sa.PrimaryKeyConstraint("id", name="pk_opt_in"),
        sa.UniqueConstraint("lead_id", "idempotency_key", name="uq_opt_in_lead_id_idempotency_key"),
        sa.UniqueConstraint("public_id", name="uq_opt_in_public_id"),
    )
    op.create_index("ix_opt_in_enrolment_id", "opt_in", ["enrolment_id"], unique=False)
    op.create_index("ix_opt_in_lead_id", "opt_in", ["lead_id"], unique=False)

    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("opt_in_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("effective", sa.Boolean(), nullable=False),
        sa.Column("version", sa.String(), nullable=True),
        sa.Column("wording", sa.String(), nullable=True),
        sa.Column("forms_revision_id", sa.Integer(), nullable=True),
        sa.Column("source_url", sa.String(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("purpose IN ('advice', 'follow_up')", name=op.f("ck_consent_purpose_known")),
        sa.CheckConstraint("source IN ('form', 'confirmation')", name=op.f("ck_consent_source_known")),
        sa.ForeignKeyConstraint(["forms_revision_id"], ["revision.id"], name="fk_consent_forms_revision_id_revision"),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_consent_lead_id_lead"),
        sa.ForeignKeyConstraint(["opt_in_id"], ["opt_in.id"], name="fk_consent_opt_in_id_opt_in"),
        sa.PrimaryKeyConstraint("id", name="pk_consent"),
        sa.UniqueConstraint("id", "lead_id", "purpose", name="uq_consent_id_lead_id_purpose"),
    )
    op.create_index("ix_consent_lead_id", "consent", ["lead_id"], unique=False)
    op.create_index("ix_consent_opt_in_id", "consent", ["opt_in_id"], unique=False)

    op.create_table(
        "message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=True),
        sa.Column("opt_in_id", sa.Integer(), nullable=True),
        sa.Column("enrolment_id", sa.Integer(), nullable=True),
        sa.Column("consent_id", sa.Integer(), nullable=True),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("sequence", sa.String(), nullable=True),
        sa.Column("step", sa.String(), nullable=True),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("practice_revision_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("boundary", sa.String(), nullable=False),
        sa.Column("mail_from", sa.String(), nullable=False),
        sa.Column("reply_to", sa.String(), nullable=True),
        sa.Column("content", JSON, nullable=False),
        sa.Column("lease_token", sa.String(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("first_handed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state IN ('leased', 'handed_over')) = (lease_token IS NOT NULL AND lease_until IS NOT NULL)",
            name=op.f("ck_message_lease_fits_state"),
        ),
        sa.CheckConstraint("kind <> 'advice' OR opt_in_id IS NOT NULL", name=op.f("ck_message_advice_has_opt_in")),
        sa.CheckConstraint(
            "kind <> 'follow_up' OR (enrolment_id IS NOT NULL AND step IS NOT NULL)",
            name=op.f("ck_message_follow_up_has_step"),
        ),
        sa.CheckConstraint("kind <> 'service' OR cause IS NOT NULL", name=op.f("ck_message_service_has_cause")),
        sa.CheckConstraint(
            "kind = 'service' OR (consent_id IS NOT NULL AND lead_id IS NOT NULL)", name=op.f("ck_message_has_consent")
        ),
        sa.CheckConstraint("kind IN ('advice', 'follow_up', 'service')", name=op.f("ck_message_kind_known")),
        sa.CheckConstraint(
            "state IN ('due', 'leased', 'handed_over', 'accepted', 'delivered', 'bounced', 'complained', 'cancelled', 'skipped', 'held', 'failed', 'unknown')",
            name=op.f("ck_message_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["consent_id", "lead_id", "kind"], ["consent.id", "consent.lead_id", "consent.purpose"], name="fk_consent"
        ),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name="fk_message_enrolment_id_enrolment"),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_message_lead_id_lead"),
        sa.ForeignKeyConstraint(["opt_in_id"], ["opt_in.id"], name="fk_message_opt_in_id_opt_in"),
        sa.ForeignKeyConstraint(
            ["practice_revision_id"], ["revision.id"], name="fk_message_practice_revision_id_revision"
        ),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name="fk_message_revision_id_revision"),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
        sa.UniqueConstraint("message_id", name="uq_message_message_id"),
        sa.UniqueConstraint("public_id", name="uq_message_public_id"),
    )
    op.create_index(
        "ix_message_due",
        "message",
        ["priority", "due_at", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'due'"),
        postgresql_where=sa.text("state = 'due'"),
    )
    op.create_index("ix_message_enrolment_id", "message", ["enrolment_id"], unique=False)
    op.create_index("ix_message_lead_id", "message", ["lead_id"], unique=False)
    op.create_index(
        "ix_message_leased",
        "message",
        ["lease_until"],
        unique=False,
        sqlite_where=sa.text("state IN ('leased', 'handed_over')"),
        postgresql_where=sa.text("state IN ('leased', 'handed_over')"),
    )
    op.create_index(
        "ix_message_needs_person",
        "message",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state IN ('unknown', 'held')"),
        postgresql_where=sa.text("state IN ('unknown', 'held')"),
    )
    op.create_index(
        "uq_message_advice",
        "message",
        ["opt_in_id"],
        unique=True,
        sqlite_where=sa.text("kind = 'advice'"),
        postgresql_where=sa.text("kind = 'advice'"),
    )
    op.create_index(
        "uq_message_follow_up",
        "message",
        ["enrolment_id", "step"],
        unique=True,
        sqlite_where=sa.text("kind = 'follow_up'"),
        postgresql_where=sa.text("kind = 'follow_up'"),
    )
    op.create_index(
        "uq_message_service",
        "message",
        ["cause", "recipient"],
        unique=True,
        sqlite_where=sa.text("kind = 'service'"),
        postgresql_where=sa.text("kind = 'service'"),
    )

    op.create_table(
        "withdrawal",
        sa.Column("consent_id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name="fk_withdrawal_consent_id_consent"),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_withdrawal_lead_id_lead"),
        sa.PrimaryKeyConstraint("consent_id", name="pk_withdrawal"),
    )
    op.create_index("ix_withdrawal_lead_id", "withdrawal", ["lead_id"], unique=False)

    op.create_table(
        "attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("stage", sa.String(), nullable=True),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("enhanced", sa.String(), nullable=True),
        sa.Column("detail", sa.String(), nullable=True),
        sa.Column("provider_id", sa.String(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('accepted', 'retry', 'invalid', 'suppressed', 'unknown', 'down')",
            name=op.f("ck_attempt_outcome_known"),
        ),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name="fk_attempt_message_id_message"),
        sa.PrimaryKeyConstraint("id", name="pk_attempt"),
        sa.UniqueConstraint("token", name="uq_attempt_token"),
    )
    op.create_index("ix_attempt_message_id", "attempt", ["message_id"], unique=False)

    op.create_table(
        "booking_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=True),
        sa.Column("from_message_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("preferred", JSON, nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["from_message_id"], ["message.id"], name="fk_booking_request_from_message_id_message"),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_booking_request_lead_id_lead"),
        sa.PrimaryKeyConstraint("id", name="pk_booking_request"),
    )
    op.create_index("ix_booking_request_lead_id", "booking_request", ["lead_id"], unique=False)
    op.create_index(
        "ix_booking_request_open",
        "booking_request",
        ["lead_id"],
        unique=False,
        sqlite_where=sa.text("handled_at IS NULL"),
        postgresql_where=sa.text("handled_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("booking_request")
    op.drop_table("attempt")
    op.drop_table("withdrawal")
    op.drop_table("message")
    op.drop_table("consent")
    op.drop_table("opt_in")
    op.drop_table("timeline")
    op.drop_table("enrolment")
    op.drop_table("suppression")
    op.drop_table("revision")
    op.drop_table("lead")
    op.drop_table("fact")
    op.drop_table("erased_token")
    op.drop_table("cap_hit")
    op.drop_table("audit")
    op.drop_table("alert")
