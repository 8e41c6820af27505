"""On SQLite, too, the number of a row that was removed is not given to another one

Revision: 0018, after: 0017

PostgreSQL never gave one twice. Pages that somebody has open, commands, and the causes by which a mail to the practice is
sent once all name a row by its number: https://www.sqlite.org/autoinc.html.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.sqlite_words import rewrite

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_TABLES = ("alert", "booking", "booking_request", "enrolment", "lead", "message", "opt_in")
_PLAIN, _ONCE = "PRIMARY KEY (id)", "PRIMARY KEY (id AUTOINCREMENT)"


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    # SQLite makes the table in which it counts with the first one of this sort, and keeps it.
    connection.execute(sa.text("CREATE TABLE counts (id INTEGER PRIMARY KEY AUTOINCREMENT)"))
    connection.execute(sa.text("DROP TABLE counts"))
    rewrite(
        connection,
        lambda name, sql: sql.replace(_PLAIN, _ONCE) if name in _TABLES else sql,
        otherwise="the number of a row that was removed may be given to another one, as before",
    )
    for table in _TABLES:
        connection.execute(
            sa.text(f"INSERT INTO sqlite_sequence (name, seq) SELECT '{table}', coalesce(max(id), 0) FROM {table}")
        )


def downgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    connection.execute(sa.text("DELETE FROM sqlite_sequence"))
    rewrite(
        connection,
        lambda name, sql: sql.replace(_ONCE, _PLAIN) if name in _TABLES else sql,
        otherwise="numbers go on being given once",
    )
