"""On SQLite what is one word among several is found without a table that is made anew for each row

Revision: 0017, after: 0016

The words stay what they were, and so does PostgreSQL, which never made one. What is in tables and indexes does not
change, so none is copied or built again (`service/store/sqlite_words.py`). A SQLite that does not let its schema be
written keeps its words: they say the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from alembic import op

from service.store.sqlite_words import rewrite

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_WORD = "'[a-z0-9_/]+'"
_IN = re.compile(rf"(CHECK \(|AND )(\w+) IN \(({_WORD}(?:, {_WORD})*)\)")
_EITHER = re.compile(rf"(CHECK |AND )\((\w+) = {_WORD}(?: OR \2 = {_WORD})*\)")


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
    if connection.dialect.name == "sqlite":
        rewrite(
            connection,
            lambda name, sql: form.sub(made, sql) if _is_meant(name, sql) else sql,
            otherwise="the checks of the tables stay as they were",
        )


def _is_meant(name: str, sql: str) -> bool:
    return sql.startswith("CREATE TABLE") or name == "ix_message_results"
