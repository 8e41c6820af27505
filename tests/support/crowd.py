"""Many leads at once, each with a follow-up that is due: copied from one that went the whole way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col, select

from service.flows import ticks
from service.mail.links import new_public_id
from service.store import consents, enrolments, leads
from service.store.tables import Consent, Enrolment, Lead, Message, OptIn
from tests.support import acts
from tests.support.house import House

MODEL = "model@example.org"
Row = Lead | Enrolment | OptIn | Consent | Message
Changes = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Person:
    """One lead of the crowd, with the ids of her rows."""

    address: str
    public_id: str
    lead_id: int
    enrolment_id: int
    consent_id: int


@dataclass(frozen=True, kw_only=True)
class Member(Person):
    """One who has a follow-up."""

    message_id: int


def gather(house: House, count: int) -> list[Member]:
    """This many confirmed leads beside their model, each with the first follow-up due."""
    model(house)
    house.clock.advance(days=2)
    ticks.plan(house.services)
    message = house.messages(MODEL)[-1]
    assert (message.kind, message.state) == ("follow_up", "due")
    with house.services.database.transaction() as session:
        people = _people(session, [{} for _ in range(count)])
        changes: list[Changes] = [
            {
                "public_id": new_public_id(),
                "message_id": f"<{new_public_id()}@praktijk.example>",
                "lead_id": each.lead_id,
                "recipient": each.address,
                "enrolment_id": each.enrolment_id,
                "consent_id": each.consent_id,
            }
            for each in people
        ]
        messages = _copies(session, message, changes)
    return [Member(**vars(each), message_id=number) for each, number in zip(people, messages, strict=True)]


def due_at(house: House, moments: Sequence[datetime]) -> list[Person]:
    """As many confirmed leads as moments, each with a run whose next follow-up is to be planned at hers.

    The step must wait one day; at these moments the window must be open.
    """
    with house.services.database.transaction() as session:
        return _people(session, [{"anchor": each - timedelta(days=1), "next_at": each} for each in moments])


def model(house: House) -> None:
    """The lead that all others are copied from, as of the house's clock."""
    acts.confirmed(house, MODEL)


def _people(session: Session, runs: Sequence[Changes]) -> list[Person]:
    """One copy of the model for each run, whose columns are changed so."""
    lead = leads.by_address(session, MODEL)
    assert lead is not None, "call `model` first"
    run = enrolments.of_lead(session, lead.id)[0]
    opt_in = session.exec(select(OptIn).where(OptIn.lead_id == lead.id)).one()
    consent = consents.active_of_lead(session, lead.id)[-1]
    names: list[Changes] = [
        {"public_id": new_public_id(), "address": f"lead-{new_public_id().lower()}@example.org"} for _ in runs
    ]
    lead_ids = _copies(session, lead, names)
    run_ids = _copies(session, run, [{"lead_id": each} | own for each, own in zip(lead_ids, runs, strict=True)])
    asked: list[Changes] = [
        {"public_id": new_public_id(), "lead_id": lead_id, "enrolment_id": run_id}
        for lead_id, run_id in zip(lead_ids, run_ids, strict=True)
    ]
    opt_in_ids = _copies(session, opt_in, asked)
    agreed: list[Changes] = [
        {"lead_id": lead_id, "opt_in_id": each} for lead_id, each in zip(lead_ids, opt_in_ids, strict=True)
    ]
    consent_ids = _copies(session, consent, agreed)
    return [
        Person(**name, lead_id=lead_id, enrolment_id=run_id, consent_id=consent_id)
        for name, lead_id, run_id, consent_id in zip(names, lead_ids, run_ids, consent_ids, strict=True)
    ]


def _copies(session: Session, row: Row, changes: Sequence[Changes]) -> list[int]:
    """Insert a copy of the row for each of these changes, in bulk. Returns the new ids in their order."""
    if not changes:
        return []
    same = row.model_dump(exclude={"id"})
    statement = insert(type(row)).returning(col(type(row).id), sort_by_parameter_order=True)
    return list(session.execute(statement, [same | each for each in changes]).scalars())
