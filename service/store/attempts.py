"""Attempts: each one try to hand a message over, found by its token, and counted by what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy import select as sql_select
from sqlalchemy import update as sql_update
from sqlmodel import Session, col, func, select

from service.store.message_rows import WITHOUT_CONTENT
from service.store.moments import UtcDateTime
from service.store.quick import among, firsts, run
from service.store.schema_words import core
from service.store.tables import Attempt, Lead, Message

PRIMARY, FALLBACK = "primary", "fallback"
"""The two ways out, as `Attempt.channel` names them: NURTURE_MAIL_URL and NURTURE_MAIL_FALLBACK_URL."""
TOLD = "event"  # Attempt.stage of one that an event closed: the answer to its call is still to come


_TOKENS = among(col(Attempt.token), "tokens")
# Made once: to put a statement together takes longer than to run it.
_MESSAGES_BY_TOKENS = (
    select(Message)
    .where(col(Message.id).in_(select(Attempt.message_id).where(_TOKENS)))
    .order_by(col(Message.id))
    .with_for_update()
    .options(WITHOUT_CONTENT)
    .execution_options(populate_existing=True)
)
_BY_TOKENS = select(Attempt).where(_TOKENS).execution_options(populate_existing=True)
_HOLD = (
    sql_select(col(Message.id))
    .where(col(Message.id).in_(select(Attempt.message_id).where(_TOKENS)))
    .order_by(col(Message.id))
    .with_for_update()
)
_ANSWERED = sql_update(core(Attempt)).where(core(Attempt).c.token == bindparam("its_token"))
_MESSAGES = core(Message)
_ACCEPTED = (
    sql_update(_MESSAGES)
    .where(
        _MESSAGES.c.id.in_(sql_select(col(Attempt.message_id)).where(_TOKENS, col(Attempt.outcome).is_(None))),
        _MESSAGES.c.state == "handed_over",
    )
    .values(
        state="accepted",
        reason=None,
        hold=None,
        lease_token=None,
        lease_until=None,
        settled_at=func.coalesce(_MESSAGES.c.settled_at, bindparam("now", type_=UtcDateTime())),
    )
    .returning(_MESSAGES.c.id)
)
_LEADS_BY_TOKENS = (
    select(Lead.id, Lead.address)
    .join(Message, col(Message.lead_id) == Lead.id)
    .join(Attempt, col(Attempt.message_id) == Message.id)
    .where(_TOKENS)
)
_ACCEPTED_AMONG = select(Attempt.message_id).where(among(col(Attempt.message_id), "ids"), Attempt.outcome == "accepted")


def by_tokens(session: Session, tokens: Sequence[str]) -> dict[str, tuple[Attempt, Message]]:
    """Token -> the attempt that a settle must show it of, with its message, held until the transaction ends."""
    messages = {each.id: each for each in session.exec(_MESSAGES_BY_TOKENS, params={"tokens": tokens})}
    tries = session.exec(_BY_TOKENS, params={"tokens": tokens})
    return {each.token: (each, messages[each.message_id]) for each in tries if each.message_id in messages}


def hold_messages(session: Session, tokens: Sequence[str]) -> None:
    """Nobody else takes or changes the messages of these attempts until the transaction ends."""
    run(session, _HOLD, {"tokens": tokens})


def accept(session: Session, tokens: Sequence[str], now: datetime) -> set[int]:
    """The messages of these attempts were taken, where nothing else is known of the attempt or of the message. Returns
    which: their attempts are to be `answered`."""
    return set(firsts(session, _ACCEPTED, {"tokens": tokens, "now": now}))


def answered(session: Session, answers: Sequence[Mapping[str, Any]]) -> None:
    """What was answered to these attempts: `its_token`, and the columns."""
    run(session, _ANSWERED, answers)


def leads_of(session: Session, tokens: Sequence[str]) -> dict[int, str]:
    """Lead id -> her address, of the leads whose messages these attempts are for; none for a mail to the practice."""
    return {row.id: row.address for row in run(session, _LEADS_BY_TOKENS, {"tokens": tokens})}


def channel_of(attempt: Attempt) -> str:
    """The way out it went by; an attempt from before there were two went by the first."""
    return attempt.channel or PRIMARY


def close_told(session: Session, message_id: int, real_now: datetime) -> None:
    """The mail is known to have left: nobody waits for an answer to its open attempt any more. One may come."""
    still_open = select(Attempt).where(Attempt.message_id == message_id, col(Attempt.outcome).is_(None))
    for attempt in session.exec(still_open.execution_options(populate_existing=True)):
        attempt.outcome, attempt.stage, attempt.closed_at = "accepted", TOLD, real_now


def accepted_among(session: Session, message_ids: Sequence[int]) -> set[int]:
    """Those of these messages of which an attempt is known to have been taken."""
    return set(firsts(session, _ACCEPTED_AMONG, {"ids": message_ids}))


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
