"""Images of published mails

Revision: 0005, after: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "media",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('image/png', 'image/jpeg', 'image/gif')", name=op.f("ck_media_kind_known")),
        sa.PrimaryKeyConstraint("name", name="pk_media"),
    )


def downgrade() -> None:
    op.drop_table("media")
