"""Run by `nurture migrate` (service/store/schema.py), which brings a connection with the lock already held."""

from __future__ import annotations

from alembic import context

from service.store.tables import Table

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Table.metadata,
    # SQLite cannot alter a table in place: batch mode copies it.
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
