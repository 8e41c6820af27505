"""On SQLite what is one word among several is found without a table that is made anew for each row

Revision: 0017, after: 0016

The words stay what they were, and so does PostgreSQL, which never made one. What is in tables and indexes does not
change, so none is copied or built again: https://www.sqlite.org/lang_altertable.html, section 7, the second procedure.
A SQLite that does not let its schema be written keeps its words: they say the same.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_WORD = "'[a-z0-9_/]+'"
_IN = re.compile(rf"(CHECK \(|AND )(\w+) IN \(({_WORD}(?:, {_WORD})*)\)")
_EITHER = re.compile(rf"(CHECK |AND )\((\w+) = {_WORD}(?: OR \2 = {_WORD})*\)")
log = logging.getLogger("alembic.runtime.migration")


def upgrade() -> None:
    _rewrite(_IN, _either)


def downgrade() -> None:
    _rewrite(_EITHER, _one_of)


def _either(found: re.Match[str]) -> str:
    """Of what a table checks, or what an index of some rows asks of them."""
    words = " OR ".join(f"{found[2]} = {word}" for word in found[3].split(", "))
    return f"AND ({words})" if found[1] == "AND " else f"CHECK ({words}"


def _one_of(found: re.Match[str]) -> str:
    words = f"{found[2]} IN ({', '.join(re.findall(_WORD, found[0]))})"
    return f"AND {words}" if found[1] == "AND " else f"CHECK ({words})"


def _rewrite(form: re.Pattern[str], made: Callable[[re.Match[str]], str]) -> None:
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    whole = connection.execute(
        sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'table' OR name = 'ix_message_results'")
    ).all()
    version = connection.execute(sa.text("PRAGMA schema_version")).scalar_one()
    change = sa.text("UPDATE sqlite_master SET sql = :sql WHERE name = :name")
    connection.execute(sa.text("PRAGMA writable_schema = ON"))
    try:
        for name, sql in whole:
            if (new := form.sub(made, sql or "")) != (sql or ""):
                connection.execute(change, {"name": name, "sql": new})
        connection.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))  # other connections read it again
    except sa.exc.DatabaseError as error:
        if getattr(error.orig, "sqlite_errorcode", None) not in {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_AUTH}:
            raise  # not refused, but failed: SQLite may have ended the transaction
        log.warning("the checks of the tables stay as they were: %s", error.orig)
    connection.execute(sa.text("PRAGMA writable_schema = RESET"))  # and so does this one
