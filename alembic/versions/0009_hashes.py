"""What is left of erased leads found by the hash of an address: for erasing again, and for all that is held

Revision: 0009, after: 0007
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_erased_token_address_hmac", "erased_token", ["address_hmac"])


def downgrade() -> None:
    op.drop_index("ix_erased_token_address_hmac", table_name="erased_token")
