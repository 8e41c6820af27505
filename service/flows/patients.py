"""This installation as doctor examines it: built from its parts, for the command and for the studio alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from sqlmodel import Session

from service.domain.mailbox import parse_mailbox
from service.flows.doctor import Patient
from service.flows.doctor_mail import Box
from service.flows.sender_records import Sending
from service.flows.services import Services
from service.mail import imap


def of(
    services: Services,
    *,
    selectors: Sequence[str] = (),
    check_keys: Callable[[Session], None] = lambda _: None,
) -> Patient:
    """`check_keys` raises NurtureError when a key in use is gone; a process that serves has asked that at its start."""
    answers = [parse_mailbox(services.reply_to).address] if services.reply_to else []
    answers += [services.reply_mailbox.address] if services.reply_mailbox else []
    bounces = services.bounce_mailbox.address if services.bounce_mailbox else ""
    boxes = {"NURTURE_BOUNCE_MAILBOX": services.bounce_mailbox, "NURTURE_REPLY_MAILBOX": services.reply_mailbox}
    return Patient(
        services=services,
        ways=services.ways,
        boxes=[Box(setting=name, check=partial(imap.check, box)) for name, box in boxes.items() if box],
        bounces_read=services.bounce_mailbox is not None,
        sending=Sending(
            domain=_domain(parse_mailbox(services.mail_from).address),
            selectors=list(selectors),
            signer=services.dkim,
            providers=[way.url.scheme for way in services.ways if way.url.provider is not None],
            servers=[way.url.host for way in services.ways if way.url.host],
            return_path=_domain(bounces) if any(way.url.host for way in services.ways) else "",
            answers=[_domain(address) for address in answers],
            production=services.production,
        ),
        check_keys=check_keys,
    )


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
