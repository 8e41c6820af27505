"""Mails that were taken, by the thousand, and news about them: what the rates are counted from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col, select, update

from service.domain.feedback import FeedbackKind
from service.flows import rates
from service.mail.links import new_public_id
from service.store.tables import FeedbackEvent, Message
from tests.support import acts
from tests.support.acts import ANNA
from tests.support.house import House

_SOURCES = {FeedbackKind.COMPLAINED: rates.after_complaint, FeedbackKind.HARD_BOUNCE: rates.after_hard_bounce}


def mails_taken(house: House, count: int) -> list[int]:
    """The ids of this many follow-ups to Anna, all accepted now: one she got, and copies of it."""
    message = acts.follow_up_due(house)
    house.send_due()
    [original] = [each for each in house.messages() if each.id == message.id]
    shared = original.model_dump(exclude={"id"})

    def copy(number: int) -> dict[str, Any]:
        name = new_public_id()
        return shared | {"public_id": name, "message_id": f"<{name}@praktijk.example>", "step": f"stap-{number}"}

    with house.services.database.transaction() as session:
        session.execute(insert(Message), [copy(number) for number in range(count - 1)])
    with house.services.database.reading() as session:
        mine = select(Message.id).where(Message.kind == "follow_up", Message.recipient == ANNA)
        return list(session.exec(mine.order_by(col(Message.id))))


def left_long_ago(house: House, ids: list[int], at: datetime) -> None:
    """These left at that moment."""
    with house.services.database.transaction() as session:
        session.exec(update(Message).where(col(Message.id).in_(ids)).values(first_handed_at=at))


def told(session: Session, kind: FeedbackKind, message_id: int | None, at: datetime) -> None:
    """One more piece of news in the books, of a source that says it twice."""
    for source in ("postmark", "bounces"):
        session.add(
            FeedbackEvent(
                source=source,
                key=new_public_id(),
                kind=kind,
                raw_kind="test",
                message_id=message_id,
                at=at,
                received_at=at,
            )
        )
    session.flush()


def comes_back(house: House, kind: FeedbackKind, *ids: int | None, at: datetime | None = None) -> None:
    """News about each of these mails, each in a transaction of its own, which looks at the rates."""
    for message_id in ids:
        with house.services.database.transaction() as session:
            told(session, kind, message_id, at or house.clock.now())
            _SOURCES[kind](session, house.services, house.clock.now())
