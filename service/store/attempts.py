"""Attempts: each one try to hand a message over, found by its token, and counted by what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from service.store.tables import Attempt, Lead, Message

PRIMARY, FALLBACK = "primary", "fallback"
"""The two ways out, as `Attempt.channel` names them: NURTURE_MAIL_URL and NURTURE_MAIL_FALLBACK_URL."""
TOLD = "event"  # Attempt.stage of one that an event closed: the answer to its call is still to come


def by_token(session: Session, token: str) -> tuple[Attempt, Message] | None:
    """The attempt a settle must show the token of, with its message, both held until the transaction ends."""
    found = session.exec(select(Attempt.message_id).where(Attempt.token == token)).first()
    if found is None:
        return None
    message = session.exec(
        select(Message).where(Message.id == found).with_for_update().execution_options(populate_existing=True)
    ).one()
    attempt = session.exec(
        select(Attempt).where(Attempt.token == token).execution_options(populate_existing=True)
    ).one()
    return attempt, message


def lead_of(session: Session, token: str) -> Lead | None:
    """The lead whose message an attempt is for; None for a mail to the practice, or when all of it was erased."""
    statement = (
        select(Lead)
        .join(Message, col(Message.lead_id) == Lead.id)
        .join(Attempt, col(Attempt.message_id) == Message.id)
        .where(Attempt.token == token)
    )
    return session.exec(statement).first()


def channel_of(attempt: Attempt) -> str:
    """The way out it went by; an attempt from before there were two went by the first."""
    return attempt.channel or PRIMARY


def close_told(session: Session, message_id: int, real_now: datetime) -> None:
    """The mail is known to have left: nobody waits for an answer to its open attempt any more. One may come."""
    still_open = select(Attempt).where(Attempt.message_id == message_id, col(Attempt.outcome).is_(None))
    for attempt in session.exec(still_open.execution_options(populate_existing=True)):
        attempt.outcome, attempt.stage, attempt.closed_at = "accepted", TOLD, real_now


def was_accepted(session: Session, message_id: int) -> bool:
    """Is one of its attempts known to have been taken?"""
    taken = select(Attempt.id).where(Attempt.message_id == message_id, Attempt.outcome == "accepted")
    return session.exec(taken.limit(1)).first() is not None


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
