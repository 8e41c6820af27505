"""Leads, their opt-ins and what happened to them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select as sql_select
from sqlalchemy import text
from sqlmodel import Session, col, func, or_, select

from service.errors import NotFoundError
from service.store import new_rows
from service.store.db import take_locks
from service.store.quick import among, run
from service.store.schema_words import core
from service.store.tables import BookingRequest, ErasedToken, Lead, Message, OptIn, TimelineEntry

HER_WORDS, HER_WORSE = "reply:", "worse:"
"""The causes of mails that bring a lead's own words to the practice, or that she feels worse, begin so."""
_LOCKED = (
    select(Lead)
    .where(among(col(Lead.id), "ids"))
    .order_by(col(Lead.id))
    .with_for_update(key_share=True)  # FOR NO KEY UPDATE: rows that refer to a lead may still be inserted
    .execution_options(populate_existing=True)
)
_FREE_HASHES = text(
    "SELECT hash FROM unnest(CAST(:hashes AS text[])) AS hash "
    "WHERE pg_try_advisory_xact_lock(hashtextextended('suppression:' || hash, 0))"
)
_HOLD = (
    sql_select(core(Lead).c.id)
    .where(among(core(Lead).c.id, "ids"))
    .order_by(core(Lead).c.id)
    .with_for_update(key_share=True)
)
# Made once, as the one above: to put a statement together takes longer than to run it.
_ROWS = core(Lead).columns
_IDS_BY_ADDRESS = sql_select(_ROWS.id, _ROWS.address).where(among(_ROWS.address, "addresses"))


def by_address(session: Session, address: str) -> Lead | None:
    """The lead of a normalised address."""
    return session.exec(select(Lead).where(Lead.address == address)).first()


def ids_by_address(session: Session, addresses: Collection[str]) -> dict[str, int]:
    """Normalised address -> lead id, of those that are leads; without looking at the leads."""
    return {row.address: row.id for row in run(session, _IDS_BY_ADDRESS, {"addresses": sorted(addresses)})}


def addresses(session: Session, lead_ids: Iterable[int]) -> Sequence[str]:
    """The addresses of these leads, in no order; one that was erased has none."""
    return session.exec(select(Lead.address).where(col(Lead.id).in_(sorted(set(lead_ids))))).all()


def opt_ins_by_ids(session: Session, ids: Iterable[int]) -> dict[int, OptIn]:
    """id -> opt-in, of those that are there."""
    found = session.exec(select(OptIn).where(col(OptIn.id).in_(sorted(set(ids)))))
    return {each.id: each for each in found}


def by_hmac(session: Session, address_hmac: str, hmac: Callable[[str], str]) -> Lead | None:
    """The lead whose address has this keyed hash. Looks at every address, so it is for what happens rarely."""
    addresses = session.exec(select(Lead.address))
    found = next((each for each in addresses if hmac(each) == address_hmac), None)
    return by_address(session, found) if found else None


def by_public_id(session: Session, public_id: str) -> Lead | None:
    """The lead a link of purpose u or p was made for."""
    return session.exec(select(Lead).where(Lead.public_id == public_id)).first()


def opt_in_by_public_id(session: Session, public_id: str) -> OptIn | None:
    """The opt-in a confirmation link was made for."""
    return session.exec(select(OptIn).where(OptIn.public_id == public_id)).first()


def erased(session: Session, public_id: str) -> ErasedToken | None:
    """What is left of a link, of any purpose, whose lead was erased."""
    return session.get(ErasedToken, public_id)


def lock(session: Session, lead_ids: Iterable[int], address_hmacs: Iterable[str]) -> dict[int, Lead]:
    """Take these leads and suppression hashes until the transaction ends; what is read after it is settled.

    Everybody who withdraws, plans or settles comes through here, in one order (leads by id, then hashes), so that they
    are one after the other and never deadlock. Who hands over takes only what is free (`outbox.free`, `hashes_free`).
    SQLite's one writer does the same.
    """
    wanted = sorted(set(lead_ids))
    leads = {lead.id: lead for lead in session.exec(_LOCKED, params={"ids": wanted})} if wanted else {}
    take_locks(session, [f"suppression:{hmac}" for hmac in address_hmacs])
    return leads


