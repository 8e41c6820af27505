"""Many leads at once, each with a follow-up in somebody's hands: copied from one that went the whole way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from sqlmodel import Session, select

from service.flows import ticks
from service.mail.links import new_public_id
from service.store import consents, enrolments, leads
from service.store.tables import Consent, Enrolment, Lead, Message, OptIn, Table
from tests.support import acts
from tests.support.house import House

LEASE = "lease-of-a-worker"
MODEL = "model@example.org"
RowT = TypeVar("RowT", bound=Table)


@dataclass(frozen=True, kw_only=True)
class Member:
    """One lead of the crowd, with the ids of her rows."""

    address: str
    lead_id: int
    enrolment_id: int
    message_id: int


def gather(house: House, count: int) -> list[Member]:
    """This many confirmed leads, each with the first follow-up leased to `LEASE` for an hour of real time."""
    model(house)
    house.clock.advance(days=2)
    ticks.plan(house.services)
    message = house.messages(MODEL)[-1]
    assert (message.kind, message.state) == ("follow_up", "due")
    with house.services.database.transaction() as session:
        new_leads, new_runs, new_consents = _people(session, message.lead_id, [{} for _ in range(count)])
        new_messages = [
            _copy(
                message,
                Message,
                public_id=new_public_id(),
                message_id=f"<{new_public_id()}@praktijk.example>",
                lead_id=lead_row.id,
                recipient=lead_row.address,
                enrolment_id=run_row.id,
                consent_id=consent_row.id,
                state="leased",
                lease_token=LEASE,
                lease_until=datetime.now(UTC) + timedelta(hours=1),
            )
            for lead_row, run_row, consent_row in zip(new_leads, new_runs, new_consents, strict=True)
        ]
        session.add_all(new_messages)
        session.flush()
        return [
            Member(address=lead_row.address, lead_id=lead_row.id, enrolment_id=run_row.id, message_id=message_row.id)
            for lead_row, run_row, message_row in zip(new_leads, new_runs, new_messages, strict=True)
        ]


def due_at(house: House, moments: Sequence[datetime]) -> list[Lead]:
    """As many confirmed leads as moments, each with a run whose next follow-up is to be planned at hers.

    The step must wait one day; at these moments the window must be open.
    """
    with house.services.database.transaction() as session:
        found = leads.by_address(session, MODEL)
        assert found is not None, "call `model` first"
        changes: list[dict[str, object]] = [
            {"anchor": moment - timedelta(days=1), "next_at": moment} for moment in moments
        ]
        return _people(session, found.id, changes)[0]


def model(house: House) -> None:
    """The lead that all others are copied from, as of the house's clock."""
    acts.confirmed(house, MODEL)


def _people(
    session: Session, model_id: int | None, runs: Sequence[dict[str, object]]
) -> tuple[list[Lead], list[Enrolment], list[Consent]]:
    """One copy of the model for each run, whose columns are changed so."""
    lead = session.get_one(Lead, model_id)
    run = enrolments.of_lead(session, lead.id)[0]
    opt_in = session.exec(select(OptIn).where(OptIn.lead_id == lead.id)).one()
    consent = consents.active_of_lead(session, lead.id)[-1]
    new_leads = [
        _copy(lead, Lead, public_id=new_public_id(), address=f"lead-{new_public_id().lower()}@example.org")
        for _ in runs
    ]
    session.add_all(new_leads)
    session.flush()
    new_runs = [
        _copy(run, Enrolment, lead_id=each.id, **changes) for each, changes in zip(new_leads, runs, strict=True)
    ]
    session.add_all(new_runs)
    session.flush()
    new_opt_ins = [
        _copy(opt_in, OptIn, public_id=new_public_id(), lead_id=each.lead_id, enrolment_id=each.id) for each in new_runs
    ]
    session.add_all(new_opt_ins)
    session.flush()
    new_consents = [_copy(consent, Consent, lead_id=each.lead_id, opt_in_id=each.id) for each in new_opt_ins]
    session.add_all(new_consents)
    session.flush()
    return new_leads, new_runs, new_consents


def _copy(row: RowT, table: type[RowT], **changes: object) -> RowT:
    return table(**row.model_dump(exclude={"id"}) | changes)
