"""A test opt-in by staff: the whole way from the form to the mailbox, once, with a staff address."""

from __future__ import annotations

import asyncio

from service.domain.lead import normalise_address
from service.errors import RefusedError
from service.flows import signup
from service.flows.opt_in_check import OptInRequest
from service.flows.sending import open_sender
from service.flows.services import Services
from service.store import leads, message_rows


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
        signup.register(session, services, OptInRequest(email=to, topic=topic, consent_advice=True), now)
        lead = leads.by_address(session, address)
        newest = leads.opt_ins(session, lead.id)[-1] if lead else None
        if newest is None or newest.disposition in {"capped", "suppressed"}:
            why = newest.disposition if newest else "unknown"
            raise RefusedError(f"{address} gets no advice just now ({why}); try again later, or with another address")
        lead_id, opt_in_id = newest.lead_id, newest.id
    asyncio.run(_send_due(services))
    with services.database.reading() as session:
        found = message_rows.of_lead(session, lead_id)
    return next(message.state for message in found if message.opt_in_id == opt_in_id)


async def _send_due(services: Services) -> None:
    async with open_sender(services) as sender:
        await sender.send_due()
