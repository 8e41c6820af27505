"""The tables of who agreed to what: consents, their ends, and the chain of receipts that proves both."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from service.store.moments import UtcDateTime
from service.store.schema_words import Table, one_of


class Consent(Table, table=True):
    """What somebody agreed to, in the very words shown. Withdrawn by a row of its own, never edited."""

    __table_args__ = (
        one_of("purpose", "advice", "follow_up"),
        one_of("source", "form", "confirmation"),
        UniqueConstraint("id", "lead_id", "purpose"),
    )

    id: int = Field(default=None, primary_key=True)
    lead_id: int = Field(foreign_key="lead.id", index=True)
    opt_in_id: int = Field(foreign_key="opt_in.id", index=True)
    purpose: str
    source: str
    effective: bool  # for follow-ups: the address is proven, or its sequence asks for no proof
    version: str | None = None  # None: the form stated none, so what was read cannot be proved
    wording: str | None = None
    forms_revision_id: int | None = Field(default=None, foreign_key="revision.id")
    source_url: str | None = None
    given_at: datetime = Field(sa_type=UtcDateTime)


class Withdrawal(Table, table=True):
    """The end of one consent."""

    consent_id: int = Field(primary_key=True, foreign_key="consent.id")
    lead_id: int = Field(foreign_key="lead.id", index=True)
    source: str
    at: datetime = Field(sa_type=UtcDateTime)


class ReceiptEntry(Table, table=True):
    """One link of the chain of receipts (ACCEPTANCE C9): written once, and the database refuses every change but one.

    That one blanks all that is personal at once; a trigger does it when the lead is deleted, whoever deletes it. No
    foreign key: the rows outlive lead and consent.
    """

    __tablename__ = "receipt"
    __table_args__ = (
        one_of("kind", "given", "withdrawn"),
        CheckConstraint(
            "(document IS NULL) = (salt IS NULL) AND (document IS NULL) = (lead_id IS NULL) "
            "AND (document IS NULL) = (consent_id IS NULL)",
            name="whole_or_blanked",
        ),
        UniqueConstraint("consent_id", "kind"),
    )

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})  # the place in the chain, from 1
    kind: str
    lead_id: int | None = Field(default=None, index=True)
    consent_id: int | None = None
    document: str | None = None  # the evidence, to the byte as it was digested
    salt: str | None = None  # 128 random bits, as hex
    digest: str
    chain: str
