"""What came of the mails of a stretch of time, counted without reading the mails themselves

Revision: 0014, after: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BECAME = "'accepted', 'delivered', 'bounced', 'complained', 'failed', 'unknown', 'skipped'"
WHERE = sa.text(f"sequence IS NOT NULL AND state IN ({BECAME})")
RUNS = ("confirmed_at", "goal_at", "ended_at")


def upgrade() -> None:
    op.create_index(
        "ix_message_results",
        "message",
        ["created_at", "sequence", "step", "template", "state", "settled_at"],
        sqlite_where=WHERE,
        postgresql_where=WHERE,
    )
    op.create_index("ix_opt_in_created_at", "opt_in", ["created_at", "enrolment_id"])
    for moment in RUNS:
        there = sa.text(f"{moment} IS NOT NULL")
        op.create_index(
            f"ix_enrolment_{moment}", "enrolment", [moment, "sequence"], sqlite_where=there, postgresql_where=there
        )


def downgrade() -> None:
    for moment in RUNS:
        op.drop_index(f"ix_enrolment_{moment}", "enrolment")
    op.drop_index("ix_opt_in_created_at", "opt_in")
    op.drop_index("ix_message_results", "message")
