"""Receipts of consents given and withdrawn: a chain that grows at its end, and in which nothing changes."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Executable, and_, event, or_
from sqlalchemy import select as sql_select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from service.domain import evidence
from service.store import new_rows
from service.store.db import take_locks
from service.store.quick import among, run
from service.store.tables import Consent, Lead, OptIn, ReceiptEntry, Withdrawal

_OWED = "receipts owed"
_BATCH = 500
_LAST = sql_select(col(ReceiptEntry.id), col(ReceiptEntry.chain)).order_by(col(ReceiptEntry.id).desc()).limit(1)


def owe(session: Session, consent_ids: Iterable[int]) -> None:
    """Write the receipts that these consents (just given, or just withdrawn) lack, as the last thing before the commit.

    All receipts go behind one lock, and whoever holds it may wait for no other: so it is taken when nothing else is
    left to take, and kept for the length of a commit.
    """
    owed: set[int] = session.info.setdefault(_OWED, set())
    if not owed:

        def pay(_session: object) -> None:
            session.flush()
            write_missing(session, session.info.pop(_OWED))

        event.listen(session, "before_commit", pay, once=True)
    owed.update(consent_ids)


def lacking(session: Session, limit: int) -> dict[int, int]:
    """Consent -> lead, of consents without a receipt of all that happened to them, the oldest first.

    Code of before the receipts writes none, and it may run on beside ours while an upgrade is rolled out.
    """
    given, withdrawn = aliased(ReceiptEntry), aliased(ReceiptEntry)
    statement = (
        select(Consent.id, Consent.lead_id)
        .outerjoin(Withdrawal, col(Withdrawal.consent_id) == Consent.id)
        .outerjoin(given, _receipt_of("given", given))
        .outerjoin(withdrawn, _receipt_of("withdrawn", withdrawn))
        .where(
            or_(
                col(given.id).is_(None),
                and_(col(Withdrawal.consent_id).is_not(None), col(withdrawn.id).is_(None)),
            )
        )
    )
    return dict(session.exec(statement.order_by(col(Consent.id)).limit(limit)).all())


def write_missing(session: Session, consent_ids: Collection[int]) -> int:
    """Write the receipts that these consents lack. Returns how many.

    The caller holds their leads: of one who is erased meanwhile, a receipt would stay that nobody blanks any more.
    """
    take_locks(session, ["receipts"])
    found = sorted(_missing(session, consent_ids), key=lambda each: each[0])
    last = next(iter(run(session, _LAST, {})), None) if found else None
    position, chain = (last.id, last.chain) if last else (0, evidence.BEGIN)
    written = []
    for (_, kind, consent_id), facts in found:
        position += 1
        document, salt = evidence.canonical(facts), secrets.token_hex(16)
        digest = evidence.digest(salt, document)
        chain = evidence.chain(chain, position, kind, digest)
        written.append(
            {
                "id": position,
                "kind": kind,
                "lead_id": facts["lead"],
                "consent_id": consent_id,
                "document": document,
                "salt": salt,
                "digest": digest,
                "chain": chain,
            }
        )
    new_rows.add_bare(session, ReceiptEntry, *written)
    return len(found)


def newest(session: Session) -> ReceiptEntry | None:
    """The last link of the chain; its place is how many there are."""
    return session.exec(select(ReceiptEntry).order_by(col(ReceiptEntry.id).desc()).limit(1)).first()


def chain_before(session: Session, position: int) -> str:
    """What the link at a place was chained to."""
    before = session.exec(select(ReceiptEntry.chain).where(ReceiptEntry.id == position - 1)).first()
    return before or evidence.BEGIN


def of_lead(session: Session, lead_id: int) -> Sequence[ReceiptEntry]:
    """A lead's receipts, oldest first; none once the lead was erased."""
    statement = select(ReceiptEntry).where(ReceiptEntry.lead_id == lead_id).order_by(col(ReceiptEntry.id))
    return session.exec(statement).all()


def walk(session: Session) -> Generator[ReceiptEntry, None, None]:
    """Every link from the first on, as of one moment; never all of them in memory.

    Close it: on PostgreSQL it reads from a cursor of the server's.
    """
    statement = select(ReceiptEntry).order_by(col(ReceiptEntry.id))
    with closing(session.exec(statement.execution_options(yield_per=_BATCH))) as entries:
        for entry in entries:
            yield entry
            session.expunge(entry)


def _missing(
    session: Session, consent_ids: Collection[int]
) -> Iterator[tuple[tuple[datetime, evidence.Kind, int], dict[str, Any]]]:
    """(when, kind, consent), by which they are put in order, and the evidence: as it stands in the database."""
    ids = {"ids": list(consent_ids)}
    for row in (each._asdict() for each in run(session, _GIVEN, ids)):
        told = {"kind": "given", **row, "asked_at": _utc(row["asked_at"]), "at": _utc(row["at"])}
        yield (row["at"], "given", row["consent"]), told
    for row in (each._asdict() for each in run(session, _WITHDRAWN, ids)):
        yield (row["at"], "withdrawn", row["consent"]), {"kind": "withdrawn", **row, "at": _utc(row["at"])}


def _receipt_of(kind: evidence.Kind, entry: type[ReceiptEntry] = ReceiptEntry) -> ColumnElement[bool]:
    return and_(col(entry.consent_id) == Consent.id, col(entry.kind) == kind)


_IDS = among(col(Consent.id), "ids")
# Made once, and without objects: every opt-in asks them.
_GIVEN: Executable = (
    sql_select(
        col(Consent.id).label("consent"),
        col(Consent.lead_id).label("lead"),
        col(Lead.address),
        col(Consent.purpose),
        col(Consent.source),
        col(Consent.effective),
        col(Consent.version),
        col(Consent.wording),
        col(OptIn.topic),
        col(OptIn.form),
        col(OptIn.source_url).label("page"),
        col(OptIn.follow_up_ticked),
        col(OptIn.created_at).label("asked_at"),
        col(Consent.given_at).label("at"),
    )
    .join(OptIn, col(OptIn.id) == Consent.opt_in_id)
    .join(Lead, col(Lead.id) == Consent.lead_id)
    .outerjoin(ReceiptEntry, _receipt_of("given"))
    .where(_IDS, col(ReceiptEntry.id).is_(None))
)
_WITHDRAWN: Executable = (
    sql_select(
        col(Withdrawal.consent_id).label("consent"),
        col(Withdrawal.lead_id).label("lead"),
        col(Lead.address),
        col(Consent.purpose),
        col(Withdrawal.source),
        col(Withdrawal.at),
    )
    .join(Consent, col(Consent.id) == Withdrawal.consent_id)
    .join(Lead, col(Lead.id) == Withdrawal.lead_id)
    .outerjoin(ReceiptEntry, _receipt_of("withdrawn"))
    .where(_IDS, col(ReceiptEntry.id).is_(None))
)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
