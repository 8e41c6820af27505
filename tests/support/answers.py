"""Mails that leads send back, as the one who reads the mailbox hands them on: under the lead's lock, committed."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from service.domain.feedback import Feedback, FeedbackKind
from service.flows import away, replies
from service.store import leads
from service.store.tables import Message
from tests.support import acts
from tests.support.acts import ANNA
from tests.support.house import House

STAFF = "praktijk@solidperformance.example"


def reply(key: str = "a", *, text: str = "Dank je wel, het gaat al beter.", subject: str = "Re: advies") -> Feedback:
    """A person wrote."""
    return Feedback(source="replies", key=key, kind=FeedbackKind.REPLIED, raw_kind="reply", subject=subject, text=text)


def out_of_office(key: str = "b", *, at: datetime | None = None) -> Feedback:
    """A machine wrote that its owner is away."""
    return Feedback(source="replies", key=key, kind=FeedbackKind.AWAY, raw_kind="auto-reply", at=at)


def comes(house: House, feedback: Feedback, address: str = ANNA, *, about: Message | None = None) -> None:
    """It answers this mail, the newest that went to the lead unless another is given."""
    mine = [each for each in house.messages(address) if each.recipient == address and each.first_handed_at]
    message_id = (about or mine[-1]).id
    act = replies.arrived if feedback.kind is FeedbackKind.REPLIED else away.arrived

    def hand_on(session: Session) -> None:
        lead = leads.lock_one(session, house.lead(address).id, house.services.hmac)
        message = session.get_one(Message, message_id)
        act(session, house.services, lead, message, feedback, house.clock.now())

    acts.commit(house, hand_on)


def comes_untied(house: House, feedback: Feedback, address: str = ANNA) -> None:
    """It came from the lead's address, and nothing ties it to a mail of ours."""

    def hand_on(session: Session) -> None:
        lead = leads.lock_one(session, house.lead(address).id, house.services.hmac)
        replies.untied(session, house.services, lead, feedback, house.clock.now())

    acts.commit(house, hand_on)


def desk_mails(house: House, address: str = ANNA) -> list[Message]:
    """The mails that took this lead's words to the practice."""
    return [each for each in house.messages(address) if each.template == "dienst-antwoord"]
