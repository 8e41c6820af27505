"""Of a leased group: what each mail's bytes are made of, what says whether it may leave, and its attempt opened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, insert, select, update
from sqlmodel import Session, col

from service.store.db import UtcDateTime
from service.store.quick import among, run
from service.store.schema_words import core
from service.store.tables import Attempt, Message

_MESSAGES = core(Message)


class ToBuild(NamedTuple):
    """Of a message, what its bytes are made of."""

    id: int
    public_id: str
    template: str
    revision_id: int
    practice_revision_id: int
    recipient: str
    content: dict[str, Any]
    message_id: str
    boundary: str
    mail_from: str
    reply_to: str | None
    first_handed_at: datetime | None


class Leaving(NamedTuple):
    """Of a message, what says whether it may leave now."""

    id: int
    kind: str
    priority: int
    lead_id: int | None
    enrolment_id: int | None
    recipient: str
    sequence: str | None
    revision_id: int
    hold: str | None
    attempts: int
    planned_at: datetime
    due_at: datetime
    not_after: datetime | None
    first_handed_at: datetime | None


_IDS = among(col(Message.id), "ids")
_MINE = (_IDS, col(Message.state) == "leased", col(Message.lease_token) == bindparam("token"))
# Made once: to put a statement together takes longer than to run it.
_LEASED = (
    select(*(_MESSAGES.c[name] for name in ToBuild._fields))
    .where(*_MINE)
    .order_by(col(Message.priority), col(Message.due_at), col(Message.id))
)
_HANDED_OVER = (
    update(_MESSAGES)
    .where(among(_MESSAGES.c.id, "ids"))
    .values(
        state="handed_over",
        attempts=_MESSAGES.c.attempts + 1,
        first_handed_at=func.coalesce(_MESSAGES.c.first_handed_at, bindparam("dated", type_=UtcDateTime())),
    )
)
_OPEN = insert(core(Attempt))
_WHOSE = select(_MESSAGES.c.lead_id, _MESSAGES.c.recipient).where(_IDS)
_HELD = (
    select(*(_MESSAGES.c[name] for name in Leaving._fields))
    .where(*_MINE, col(Message.lease_until) > bindparam("real_now", type_=UtcDateTime()))
    .order_by(col(Message.id))
    .with_for_update()
)


def leased(session: Session, ids: Iterable[int], token: str) -> list[ToBuild]:
    """Those of the ids that this token still holds, most urgent first, fresh from the database."""
    return [ToBuild._make(row) for row in run(session, _LEASED, {"ids": list(ids), "token": token})]


def whose(session: Session, ids: Iterable[int]) -> Sequence[tuple[int | None, str]]:
    """The lead, if any, and the recipient of each of these messages: neither ever changes, but a lead is erased."""
    return [(row.lead_id, row.recipient) for row in run(session, _WHOSE, {"ids": list(ids)})]


def hold(session: Session, ids: Iterable[int], token: str, real_now: datetime) -> list[Leaving]:
    """As `leased`, without leases that ran out, and nobody else may take or change them until the transaction ends.

    Without the row locks a reaper could give a message to another worker between this look and the hand-over.
    """
    found = run(session, _HELD, {"ids": list(ids), "token": token, "real_now": real_now})
    return sorted(map(Leaving._make, found), key=lambda each: (each.priority, each.due_at, each.id))


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A message that goes now: by the one way out that `channel` names; whoever has the token settles it."""

    message: Leaving
    token: str
    channel: str


def open_attempts(session: Session, openings: Sequence[Opening], *, dated: datetime, real_now: datetime) -> None:
    """These messages count as handed over from the commit on: whatever happens next, none is silently sent again.

    `dated` is the Date that the bytes of a first try were built with: every later try repeats it.
    """
    run(session, _HANDED_OVER, {"ids": [each.message.id for each in openings], "dated": dated})
    rows = [
        {
            "message_id": each.message.id,
            "token": each.token,
            "number": each.message.attempts + 1,
            "channel": each.channel,
            "opened_at": real_now,
        }
        for each in openings
    ]
    run(session, _OPEN, rows)
