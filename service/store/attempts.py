"""Attempts: each one try to hand a message over, found by its token, and counted by what became of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from service.store.message_rows import WITHOUT_CONTENT
from service.store.tables import Attempt, Lead, Message

PRIMARY, FALLBACK = "primary", "fallback"
"""The two ways out, as `Attempt.channel` names them: NURTURE_MAIL_URL and NURTURE_MAIL_FALLBACK_URL."""
TOLD = "event"  # Attempt.stage of one that an event closed: the answer to its call is still to come


def by_tokens(session: Session, tokens: Collection[str]) -> dict[str, tuple[Attempt, Message]]:
    """Token -> the attempt that a settle must show it of, with its message, held until the transaction ends."""
    wanted = select(Attempt.message_id).where(col(Attempt.token).in_(tokens))
    mine = select(Message).where(col(Message.id).in_(wanted)).order_by(col(Message.id)).with_for_update()
    # What a mail was filled in with stays where it is: it is most of the row, and says nothing about its fate.
    mine = mine.options(WITHOUT_CONTENT).execution_options(populate_existing=True)
    messages = {each.id: each for each in session.exec(mine)}
    tries = session.exec(
        select(Attempt).where(col(Attempt.token).in_(tokens)).execution_options(populate_existing=True)
    )
    return {each.token: (each, messages[each.message_id]) for each in tries if each.message_id in messages}


def leads_of(session: Session, tokens: Collection[str]) -> dict[int, str]:
    """Lead id -> her address, of the leads whose messages these attempts are for; none for a mail to the practice."""
    statement = (
        select(Lead.id, Lead.address)
        .join(Message, col(Message.lead_id) == Lead.id)
        .join(Attempt, col(Attempt.message_id) == Message.id)
        .where(col(Attempt.token).in_(tokens))
    )
    return dict(session.exec(statement).all())


def channel_of(attempt: Attempt) -> str:
    """The way out it went by; an attempt from before there were two went by the first."""
    return attempt.channel or PRIMARY


def close_told(session: Session, message_id: int, real_now: datetime) -> None:
    """The mail is known to have left: nobody waits for an answer to its open attempt any more. One may come."""
    still_open = select(Attempt).where(Attempt.message_id == message_id, col(Attempt.outcome).is_(None))
    for attempt in session.exec(still_open.execution_options(populate_existing=True)):
        attempt.outcome, attempt.stage, attempt.closed_at = "accepted", TOLD, real_now


def accepted_among(session: Session, message_ids: Collection[int]) -> set[int]:
    """Those of these messages of which an attempt is known to have been taken."""
    taken = select(Attempt.message_id).where(col(Attempt.message_id).in_(message_ids), Attempt.outcome == "accepted")
    return set(session.exec(taken))


def count_unknown(session: Session, message_id: int) -> int:
    """How often nobody knew what became of this message."""
    return session.exec(
        select(func.count()).where(Attempt.message_id == message_id, Attempt.outcome == "unknown")
    ).one()


def count_given_back(session: Session, message_id: int) -> int:
    """How often a fault of ours gave it back: those attempts do not count, and have no number."""
    return session.exec(select(func.count()).where(Attempt.message_id == message_id, Attempt.number == 0)).one()


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """By which way the last try went of which nobody knows the end, and when the first such try by it began."""

    channel: str
    since: datetime


def unknown(session: Session, message_id: int) -> Unknown | None:
    """None: what became of each try is known."""
    tries = session.exec(
        select(Attempt).where(Attempt.message_id == message_id, Attempt.outcome == "unknown").order_by(col(Attempt.id))
    ).all()
    if not tries:
        return None
    channel = channel_of(tries[-1])
    return Unknown(channel=channel, since=min(each.opened_at for each in tries if channel_of(each) == channel))
