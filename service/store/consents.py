"""Consents and their withdrawals: rows are added, never edited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from service.store import new_rows, receipts
from service.store.quick import among, firsts
from service.store.tables import Consent, OptIn, Withdrawal

_STANDING_FOLLOW_UP = (col(Consent.purpose) == "follow_up", col(Withdrawal.consent_id).is_(None))
_ACTIVE_FOLLOW_UP = (*_STANDING_FOLLOW_UP, col(Consent.effective).is_(True))


_RUNS = (
    select(OptIn.enrolment_id)
    .join(Consent, col(Consent.opt_in_id) == OptIn.id)
    .outerjoin(Withdrawal, col(Withdrawal.consent_id) == Consent.id)
    .where(among(col(OptIn.enrolment_id), "ids"), *_ACTIVE_FOLLOW_UP)
)


def give(session: Session, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Write consents that came with or after an opt-in, with their receipts. Returns their numbers."""
    given = new_rows.add_numbered(session, Consent, rows)
    receipts.owe(session, given)
    return given


def _active_follow_up() -> SelectOfScalar[Consent]:
    return _standing_follow_up().where(col(Consent.effective).is_(True))


def _standing_follow_up() -> SelectOfScalar[Consent]:
    return select(Consent).outerjoin(Withdrawal, col(Withdrawal.consent_id) == Consent.id).where(*_STANDING_FOLLOW_UP)


def active_for_enrolments(session: Session, enrolment_ids: Iterable[int]) -> dict[int, Consent]:
    """For each enrolment that may have follow-ups: the newest consent they rest on."""
    statement = (
        _active_follow_up()
        .join(OptIn, col(OptIn.id) == Consent.opt_in_id)
        .add_columns(col(OptIn.enrolment_id))
        .where(col(OptIn.enrolment_id).in_(list(enrolment_ids)))
        .order_by(col(Consent.id))
    )
    return {enrolment_id: consent for consent, enrolment_id in session.execute(statement)}


def enrolments_with_one(session: Session, enrolment_ids: Iterable[int]) -> set[int]:
    """Those of the enrolments that may have follow-ups."""
    return set(firsts(session, _RUNS, {"ids": list(enrolment_ids)}))


def active_of_lead(session: Session, lead_id: int) -> Sequence[Consent]:
    """Every active, effective follow-up consent of a lead."""
    return session.exec(_active_follow_up().where(Consent.lead_id == lead_id)).all()


def ticked_of_lead(session: Session, lead_id: int) -> Consent | None:
    """The newest yes to follow-ups that nobody took back and that the button of the mail has not made count yet."""
    waiting = _standing_follow_up().where(Consent.lead_id == lead_id, col(Consent.effective).is_(False))
    return session.exec(waiting.order_by(col(Consent.id).desc()).limit(1)).first()


def proven_after(session: Session, lead_id: int, moment: datetime) -> bool:
    """Did the lead press the button of a mail after this moment, whatever she said since?"""
    pressed = select(Consent.id).where(
        Consent.lead_id == lead_id, Consent.source == "confirmation", col(Consent.given_at) > moment
    )
    return session.exec(pressed.limit(1)).first() is not None


def of_lead(session: Session, lead_id: int) -> Sequence[tuple[Consent, Withdrawal | None]]:
    """All consents of a lead, oldest first, each with its withdrawal."""
    statement = (
        select(Consent, Withdrawal)
        .outerjoin(Withdrawal, col(Withdrawal.consent_id) == Consent.id)
        .where(Consent.lead_id == lead_id)
        .order_by(col(Consent.id))
    )
    return [(consent, withdrawal) for consent, withdrawal in session.execute(statement)]


def by_version(session: Session) -> Sequence[tuple[str | None, str, str, int]]:
    """How many consents there are, withdrawn ones too: by version (None: none was stated), purpose and source."""
    by = (col(Consent.version), col(Consent.purpose), col(Consent.source))
    return [
        (version, purpose, source, number)
        for version, purpose, source, number in session.execute(select(*by, func.count()).group_by(*by))
    ]


def withdraw_follow_up(session: Session, lead_id: int, source: str, now: datetime) -> int:
    """Withdraw every follow-up consent that still stands, effective or not. Returns how many there were."""
    found = session.exec(_standing_follow_up().where(Consent.lead_id == lead_id)).all()
    session.add_all(Withdrawal(consent_id=each.id, lead_id=lead_id, source=source, at=now) for each in found)
    if found:
        receipts.owe(session, [each.id for each in found])
    return len(found)


def last_withdrawal_at(session: Session, lead_id: int) -> datetime | None:
    """When the lead last said no; a confirmation link older than this asks once more."""
    return session.exec(select(func.max(Withdrawal.at)).where(Withdrawal.lead_id == lead_id)).first()
