"""A receipt of each consent given and withdrawn, in a chain that the database itself lets nobody change

Those that there are already get theirs here. Code of before writes none while it runs on; ours makes up for it within
a day. A lead's receipts are blanked when the lead is deleted, by whatever code. A later migration that makes `lead` or
`receipt` anew on SQLite (alembic's batch mode) must make these triggers anew with it.

Revision: 0007, after: 0006
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_WHY = "a consent receipt never changes"
_PERSONAL = ("lead_id", "consent_id", "document", "salt")
_BLANK = f"UPDATE receipt SET {', '.join(f'{name} = NULL' for name in _PERSONAL)}"
_BATCH = 500


def upgrade() -> None:
    op.create_table(
        "receipt",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=True),
        sa.Column("consent_id", sa.Integer(), nullable=True),
        sa.Column("document", sa.String(), nullable=True),
        sa.Column("salt", sa.String(), nullable=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("chain", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('given', 'withdrawn')", name=op.f("ck_receipt_kind_known")),
        sa.CheckConstraint(
            "(document IS NULL) = (salt IS NULL) AND (document IS NULL) = (lead_id IS NULL) "
            "AND (document IS NULL) = (consent_id IS NULL)",
            name=op.f("ck_receipt_whole_or_blanked"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_receipt"),
        sa.UniqueConstraint("consent_id", "kind", name="uq_receipt_consent_id_kind"),
    )
    op.create_index("ix_receipt_lead_id", "receipt", ["lead_id"])
    _write_those_of_before(op.get_bind())
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()
    # Whoever was erased after we read of her, and before the trigger took `lead`: nothing else would blank hers.
    op.execute(f"{_BLANK} WHERE lead_id NOT IN (SELECT id FROM lead)")


def _guard_sqlite() -> None:
    # Blanking takes all that is personal at once, from a row that has it, and leaves the rest as it is.
    allowed = " AND ".join(
        [
            "OLD.document IS NOT NULL",
            *(f"NEW.{name} IS NULL" for name in _PERSONAL),
            *(f"NEW.{name} IS OLD.{name}" for name in ("id", "kind", "digest", "chain")),
        ]
    )
    for act, when in (
        ("UPDATE", f"WHEN NOT ({allowed})"),
        ("DELETE", ""),
        # INSERT OR REPLACE would remove the old row without asking the trigger above.
        (
            "INSERT",
            "WHEN EXISTS (SELECT 1 FROM receipt WHERE id = NEW.id OR (consent_id = NEW.consent_id AND kind = NEW.kind))",
        ),
    ):
        op.execute(
            f"CREATE TRIGGER receipt_no_{act.lower()} BEFORE {act} ON receipt {when} "
            f"BEGIN SELECT RAISE(ABORT, '{_WHY}'); END"
        )
    op.execute(f"CREATE TRIGGER lead_blanks_receipts AFTER DELETE ON lead BEGIN {_BLANK} WHERE lead_id = OLD.id; END")


def _guard_postgresql() -> None:
    op.execute(
        "CREATE OR REPLACE FUNCTION nurture_guard_receipt() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN "
        "IF TG_OP = 'UPDATE' AND OLD.document IS NOT NULL "
        f"AND {' AND '.join(f'NEW.{name} IS NULL' for name in _PERSONAL)} "
        "AND (NEW.id, NEW.kind, NEW.digest, NEW.chain) = (OLD.id, OLD.kind, OLD.digest, OLD.chain) "
        f"THEN RETURN NEW; END IF; RAISE EXCEPTION '{_WHY}' USING ERRCODE = 'integrity_constraint_violation'; END$$"
    )
    for name, acts, each in (("change", "UPDATE OR DELETE", "ROW"), ("truncate", "TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER receipt_no_{name} BEFORE {acts} ON receipt "
            f"FOR EACH {each} EXECUTE FUNCTION nurture_guard_receipt()"
        )
    op.execute(
        "CREATE OR REPLACE FUNCTION nurture_blank_receipts() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN {_BLANK} WHERE lead_id = OLD.id; RETURN NULL; END$$"
    )
    op.execute(
        "CREATE TRIGGER lead_blanks_receipts AFTER DELETE ON lead FOR EACH ROW EXECUTE FUNCTION nurture_blank_receipts()"
    )


def _write_those_of_before(connection: sa.Connection) -> None:
    """In the order in which they came about; a consent before the withdrawals of that very moment."""
    receipt = sa.table(
        "receipt",
        *(sa.column(name) for name in ("id", "kind", "lead_id", "consent_id", "document", "salt", "digest", "chain")),
    )
    chain, rows = "0" * 64, []
    for position, facts in enumerate(_evidence(connection), start=1):
        salt, document = (
            secrets.token_hex(16),
            json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
        )
        digest = hashlib.sha256(bytes.fromhex(salt) + document.encode()).hexdigest()
        chain = hashlib.sha256(f"{chain}:{position}:{facts['kind']}:{digest}".encode()).hexdigest()
        rows.append(
            {"id": position, "kind": facts["kind"], "lead_id": facts["lead"], "consent_id": facts["consent"]}
            | {"document": document, "salt": salt, "digest": digest, "chain": chain}
        )
        if len(rows) == _BATCH:
            connection.execute(receipt.insert(), rows)
            rows = []
    if rows:
        connection.execute(receipt.insert(), rows)


def _evidence(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    moment = sa.DateTime(timezone=True)
    order = sa.text(
        "SELECT given_at AS at, 'given' AS kind, id AS consent FROM consent "
        "UNION ALL SELECT at, 'withdrawn', consent_id FROM withdrawal ORDER BY 1, 2, 3"
    )
    given = sa.text(
        "SELECT consent.id AS consent, consent.lead_id AS lead, address, purpose, source, effective, version, wording, "
        "topic, form, opt_in.source_url AS page, follow_up_ticked, opt_in.created_at AS asked_at, given_at AS at "
        "FROM consent JOIN opt_in ON opt_in.id = opt_in_id JOIN lead ON lead.id = consent.lead_id WHERE consent.id = :id"
    ).columns(effective=sa.Boolean(), follow_up_ticked=sa.Boolean(), asked_at=moment, at=moment)
    withdrawn = sa.text(
        "SELECT consent_id AS consent, withdrawal.lead_id AS lead, address, purpose, withdrawal.source AS source, "
        "withdrawal.at AS at FROM withdrawal JOIN consent ON consent.id = consent_id "
        "JOIN lead ON lead.id = withdrawal.lead_id WHERE consent_id = :id"
    ).columns(at=moment)
    for _, kind, consent in connection.execute(order).all():
        found = connection.execute(given if kind == "given" else withdrawn, {"id": consent}).mappings().first()
        if found is None:
            continue  # erased since we began
        times = {name: _utc(found[name]) for name in ("asked_at", "at") if name in found}
        yield {"kind": kind, **found, **times}


def _utc(moment: datetime) -> str:
    return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)).isoformat()


def downgrade() -> None:
    op.execute("DROP TRIGGER lead_blanks_receipts" + (" ON lead" if op.get_bind().dialect.name == "postgresql" else ""))
    op.drop_table("receipt")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION nurture_guard_receipt()")
        op.execute("DROP FUNCTION nurture_blank_receipts()")
