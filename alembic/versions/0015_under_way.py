"""Who is under way and what there is to read, counted without reading every run and every press

Revision: 0015, after: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('awaiting_confirmation', 'active')")
ANSWERS = "(kind IN ('replied', 'wrote_untied') OR (kind = 'answered' AND {helped} = 'worse'))"


def upgrade() -> None:
    op.create_index(
        "ix_enrolment_open",
        "enrolment",
        ["sequence", "state", "next_step", "sequence_revision_id"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index(
        "ix_timeline_answers",
        "timeline",
        ["at", "id"],
        sqlite_where=sa.text(ANSWERS.format(helped="json_extract(details, '$.helped')")),
        postgresql_where=sa.text(ANSWERS.format(helped="(details ->> 'helped')")),
    )


def downgrade() -> None:
    op.drop_index("ix_timeline_answers", "timeline")
    op.drop_index("ix_enrolment_open", "enrolment")
