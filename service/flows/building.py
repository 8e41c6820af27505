"""From a row of the ledger to the bytes of its mail."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlmodel import Session

from service.domain import mail_reasons
from service.domain.mailbox import parse_mailbox
from service.errors import UnavailableError, trace
from service.flows import alerts
from service.flows.services import Services
from service.mail import return_paths
from service.mail.compose import MailHeaders, OwnValues
from service.mail.transport import OutboundMail
from service.store import outbox
from service.store.away import ended
from service.store.db import was_ended
from service.store.leaving import Leaving
from service.store.tables import Message

log = structlog.get_logger()


def try_to(session: Session, services: Services, message: Leaving, now: datetime) -> OutboundMail | None:
    """As `build`. None for one that cannot be built: it is held, and stops no other (ACCEPTANCE M6)."""
    try:
        return build(session, services, message, now)
    except UnavailableError:
        raise
    except Exception as error:
        set_aside(session, message.id, error, now)
        return None


def set_aside(session: Session, message_id: int, error: Exception, now: datetime) -> None:
    """Hold a due message at which something failed that nobody foresaw, and tell. The others go on.

    UnavailableError where SQLite has ended the transaction, as it does at a full disk: what is written from then on
    would stand by itself.
    """
    if was_ended(session):
        raise ended() from error
    log.error("sending failed at one mail", message=message_id, error=trace(error))
    template = outbox.set_aside(session, message_id, mail_reasons.CANNOT_BE_MADE)
    if template is not None:
        _tell(session, message_id, template, error, now)


def _tell(session: Session, message_id: int, template: str, error: Exception, now: datetime) -> None:
    alerts.tell(
        session,
        f"mail-broken:{template}",
        dutch=f"Mail “{template}” kan niet worden gemaakt en wordt vastgehouden.",
        english=f"the mail {template} cannot be built and is held ({type(error).__name__})",
        now=now,
    )
    log.error("mail held", message=message_id, template=template, error=type(error).__name__)


def build(session: Session, services: Services, message: Message | Leaving, now: datetime) -> OutboundMail:
    """The exact bytes of a message: the same at every attempt, Date being the first hand-over's.

    The return path is no part of them. A provider has one of its own, and takes no notice of ours.
    """
    mould = services.published.mould(session, message.revision_id, message.template, message.practice_revision_id)
    values = OwnValues.model_validate(message.content)
    sender = parse_mailbox(message.mail_from)
    headers = MailHeaders(
        message_id=message.message_id,
        date=message.first_handed_at or now,
        boundary=message.boundary,
        mail_from=sender,
        reply_to=parse_mailbox(message.reply_to) if message.reply_to else None,
        to=message.recipient,
        unsubscribe_url=values.unsubscribe_url or None,
    )
    box = services.bounce_mailbox
    return OutboundMail(
        sender=return_paths.address_for(box, services.keyring, "return-path", message.public_id)
        if box is not None
        else sender.address,
        recipient=message.recipient,
        data=mould.compose(values, headers),
        message_id=message.message_id,
        idempotency_key=message.public_id,
    )
