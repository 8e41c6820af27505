"""Erasing an opt-in and a mail finds what refers to them by an index: the check read whole tables

Revision: 0016, after: 0015
"""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_message_opt_in_id", "message", ["opt_in_id"])
    op.create_index("ix_booking_request_from_message_id", "booking_request", ["from_message_id"])


def downgrade() -> None:
    op.drop_index("ix_booking_request_from_message_id", "booking_request")
    op.drop_index("ix_message_opt_in_id", "message")
