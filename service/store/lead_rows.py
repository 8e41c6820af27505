"""All rows about one lead, for those who may see them: the practice, and the lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, or_
from sqlalchemy import Table as SqlTable
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, func, select

from service.store.tables import Attempt, AuditEntry, BookingRequest, Lead, Message, Table

ERASED = "lead erased"
"""The last entry of the audit log about a lead."""

KEPT_BY_HASH: Mapping[str, str] = MappingProxyType(
    {"suppression": "address_hmac", "erased_token": "address_hmac", "booking": "address_hmac", "cap_hit": "key"}
)
"""Tables that know an address by its keyed hash, and the column it stands in."""

ABOUT_NOBODY: Mapping[str, str] = MappingProxyType(
    {
        "revision": "what staff published",
        "media": "images of published mails",
        "domain_pause": "a keyed hash of a domain, which many share",
        "audit": "who did what; the entries about a lead are picked out by `handled`",
        "alert": "causes that need staff, without names or addresses",
        "fact": "facts about the installation",
        "spent_challenge": "proofs of work that were used, without a word of whose",
        "staff": "who works with the service",
        "staff_session": "in which browsers staff are logged in",
        "staff_invitation": "links by which staff set a password",
    }
)
"""Tables that `everything` passes over, and why."""


def attempts(session: Session, lead_id: int) -> dict[int, list[Attempt]]:
    """message id -> its attempts, oldest first, for every message of a lead."""
    statement = (
        select(Attempt)
        .join(Message, col(Message.id) == Attempt.message_id)
        .where(Message.lead_id == lead_id)
        .order_by(col(Attempt.id))
    )
    found: dict[int, list[Attempt]] = {}
    for attempt in session.exec(statement):
        found.setdefault(attempt.message_id, []).append(attempt)
    return found


def booking_requests(session: Session, lead_id: int) -> Sequence[BookingRequest]:
    """A lead's requests for a pain check, oldest first."""
    statement = select(BookingRequest).where(BookingRequest.lead_id == lead_id).order_by(col(BookingRequest.id))
    return session.exec(statement).all()


def handled(session: Session, lead_id: int) -> Sequence[AuditEntry]:
    """What was done with a lead's data, oldest first: shown to whom, stopped, booked.

    Nothing of who had this id before: SQLite gives the newest out again once its row is gone.
    """
    theirs = col(AuditEntry.details)["lead"].as_integer() == lead_id
    erased = select(func.coalesce(func.max(AuditEntry.id), 0)).where(theirs, AuditEntry.action == ERASED)
    statement = select(AuditEntry).where(theirs, col(AuditEntry.id) > erased.scalar_subquery())
    return session.exec(statement.order_by(col(AuditEntry.id))).all()


def everything(session: Session, lead_id: int, address_hmac: str) -> dict[str, list[dict[str, Any]]]:
    """table -> rows by column: whatever is stored of a lead, in the order it came about.

    That is her own row, all that refers to it (itself, or by way of a row that does), and what is kept under the keyed
    hash of her address. Tables are found by their references, so that a new one comes along by itself.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for table in Table.metadata.sorted_tables:
        mine = _mine(table, found, lead_id, address_hmac)
        if mine is not None:
            statement = sql_select(table).where(mine).order_by(*table.primary_key.columns)
            found[table.name] = [dict(row) for row in session.execute(statement).mappings()]
    return found


def _mine(
    table: SqlTable, found: Mapping[str, list[dict[str, Any]]], lead_id: int, address_hmac: str
) -> ColumnElement[bool] | None:
    """Which rows of a table are about the lead; None where the table holds nothing about anybody."""
    columns = table.columns
    if table.name == Lead.__tablename__:
        return columns["id"] == lead_id
    hashed = columns[KEPT_BY_HASH[table.name]] == address_hmac if table.name in KEPT_BY_HASH else None
    if "lead_id" in columns:
        referring = columns["lead_id"] == lead_id
        return referring if hashed is None else or_(referring, hashed)
    if hashed is not None:
        return hashed
    for key in table.foreign_keys:
        if key.column.table.name in found:
            return key.parent.in_([row[key.column.name] for row in found[key.column.table.name]])
    return None
