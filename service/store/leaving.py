"""What is due, with all that says whether it may leave and what its bytes are made of; and its attempt opened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Executable, bindparam, case, func, insert, select, update
from sqlmodel import Session

from service.store import outbox
from service.store.moments import UtcDateTime
from service.store.outbox import Paused
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


_OF_ITS_RUN = ("run_state", "goal_at", "paused_until", "anchor")
_LOOK = select(
    *(_MESSAGES.c[name] for name in Leaving._fields if name not in _OF_ITS_RUN),
    _RUNS.c.state,
    _RUNS.c.goal_at,
    _RUNS.c.paused_until,
    _RUNS.c.anchor,
).outerjoin_from(_MESSAGES, _RUNS, _RUNS.c.id == _MESSAGES.c.enrolment_id)
# Made once: to put a statement together takes longer than to run it.
_THESE = (
    _LOOK.where(
        among(_MESSAGES.c.id, "ids"),
        # Not in the words of the index of what is due: by statistics of hours ago PostgreSQL would read all of it.
        _MESSAGES.c.state + "" == "due",
        _MESSAGES.c.due_at <= bindparam("now", type_=UtcDateTime()),
    )
    .order_by(*outbox.IN_LINE)
    .with_for_update(of=_MESSAGES, skip_locked=True)
)
_HANDED_OVER = (
    update(_MESSAGES)
    .where(among(_MESSAGES.c.id, "ids"))
    .values(
        state="handed_over",
        lease_token=bindparam("lease"),
        lease_until=bindparam("until", type_=UtcDateTime()),
        attempts=_MESSAGES.c.attempts + 1,
        first_handed_at=func.coalesce(_MESSAGES.c.first_handed_at, bindparam("now", type_=UtcDateTime())),
        # A retry is her mail of the day it goes (`message_rows.left_at`), also where nobody ever learns its fate.
        due_at=case(
            (_MESSAGES.c.first_handed_at.is_(None), _MESSAGES.c.due_at),
            else_=bindparam("now", type_=UtcDateTime()),
        ),
    )
)
_OPEN = insert(core(Attempt))


def due(session: Session, now: datetime, limit: int, paused: Paused, *, urgent: bool) -> list[Leaving]:
    """Whom it is the turn of, most urgent first. For SQLite, where nobody else writes until the transaction ends."""
    return _as_leaving(run(session, _due(paused, urgent), {"now": now, "most": limit}))


def due_among(session: Session, ids: Iterable[int], now: datetime) -> list[Leaving]:
    """Those of these that are due, most urgent first, fresh from the database and held until the transaction ends.

    Who has a row of them just now, and not its lead, is not waited for.
    """
    return _as_leaving(run(session, _THESE, {"ids": list(ids), "now": now}))


@lru_cache(maxsize=8)
def _due(paused: Paused, urgent: bool) -> Executable:
    return _LOOK.where(*outbox.is_due(paused, urgent)).order_by(*outbox.IN_LINE).limit(bindparam("most"))


def _as_leaving(rows: Iterable[Sequence[Any]]) -> list[Leaving]:
    return [Leaving._make(each) for each in rows]


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A message that goes now: by the one way out that `channel` names; whoever has the token settles it."""

    message: Leaving
    token: str
    channel: str


def open_attempts(session: Session, openings: Sequence[Opening], lease: str, now: datetime, real_now: datetime) -> None:
    """These messages count as handed over from the commit on: whatever happens next, none is silently sent again.

    As long as their lease is renewed, somebody waits for the answer. `now` is the Date that the bytes of a first try
    were built with: every later try repeats it.
    """
    ids = [each.message.id for each in openings]
    run(session, _HANDED_OVER, {"ids": ids, "lease": lease, "until": real_now + outbox.LEASE, "now": now})
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
