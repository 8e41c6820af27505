"""Erasing an opt-in finds its mails by an index: the check of the reference read every mail there is

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


def downgrade() -> None:
    op.drop_index("ix_message_opt_in_id", "message")
