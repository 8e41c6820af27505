"""A mail to somebody of the staff whose password or second step changed: whoever did not do it themselves hears of it.

Without any secret or link in it: it says what happened and whom to ask (OWASP ASVS 5.0, 6.3.7).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Literal

from sqlmodel import Session

from service.flows.drafts import ACCOUNT
from service.flows.messages import add_service_mail
from service.flows.published import NAMES
from service.flows.services import Services
from service.mail.links import new_public_id
from service.store import sequences
from service.store.staff_tables import Staff

What = Literal["password", "step-on", "step-off"]
_WHAT = MappingProxyType(
    {
        "password": "Je wachtwoord is veranderd. Alle andere browsers zijn uitgelogd.",
        "step-on": "De tweede stap bij het inloggen is aangezet. Alle andere browsers zijn uitgelogd.",
        "step-off": "De tweede stap bij het inloggen is uitgezet. Alle andere browsers zijn uitgelogd.",
    }
)


def tell(session: Session, services: Services, person: Staff, what: What) -> bool:
    """Due at once, where the published mails have one for it. False where they have none, or there is no address."""
    live = sequences.live(session, "mails", NAMES["mails"])
    if live is None or ACCOUNT not in live.compiled or not person.address:
        return False
    add_service_mail(
        session,
        services,
        cause=f"account:{new_public_id()}",
        template=ACCOUNT,
        recipient=person.address,
        now=services.clock.now(),
        extra={"account": {"name": person.name, "what": _WHAT[what]}},
    )
    return True
