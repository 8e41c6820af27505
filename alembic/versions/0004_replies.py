"""When a lead wrote back, for conditions; and what happened to leads by its kind, for the results of mails

Revision: 0004, after: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A column without a default: neither engine rewrites the table, and older code never looks at it.
    op.add_column("enrolment", sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_timeline_kind_at", "timeline", ["kind", "at"])


def downgrade() -> None:
    op.drop_index("ix_timeline_kind_at", table_name="timeline")
    op.drop_column("enrolment", "replied_at")
