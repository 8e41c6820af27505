"""When a lead wrote back and whether she pressed the button, for conditions; and what happened by its kind, for results

Code of before noted `confirmed_at` also where a ticked box was enough. It is kept where a press stands behind it.

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
    op.execute(
        "UPDATE enrolment SET confirmed_at = NULL WHERE confirmed_at IS NOT NULL AND NOT EXISTS ("
        "SELECT 1 FROM opt_in JOIN consent ON consent.opt_in_id = opt_in.id "
        "WHERE opt_in.enrolment_id = enrolment.id AND consent.source = 'confirmation')"
    )


def downgrade() -> None:
    op.drop_index("ix_timeline_kind_at", table_name="timeline")
    op.drop_column("enrolment", "replied_at")
