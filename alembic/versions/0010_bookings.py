"""Appointments and the events that tell of them; what became of a request, and when staff are reminded of it

Revision: 0010, after: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_OUTCOMES = "outcome IN ('booked', 'declined', 'cancelled', 'handled')"


def upgrade() -> None:
    # Nullable, without a default: code of before writes neither. Requests of before are not reminded of.
    with op.batch_alter_table("booking_request") as table:
        table.add_column(sa.Column("outcome", sa.String(), nullable=True))
        table.add_column(sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True))
        table.create_check_constraint(op.f("ck_booking_request_outcome_known"), _OUTCOMES)
    due = sa.text("remind_at IS NOT NULL")
    op.create_index(
        "ix_booking_request_remind_at", "booking_request", ["remind_at"], sqlite_where=due, postgresql_where=due
    )
    op.create_table(
        "booking",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lead_id", sa.Integer(), nullable=True),
        sa.Column("address_hmac", sa.String(), nullable=True),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('booked', 'cancelled', 'moved')", name=op.f("ck_booking_state_known")),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_booking_lead_id_lead", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name="fk_booking_message_id_message", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_booking"),
        sa.UniqueConstraint("source", "external_id", name="uq_booking_source_external_id"),
    )
    unknown = sa.text("address_hmac IS NOT NULL")
    op.create_index(
        "ix_booking_address_hmac", "booking", ["address_hmac"], sqlite_where=unknown, postgresql_where=unknown
    )
    op.create_index("ix_booking_lead_id", "booking", ["lead_id"])
    op.create_index("ix_booking_message_id", "booking", ["message_id"])
    op.create_table(
        "booking_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name="fk_booking_event_booking_id_booking", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_booking_event"),
        sa.UniqueConstraint("source", "key", name="uq_booking_event_source_key"),
    )
    op.create_index("ix_booking_event_at", "booking_event", ["at"])
    op.create_index("ix_booking_event_booking_id", "booking_event", ["booking_id"])


def downgrade() -> None:
    op.drop_table("booking_event")
    op.drop_table("booking")
    op.drop_index("ix_booking_request_remind_at", table_name="booking_request")
    with op.batch_alter_table("booking_request") as table:
        table.drop_constraint(op.f("ck_booking_request_outcome_known"), type_="check")
        table.drop_column("remind_at")
        table.drop_column("outcome")
