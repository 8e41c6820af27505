"""The chain of consent receipts in tests: looked at, and meddled with as nobody should be able to."""

from __future__ import annotations

from sqlalchemy import text
from sqlmodel import Session, col, select

from service.flows import receipts
from service.flows.receipts import Anchor, Receipt, Verified
from service.store.tables import ReceiptEntry
from tests.support.house import House

_SQLITE = ("receipt_no_update", "receipt_no_delete", "receipt_no_insert")
_POSTGRES = ("receipt_no_change", "receipt_no_truncate")


def of_lead(house: House, address: str = "anna@example.org") -> list[Receipt]:
    """A lead's receipts."""
    lead_id = house.lead(address).id
    with house.services.database.reading() as session:
        return receipts.of_lead(session, lead_id)


def entries(house: House) -> list[ReceiptEntry]:
    """The whole chain."""
    with house.services.database.reading() as session:
        return list(session.exec(select(ReceiptEntry).order_by(col(ReceiptEntry.id))))


def verified(house: House, expected: Anchor | None = None) -> Verified:
    """What a look at the whole chain finds."""
    with house.services.database.reading() as session:
        return receipts.verify(session, expected)


def meddle(house: House, *statements: str) -> None:
    """Change rows as somebody does who owns the database and takes its guards away."""
    with house.services.database.transaction() as session:
        _unguard(session)
        for statement in statements:
            session.connection().exec_driver_sql(statement)  # JSON has colons, which are no parameters


def _unguard(session: Session) -> None:
    if session.get_bind().dialect.name == "postgresql":
        for name in _POSTGRES:
            session.execute(text(f"DROP TRIGGER {name} ON receipt"))
        return
    for name in _SQLITE:
        session.execute(text(f"DROP TRIGGER {name}"))
