"""Of a leased group: what says whether each mail may leave, what its bytes are made of, and its attempt opened."""

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
from service.store.tables import Attempt, Enrolment, Message

_MESSAGES, _RUNS = core(Message), core(Enrolment)


class Leaving(NamedTuple):
    """Of a message, what says whether it may leave now, how its run stands, and what its bytes are made of."""

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
    public_id: str
    template: str
    practice_revision_id: int
    content: dict[str, Any]
    message_id: str
    boundary: str
    mail_from: str
    reply_to: str | None
    run_state: str | None
    goal_at: datetime | None
    paused_until: datetime | None
    anchor: datetime | None


_IDS = among(col(Message.id), "ids")
_OF_ITS_RUN = ("run_state", "goal_at", "paused_until", "anchor")
# Made once: to put a statement together takes longer than to run it.
_HELD = (
    select(
        *(_MESSAGES.c[name] for name in Leaving._fields if name not in _OF_ITS_RUN),
        _RUNS.c.state,
        _RUNS.c.goal_at,
        _RUNS.c.paused_until,
        _RUNS.c.anchor,
    )
    .outerjoin_from(_MESSAGES, _RUNS, _RUNS.c.id == _MESSAGES.c.enrolment_id)
    .where(
        _IDS,
        col(Message.state) == "leased",
        col(Message.lease_token) == bindparam("token"),
        col(Message.lease_until) > bindparam("real_now", type_=UtcDateTime()),
    )
    .order_by(col(Message.id))
    .with_for_update(of=_MESSAGES)
)
_HANDED_OVER = (
    update(_MESSAGES)
    .where(among(_MESSAGES.c.id, "ids"))
    .values(
        state="handed_over",
        attempts=_MESSAGES.c.attempts + 1,
        first_handed_at=func.coalesce(_MESSAGES.c.first_handed_at, bindparam("now", type_=UtcDateTime())),
    )
)
_OPEN = insert(core(Attempt))


def hold(session: Session, ids: Iterable[int], token: str, real_now: datetime) -> list[Leaving]:
    """Those of the ids that this token holds, most urgent first, fresh from the database.

    Nobody else may take or change them until the transaction ends. A lease of another transaction, which older workers
    had, may have run out since.
    """
    found = run(session, _HELD, {"ids": list(ids), "token": token, "real_now": real_now})
    return sorted(map(Leaving._make, found), key=lambda each: (each.priority, each.due_at, each.id))


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A message that goes now: by the one way out that `channel` names; whoever has the token settles it."""

    message: Leaving
    token: str
    channel: str


def open_attempts(session: Session, openings: Sequence[Opening], now: datetime, real_now: datetime) -> None:
    """These messages count as handed over from the commit on: whatever happens next, none is silently sent again.

    `now` is the Date that the bytes of a first try were built with: every later try repeats it.
    """
    run(session, _HANDED_OVER, {"ids": [each.message.id for each in openings], "now": now})
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
