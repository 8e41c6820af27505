"""Mails of people that are no lead's answer by any proof, and that staff read all the same: nothing else comes of them.

One that seems to come from a lead: anybody can write a sender's address, but it may be somebody in pain. And one that
answers a mail to the practice about a lead: a colleague may think that it went to her.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlmodel import Session

from service.domain.feedback import Feedback
from service.errors import NotFoundError
from service.flows import desk_mails, replies
from service.flows.services import Services
from service.store import leads, message_rows
from service.store.tables import Lead

_MOST, _WITHIN = 5, timedelta(days=1)
_TOLD_BY = ("dienst-antwoord", "dienst-melding")
log = structlog.get_logger()


def from_somebody(services: Services, lead: Lead, letter: Feedback, now: datetime) -> None:
    """Tell staff of a mail from a lead's address that nothing ties to a mail of ours; of a few a lead and day."""
    with services.database.transaction() as session:
        held = _hold(session, services, lead.id)
        if held is None or held.public_id != lead.public_id:  # erased, and her number is another's by now
            return
        made = {at for each in _TOLD_BY for at in message_rows.made_since(session, held.id, each, now - _WITHIN)}
        if len(made) >= _MOST:
            log.warning("mails from a lead's address are many; this one is not told", lead=held.id)
            return
        replies.untied(session, services, held, letter, now)
    services.bell.ring()


def from_inside(services: Services, letter: Feedback, now: datetime) -> bool:
    """Tell staff of an answer to a mail of ours to the practice. False where it was about no lead, or where such
    answers are too many: then it waits in the mailbox.
    """
    with services.database.transaction() as session:
        message = message_rows.by_public_id(session, letter.tie.public_id or "")
        held = _hold(session, services, message.lead_id) if message and message.lead_id is not None else None
        if held is None:
            return False
        replies.arrived(session, services, held, message, letter, now)
        told = desk_mails.was_told(session, letter)
    services.bell.ring()
    return told and desk_mails.shows_all(letter)


def _hold(session: Session, services: Services, lead_id: int) -> Lead | None:
    """The lead's row, held; None where it was erased since we looked."""
    try:
        return leads.lock_one(session, lead_id, services.hmac)
    except NotFoundError:
        return None
