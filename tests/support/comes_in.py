"""Mails that come into the mailboxes of a house that has both, and what became of them."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import col, select

from service.flows.mailboxes import take_in
from service.flows.messages import add_service_mail
from service.mail import return_paths
from service.mail.imap_answers import Letter
from service.mail.links import Keyring
from service.mail.mailbox_url import MailboxUrl
from service.store.tables import FeedbackEvent, Message
from tests.support import acts
from tests.support.house import House

BOUNCES = MailboxUrl(host="h", port=993, user="u", address="bounces@praktijk.example")
REPLIES = MailboxUrl(host="h", port=993, user="v", address="antwoord@praktijk.example")


def with_mailboxes(house: House) -> House:
    """The same house, with both."""
    return house.with_changes(bounce_mailbox=BOUNCES, reply_mailbox=REPLIES)


def advice(house: House, address: str = acts.ANNA) -> Message:
    """Her advice, on its way."""
    house.opt_in(address)
    house.send_due()
    return acts.advice(house, address)


def comes_in(house: House, mail: bytes, *, arrived: datetime | None = None) -> bool:
    """Whether it was acted on."""
    now = house.clock.now()
    return take_in(house.services, Letter(uid=1, arrived=arrived or now, data=mail), now)


def return_path(house: House, message: Message, ring: Keyring | None = None) -> str:
    """Where reports about it go."""
    return return_paths.address_for(BOUNCES, ring or house.services.keyring, "return-path", message.public_id)


def reply_address(house: House, message: Message) -> str:
    """Where answers to it go."""
    return return_paths.address_for(REPLIES, house.services.keyring, "reply-to", message.public_id)


def news(house: House) -> list[tuple[str, str]]:
    """What was taken for news: source and kind."""
    with house.services.database.reading() as session:
        rows = session.exec(select(FeedbackEvent).order_by(col(FeedbackEvent.id))).all()
    return [(row.source, row.kind) for row in rows]


def staff_mail(house: House) -> Message:
    """A mail to the practice about the lead."""
    with house.services.database.transaction() as session:
        return add_service_mail(
            session,
            house.services,
            cause="test",
            template="dienst-melding",
            recipient="staff@praktijk.example",
            now=house.clock.now(),
            extra={"alert": {"title": "Iets"}},
            about=house.lead(),
        )


def letters(house: House, address: str = acts.ANNA) -> list[Message]:
    """The mails to staff that bring a lead's words."""
    return [each for each in house.messages(address) if (each.cause or "").startswith("reply:")]
