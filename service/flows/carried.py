"""What may not be undone by an older backup: every "no", every erasing and who of the staff may not enter any more, as
far as the replaced database still knows. So it is when one goes on with the original of a copy that was in use.

A practice that restores last night's backup would otherwise mail those who unsubscribed this morning, bring back
those who asked to be forgotten, let in whoever left, and show addresses to who may see none any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, select
from sqlmodel import Session, col
from sqlmodel import select as select_model

from service.domain.lead import SuppressionReason
from service.domain.staff import LEVELS, Role
from service.flows import consent, outcomes, privacy
from service.flows.services import Services
from service.store import dump, leads
from service.store.staff_tables import Staff
from service.store.tables import ErasedToken, Fact, Lead, Suppression


@dataclass(frozen=True, kw_only=True)
class Noes:
    """Rows of the replaced database, or of the copy, by column."""

    suppressions: Sequence[RowMapping] = ()
    erased: Sequence[RowMapping] = ()
    staff: Sequence[RowMapping] = ()


def gather(connection: Connection, suppression_key: str | None) -> Noes:
    """What the database knows now, whatever its schema; nothing where its hashes were made with another key."""
    there = {each.name: each.table for each in dump.tables(connection)}
    if not {"fact", "suppression", "erased_token"} <= there.keys():
        return Noes()
    keys: Any = connection.execute(select_model(Fact.value).where(col(Fact.key) == "keys")).scalar()
    if not keys or keys["suppression"] != suppression_key:
        return Noes()
    staff = there.get("staff")  # older schemas have none
    return Noes(
        staff=() if staff is None else connection.execute(select(staff)).mappings().all(),
        suppressions=connection.execute(select(there["suppression"])).mappings().all(),
        erased=connection.execute(select(there["erased_token"])).mappings().all(),
    )


def apply(
    session: Session,
    services: Services,
    noes: Noes,
    now: datetime,
    *,
    said: Literal["before the restore", "in the copy"] = "before the restore",
) -> tuple[int, int]:
    """Suppress and erase in this database what it did not know of. Returns how many of each."""
    new = _suppress(session, noes.suppressions)
    reasons: dict[str, set[str]] = {}
    for row in new:
        reasons.setdefault(row["address_hmac"], set()).add(row["reason"])
    gone = {row["public_id"] for row in noes.erased}
    erase: list[int] = []
    stop: dict[int, set[str]] = {}
    for lead_id, public_id, address in session.exec(
        select_model(Lead.id, Lead.public_id, Lead.address).order_by(col(Lead.id))
    ):
        if public_id in gone:
            erase.append(lead_id)
        elif found := reasons.get(services.hmac(address)):
            stop[lead_id] = found
    for lead_id in erase:
        privacy.erase(session, services, lead_id, f"erased {said}", now)
    for lead_id, found in stop.items():
        lead = leads.lock_one(session, lead_id, services.hmac)
        if found == {SuppressionReason.HARD_BOUNCE}:  # she said no to nothing: after its time she may ask again
            outcomes.end_runs_of(session, services, lead_id, now)
        else:
            consent.withdraw(session, services, lead, f"no said {said}", now)
    left = set(session.exec(select_model(ErasedToken.public_id)))
    session.add_all(ErasedToken(**row) for row in noes.erased if row["public_id"] not in left)
    _keep_out(session, noes.staff)
    return len(new), len(erase)


def _suppress(session: Session, rows: Sequence[RowMapping]) -> list[RowMapping]:
    """Returns those that were not known, or not for so long."""
    known = {(row.address_hmac, row.reason): row for row in session.exec(select_model(Suppression))}
    columns = [name for name in Suppression.model_fields if name != "id"]
    new = []
    for row in rows:
        here = known.get((row["address_hmac"], row["reason"]))
        if here is None:
            session.add(Suppression(**{name: row[name] for name in columns}))
        elif here.until is not None and (row["until"] is None or row["until"] > here.until):
            here.until = row["until"]
        else:
            continue
        new.append(row)
    session.flush()
    return new


def _keep_out(session: Session, staff: Sequence[RowMapping]) -> None:
    """Whoever was removed or locked out stays so, and has no more rights than they were left with. A number alone may
    be somebody else's by now: with when they came."""
    for row in staff:
        person = session.get(Staff, row["id"])
        if person is None or person.created_at != row["created_at"]:
            continue
        if row["removed_at"] is not None:
            person.address, person.password_hash, person.removed_at = None, None, row["removed_at"]
            person.totp, person.totp_step, person.recovery = None, None, []
        person.disabled_at = person.disabled_at or row["disabled_at"]
        person.role = min(person.role, row["role"], key=lambda role: LEVELS[Role(role)])
