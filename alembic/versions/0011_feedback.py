"""What came back about our mails, and by which way each try went

Revision: 0011, after: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("attempt", sa.Column("channel", sa.String(), nullable=True))
    known = sa.text("provider_id IS NOT NULL")
    op.create_index("ix_attempt_provider_id", "attempt", ["provider_id"], sqlite_where=known, postgresql_where=known)
    op.create_table(
        "feedback_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("raw_kind", sa.String(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(), nullable=True),
        sa.Column("diagnostic", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name="fk_feedback_event_message_id_message", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_feedback_event"),
        sa.UniqueConstraint("source", "key", name="uq_feedback_event_source_key"),
    )
    op.create_index("ix_feedback_event_kind_at", "feedback_event", ["kind", "at"])
    op.create_index("ix_feedback_event_message_id", "feedback_event", ["message_id"])
    op.create_index("ix_feedback_event_received_at", "feedback_event", ["received_at"])


def downgrade() -> None:
    op.drop_table("feedback_event")
    op.drop_index("ix_attempt_provider_id", table_name="attempt")
    op.drop_column("attempt", "channel")
