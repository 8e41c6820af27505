"""The audit log and the revisions are written once: the database itself refuses to change or to remove a row

Revision: 0003, after: 0002

No code of before changes one, so it runs on unhindered. A later migration that makes either table anew on SQLite
(alembic's batch mode) must make these triggers anew with it.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TABLES = {"audit": "the audit log is append-only", "revision": "a revision never changes"}


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE OR REPLACE FUNCTION nurture_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END$$"
        )
        for table, why in _TABLES.items():
            for name, acts, each in (("change", "UPDATE OR DELETE", "ROW"), ("truncate", "TRUNCATE", "STATEMENT")):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{name} BEFORE {acts} ON {table} "
                    f"FOR EACH {each} EXECUTE FUNCTION nurture_refuse('{why}')"
                )
        return
    for table, why in _TABLES.items():
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} BEGIN SELECT RAISE(ABORT, '{why}'); END"
            )
        # INSERT OR REPLACE would remove the old row without asking the trigger above.
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, '{why}'); END"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in _TABLES:
            for name in ("change", "truncate"):
                op.execute(f"DROP TRIGGER {table}_no_{name} ON {table}")
        op.execute("DROP FUNCTION nurture_refuse()")
        return
    for table in _TABLES:
        for name in ("update", "delete", "replace"):
            op.execute(f"DROP TRIGGER {table}_no_{name}")
