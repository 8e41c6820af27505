"""The list of leads: by sequence and state, by who is paused, and by when they came

Revision: 0013, after: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_enrolment_sequence_state_lead_id", "enrolment", ["sequence", "state", "lead_id"])
    paused = sa.text("paused_until IS NOT NULL")
    op.create_index("ix_enrolment_paused", "enrolment", ["lead_id"], sqlite_where=paused, postgresql_where=paused)
    op.create_index("ix_lead_created_at", "lead", ["created_at"])


def downgrade() -> None:
    op.drop_index("ix_lead_created_at", table_name="lead")
    op.drop_index("ix_enrolment_paused", table_name="enrolment")
    op.drop_index("ix_enrolment_sequence_state_lead_id", table_name="enrolment")
