"""A mail that seems to come from a lead, and that nothing ties to a mail of ours: she may be in pain, so staff look.

Anybody can write a sender's address, so nothing else comes of it.
"""

from __future__ import annotations

from datetime import datetime

from service.errors import NotFoundError
from service.flows.messages import add_staff_mails
from service.flows.services import Services
from service.store import leads, message_rows
from service.store.tables import Lead

_TEMPLATE = "dienst-melding"


def tell_staff(services: Services, lead: Lead, now: datetime) -> None:
    """A mail to each of the practice's staff, at most one a lead and day: it says where to look, not what it says."""
    cause = f"letter:{lead.public_id}:{now.date().isoformat()}"
    with services.database.transaction() as session:
        try:
            lead = leads.lock_one(session, lead.id, services.hmac)
        except NotFoundError:
            return  # erased since we looked
        if message_rows.has_cause(session, cause):
            return
        add_staff_mails(
            session,
            services,
            cause=cause,
            template=_TEMPLATE,
            now=now,
            about=lead,
            extra={
                "alert": {
                    "title": "Er ligt een e-mail van een lead",
                    "cause": (
                        "In de mailbox voor antwoorden ligt een e-mail van iemand die onze mails krijgt. "
                        "We konden niet zien bij welke mail hij hoort, dus er is niets veranderd: de mails gaan door."
                    ),
                    "details": f"De afzender staat bij ons bekend als {lead.address}.",
                    "hint": ("Lees de e-mail en antwoord. Moeten de mails stoppen? Doe dan: nurture lead stop ADRES"),
                }
            },
        )
    services.bell.ring()
