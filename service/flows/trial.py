"""A test opt-in by staff: the whole way from the form to the mailbox, once, with a staff address."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from service.domain.lead import normalise_address
from service.errors import NotFoundError, RefusedError
from service.flows import signup
from service.flows.opt_in_check import OptInRequest
from service.flows.sending import open_sender
from service.flows.services import Services
from service.store import leads, message_rows


@dataclass(frozen=True, kw_only=True)
class Tried:
    """The lead and the opt-in that came of a test."""

    lead_id: int
    opt_in_id: int


def opt_in(services: Services, to: str) -> str:
    """Opt in to the first topic with an address of the practice's `staff`, and send what is due.

    Returns the state of the advice that came of it ("accepted" when it left). RefusedError for another address, and
    where a cap or a suppression keeps the address from its advice.
    """
    address = normalise_address(to)
    now = services.clock.now()
    with services.database.transaction() as session:
        _, practice = services.published.live_practice(session)
        if address not in practice.staff:
            raise RefusedError(
                f"{address} is no staff address in the published practice.yaml; there are: {', '.join(practice.staff)}"
            )
        published = [each.sequence for each in services.published.live_sequences(session)]
        topic = next((each.topic for each in published if not each.archived), None)
        if topic is None:
            raise RefusedError("every sequence is archived, so nobody can opt in", "Elke reeks is gearchiveerd.")
        tried = register(session, services, OptInRequest(email=to, topic=topic, consent_advice=True), now)
    asyncio.run(_send_due(services))
    return state(services, tried)


def submit(
    session: Session,
    services: Services,
    form: str,
    to: str,
    *,
    answers: Mapping[str, str],
    follow_up: bool,
    allowed: Collection[str],
    now: datetime,
) -> Tried:
    """The form as somebody of the staff fills it in, to one of these addresses of theirs; the advice is due at once.

    RefusedError for another address, and where a cap or a suppression keeps the address from its advice.
    """
    if normalise_address(to) not in allowed:
        raise RefusedError(
            "a test goes to your own address and the practice's alone",
            "Een test gaat alleen naar je eigen adres of naar dat van de praktijk.",
        )
    found = services.published.live_forms(session)[1].forms.get(form)
    if found is None:
        raise NotFoundError("there is no such form", "Dat formulier is er niet.")
    asked = OptInRequest(
        email=to,
        form=form,
        consent_advice=True,
        consent_follow_up=follow_up,
        answers=answers,
        consent_version=found.consent.advice.version,
        signed=True,
    )
    return register(session, services, asked, now)


def register(session: Session, services: Services, asked: OptInRequest, now: datetime) -> Tried:
    """The opt-in, and what came of it. RefusedError where the address gets no advice by it."""
    signup.register(session, services, asked, now)
    lead = leads.by_address(session, normalise_address(asked.email))
    newest = leads.opt_ins(session, lead.id)[-1] if lead else None
    if newest is None or newest.disposition in {"capped", "suppressed"}:
        why = newest.disposition if newest else "unknown"
        address = normalise_address(asked.email)
        raise RefusedError(
            f"{address} gets no advice just now ({why}); try again later, or with another address",
            "Dit adres krijgt nu geen advies: het vroeg er net al een aan, of het wil geen mail. Probeer het over een "
            "kwartier, of met een ander adres.",
        )
    return Tried(lead_id=newest.lead_id, opt_in_id=newest.id)


def state(services: Services, tried: Tried) -> str:
    """What became of its advice so far."""
    with services.database.reading() as session:
        found = message_rows.of_lead(session, tried.lead_id)
    return next(message.state for message in found if message.opt_in_id == tried.opt_in_id)


async def _send_due(services: Services) -> None:
    async with open_sender(services) as sender:
        await sender.send_due()
