"""What the guards of the ledger keep: which of them holds a mail, and which domains turned us away

Revision: 0002, after: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A column without a default: neither engine rewrites the table, and older code never looks at it.
    op.add_column("message", sa.Column("hold", sa.String(), nullable=True))
    op.create_table(
        "domain_pause",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("strikes", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_domain_pause"),
    )


def downgrade() -> None:
    op.drop_table("domain_pause")
    op.drop_column("message", "hold")