def hold(session: Session, lead_ids: Iterable[int], address_hmacs: Iterable[str]) -> None:
    """As `lock`, for who need not look at them."""
    run(session, _HOLD, {"ids": sorted(set(lead_ids))})
    take_locks(session, [f"suppression:{hmac}" for hmac in address_hmacs])


def hashes_free(session: Session, address_hmacs: Iterable[str]) -> frozenset[str]:
    """Those suppression hashes that nobody else has, taken until the transaction ends; on PostgreSQL alone."""
    return frozenset(session.execute(_FREE_HASHES, {"hashes": sorted(set(address_hmacs))}).scalars())


def lock_one(session: Session, lead_id: int, hmac: Callable[[str], str]) -> Lead:
    """Take one lead, with the suppression hash of its address. NotFoundError when it was erased meanwhile."""
    known = session.get(Lead, lead_id)
    found = lock(session, [lead_id], [hmac(known.address)]) if known else {}
    if lead_id not in found:
        raise NotFoundError("this lead was erased", "We hebben geen gegevens meer van je.")
    return found[lead_id]


def note(session: Session, lead_id: int, kind: str, now: datetime, **details: Any) -> None:
    """Keep what happened, for "why did she get this?"."""
    note_all(session, [(lead_id, kind, details)], now)


def note_all(session: Session, happened: Iterable[tuple[int, str, Mapping[str, Any]]], now: datetime) -> None:
    """As `note`, in one statement: for each a lead's id, the kind, and its details."""
    rows = ({"lead_id": lead, "kind": kind, "details": details, "at": now} for lead, kind, details in happened)
    new_rows.add_bare(session, TimelineEntry, *rows)


def last_noted(session: Session, lead_id: int) -> int:
    """The number of what happened to a lead last; 0 where nothing is kept."""
    return session.exec(select(func.max(TimelineEntry.id)).where(TimelineEntry.lead_id == lead_id)).one() or 0


def timeline(session: Session, lead_id: int) -> Sequence[TimelineEntry]:
    """All that happened to a lead, oldest first."""
    statement = select(TimelineEntry).where(TimelineEntry.lead_id == lead_id).order_by(col(TimelineEntry.id))
    return session.exec(statement).all()


def opt_ins(session: Session, lead_id: int) -> Sequence[OptIn]:
    """A lead's opt-ins, oldest first."""
    return session.exec(select(OptIn).where(OptIn.lead_id == lead_id).order_by(col(OptIn.id))).all()


def opt_in_with_key(session: Session, lead_id: int, idempotency_key: str) -> OptIn | None:
    """The opt-in that already came with this Idempotency-Key."""
    return session.exec(select(OptIn).where(OptIn.lead_id == lead_id, OptIn.idempotency_key == idempotency_key)).first()


def to_erase(session: Session, now: datetime, limit: int | None) -> Sequence[int]:
    """Ids of leads whose time is over, none with a pain-check request open (ACCEPTANCE C6).

    Nor with words of her own, or that she feels worse, still on their way to the practice, or of unknown fate until
    staff have decided: the mail that she wrote is gone from its mailbox by then.
    """
    request = select(BookingRequest.id).where(
        BookingRequest.lead_id == Lead.id, col(BookingRequest.handled_at).is_(None)
    )
    words = select(Message.id).where(
        Message.lead_id == Lead.id,
        or_(col(Message.cause).startswith(HER_WORDS), col(Message.cause).startswith(HER_WORSE)),
        col(Message.state).in_(("due", "leased", "handed_over", "held", "unknown")),
    )
    over = select(Lead.id).where(col(Lead.erase_at) <= now, ~request.exists(), ~words.exists())
    return session.exec(over.order_by(col(Lead.erase_at)).limit(limit)).all()


def last_opt_in_at(session: Session, lead_id: int) -> datetime | None:
    """When the lead last asked, not counting what a cap turned away."""
    return session.exec(
        select(func.max(OptIn.created_at)).where(OptIn.lead_id == lead_id, OptIn.disposition != "capped")
    ).first()
