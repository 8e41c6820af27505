"""What may not be undone by an older backup: every "no", every erasing and who of the staff may not enter any more, as
far as the replaced database still knows.

A practice that restores last night's backup would otherwise mail those who unsubscribed this morning, bring back
those who asked to be forgotten, and let in whoever left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select
from sqlmodel import Session, col
from sqlmodel import select as select_model

from service.domain.lead import SuppressionReason
from service.flows import consent, privacy, settling
from service.flows.services import Services
from service.store import dump, leads
from service.store.staff_tables import Staff
from service.store.tables import ErasedToken, Fact, Lead, Suppression


@dataclass(frozen=True, kw_only=True)
class Noes:
    """Rows of the replaced database, by column."""

    suppressions: Sequence[RowMapping] = ()
    erased: Sequence[RowMapping] = ()
    left: Sequence[RowMapping] = ()  # staff who were removed or locked out


def gather(connection: Connection, suppression_key: str | None) -> Noes:
    """What the database knows now, whatever its schema; nothing where its hashes were made with another key."""
    there = {each.name: each.table for each in dump.tables(connection)}
    if not {"fact", "suppression", "erased_token"} <= there.keys():
        return Noes()
    keys: Any = connection.execute(select_model(Fact.value).where(col(Fact.key) == "keys")).scalar()
    if not keys or keys["suppression"] != suppression_key:
        return Noes()
    left: Sequence[RowMapping] = ()
    if (staff := there.get("staff")) is not None:  # older schemas have none
        out = staff.c.removed_at.is_not(None) | staff.c.disabled_at.is_not(None)
        left = connection.execute(select(staff).where(out)).mappings().all()
    return Noes(
        left=left,
        suppressions=connection.execute(select(there["suppression"])).mappings().all(),
        erased=connection.execute(select(there["erased_token"])).mappings().all(),
    )


def apply(session: Session, services: Services, noes: Noes, now: datetime) -> tuple[int, int]:
    """Suppress and erase in what was restored what the backup did not know of. Returns how many of each."""
    known = {(row.address_hmac, row.reason) for row in session.exec(select_model(Suppression))}
    new = [row for row in noes.suppressions if (row["address_hmac"], row["reason"]) not in known]
    columns = [name for name in Suppression.model_fields if name != "id"]
    session.add_all(Suppression(**{name: row[name] for name in columns}) for row in new)
    session.flush()
    reasons: dict[str, set[str]] = {}
    for row in new:
        reasons.setdefault(row["address_hmac"], set()).add(row["reason"])
    gone = {row["public_id"] for row in noes.erased}
    erased = 0
    for lead in session.exec(select_model(Lead).order_by(col(Lead.id))).all():
        if lead.public_id in gone:
            privacy.erase(session, services, lead.id, "erased before the restore", now)
            erased += 1
        elif found := reasons.get(services.hmac(lead.address)):
            if found == {SuppressionReason.HARD_BOUNCE}:  # she said no to nothing: after its time she may ask again
                leads.lock_one(session, lead.id, services.hmac)
                settling.end_runs_of(session, services, lead.id, now)
            else:
                consent.withdraw(session, services, lead, "no said before the restore", now)
    left = set(session.exec(select_model(ErasedToken.public_id)))
    session.add_all(ErasedToken(**row) for row in noes.erased if row["public_id"] not in left)
    _keep_out(session, noes.left)
    return len(new), erased


def _keep_out(session: Session, left: Sequence[RowMapping]) -> None:
    """Whoever was removed or locked out stays so. A number alone may be somebody else's by now: with when they came."""
    for row in left:
        person = session.get(Staff, row["id"])
        if person is None or person.created_at != row["created_at"]:
            continue
        if row["removed_at"] is not None:
            person.address, person.password_hash, person.removed_at = None, None, row["removed_at"]
            person.totp, person.totp_step, person.recovery = None, None, []
        person.disabled_at = person.disabled_at or row["disabled_at"]
