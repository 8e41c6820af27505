"""On SQLite what is one word among several is found without a table that is made anew for each row

Revision: 0017, after: 0016

The words stay what they were, and so does PostgreSQL, which never made one. What is in the tables does not change, so
they are not copied: https://www.sqlite.org/lang_altertable.html, section 7, the second procedure. A SQLite that does
not let its schema be written has its checks as they were: they say the same.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_WORD = "'[a-z0-9_/]+'"
_IN = re.compile(rf"CHECK \((\w+) IN \(({_WORD}(?:, {_WORD})*)\)\)")
_EITHER = re.compile(rf"CHECK \((\w+) = {_WORD}(?: OR \1 = {_WORD})*\)")
_RESULTS = ("accepted", "delivered", "bounced", "complained", "failed", "unknown", "skipped")
log = logging.getLogger("alembic.runtime.migration")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _checks(_IN, lambda found: f"CHECK ({_either(found[1], found[2].split(', '))})")
        _results(_either("state", [f"'{state}'" for state in _RESULTS]))


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _checks(_EITHER, lambda found: f"CHECK ({found[1]} IN ({', '.join(re.findall(_WORD, found[0]))}))")
        _results(f"state IN ({', '.join(repr(state) for state in _RESULTS)})")


def _either(column: str, words: Iterable[str]) -> str:
    return " OR ".join(f"{column} = {word}" for word in words)


def _results(became: str) -> None:
    op.drop_index("ix_message_results", "message")
    columns = ["created_at", "sequence", "step", "template", "state", "settled_at"]
    where = sa.text(f"sequence IS NOT NULL AND ({became})")
    op.create_index("ix_message_results", "message", columns, sqlite_where=where)


def _checks(form: re.Pattern[str], made: Callable[[re.Match[str]], str]) -> None:
    connection = op.get_bind()
    tables = connection.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")).all()
    version = connection.execute(sa.text("PRAGMA schema_version")).scalar_one()
    change = sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :name")
    connection.execute(sa.text("PRAGMA writable_schema = ON"))
    try:
        for name, sql in tables:
            if (new := form.sub(made, sql or "")) != (sql or ""):
                connection.execute(change, {"name": name, "sql": new})
        connection.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))  # other connections read it again
    except sa.exc.DatabaseError as error:
        log.warning("the checks of the tables stay as they were: %s", error.orig)
    connection.execute(sa.text("PRAGMA writable_schema = RESET"))  # and so does this one
