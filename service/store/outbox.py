"""The ledger's statements: what is due, let go, give back, cancel; `leaving.py` hands over. Drawn in docs/ledger.md."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy import ColumnElement, Executable, Select, bindparam, false
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, or_, select, update
from sqlmodel.sql.expression import SelectOfScalar

from service.store import events
from service.store.moments import UtcDateTime
from service.store.quick import firsts, run
from service.store.schema_words import core
from service.store.tables import Attempt, Lead, Message

RESTORED = "restored"  # Message.hold of what may have left after a backup was made
APPROVED = "approved"  # and of what staff let go: no guard holds it again
PAUSED = "paused"  # the fact that the emergency brake keeps
LEASE = timedelta(seconds=15)
ADVICE, SERVICE, FOLLOW_UP = 0, 1, 2  # priorities: lower goes first
# The very words of ix_message_leased, values included: SQLite uses a partial index only where it finds its condition.
_IN_HAND = col(Message.state).in_(
    bindparam("in_hand", ("leased", "handed_over"), expanding=True, literal_execute=True, unique=True)
)


_MESSAGES = core(Message)


@dataclass(frozen=True, kw_only=True)
class Paused:
    """What the emergency brake holds back."""

    all_mail: bool = False
    follow_ups: bool = False
    sequences: frozenset[str] = frozenset()

    def holds_back(self, sequence: str) -> bool:
        """Whether follow-ups of this sequence may not leave."""
        return self.all_mail or self.follow_ups or sequence in self.sequences


def paused(session: Session) -> Paused:
    """What is held back now."""
    kept = events.fact(session, PAUSED) or {}
    return Paused(
        all_mail=kept.get("all_mail", False),
        follow_ups=kept.get("follow_ups", False),
        sequences=frozenset(kept.get("sequences", [])),
    )


def free(session: Session, now: datetime, limit: int, paused: Paused, *, urgent: bool) -> list[tuple[int, str]]:
    """Id and recipient of what is due and whose leads nobody else has; these leads are ours until the transaction ends.

    For PostgreSQL, where everybody takes a lead before her messages. Nobody is waited for: a lead who is taken keeps
    no mail behind hers waiting, and several workers never look at the same ones.
    """
    given = {"now": now, "most": limit}
    found = [*run(session, _with_lead(paused, urgent), given)]
    if urgent:  # a mail to the practice may be about nobody
        found += run(session, _without_lead(paused), given)
    found.sort(key=lambda each: (each.priority, each.due_at, each.id))
    return [(each.id, each.recipient) for each in found[:limit]]


def due_ids(session: Session, now: datetime, limit: int, paused: Paused, *, urgent: bool) -> list[int]:
    """Whom it is the turn of, most urgent first, without reading what is in it."""
    return firsts(session, _ids_of_all(paused, urgent), {"now": now, "most": limit})


IN_LINE = (col(Message.priority), col(Message.due_at), col(Message.id))
_SHOWN = (col(Message.id), col(Message.recipient), col(Message.priority), col(Message.due_at))


@lru_cache(maxsize=8)
def _ids_of_all(paused: Paused, urgent: bool) -> Executable:
    return sql_select(*_SHOWN).where(*is_due(paused, urgent)).order_by(*IN_LINE).limit(bindparam("most"))


@lru_cache(maxsize=8)
def _with_lead(paused: Paused, urgent: bool) -> Executable:
    return (
        sql_select(*_SHOWN)
        .join(Lead, col(Lead.id) == col(Message.lead_id))
        .where(*is_due(paused, urgent))
        .order_by(*IN_LINE)
        .limit(bindparam("most"))
        .with_for_update(of=Lead, key_share=True, skip_locked=True)
    )


@lru_cache(maxsize=4)
def _without_lead(paused: Paused) -> Executable:
    nobody = (*is_due(paused, urgent=True), col(Message.lead_id).is_(None))
    return sql_select(*_SHOWN).where(*nobody).order_by(*IN_LINE).limit(bindparam("most"))


def is_due(paused: Paused, urgent: bool | None = None) -> list[ColumnElement[bool]]:
    """What it takes to be due at `now`, a parameter: all mail, or what is urgent (advice, service mail) or is not."""
    due = [col(Message.state) == "due", col(Message.due_at) <= bindparam("now", type_=UtcDateTime())]
    if urgent is not None:
        # One value of the index's first column: what is due then stands together, before all that lies in the future.
        due.append(col(Message.priority) < FOLLOW_UP if urgent else col(Message.priority) == FOLLOW_UP)
    if paused.all_mail:
        due.append(false())
    if paused.follow_ups:
        due.append(col(Message.kind) != "follow_up")
    if paused.sequences:
        due.append(or_(col(Message.kind) != "follow_up", col(Message.sequence).not_in(paused.sequences)))
    return due


def under_way(session: Session, now: datetime, paused: Paused) -> bool:
    """Is any mail being handed over, or due and about to be?"""
    held = select(Message.id).where(_IN_HAND)
    looks = (held.limit(1), select(Message.id).where(*is_due(paused)).limit(1))
    return any(session.exec(look, params={"now": now}).first() is not None for look in looks)


def release(message: Message, state: str, reason: str | None, *, due_at: datetime | None = None) -> None:
    """It does not leave, or not yet: it is `due`, or where the reason says; with a lease it had that ends."""
    message.state = state
    message.reason = reason
    message.hold = APPROVED if state == "due" and message.hold == APPROVED else None
    message.lease_token = message.lease_until = None
    if due_at is not None:
        message.due_at = due_at


def hold_for(message: Message, hold: str, reason: str) -> None:
    """It does not leave: a person must approve it first. `hold` names the guard that wants that."""
    release(message, "held", reason)
    message.hold = hold


def set_aside(session: Session, message_id: int, reason: str) -> str | None:
    """Hold one message that is due, without reading it: what is in it may be what failed. Returns its template.

    None: it is not due any more.
    """
    statement = (
        update(Message)
        .where(col(Message.id) == message_id, col(Message.state) == "due")
        .values(state="held", reason=reason, hold=None)
        .returning(col(Message.template))
        .execution_options(synchronize_session=False)
    )
    return session.exec(statement).scalars().one_or_none()


def renew(session: Session, tokens: Iterable[str], real_now: datetime) -> None:
    """Heartbeat: everything these tokens hold is still being worked on."""
    mine = select(Message.id).where(_IN_HAND, col(Message.lease_token).in_(list(tokens)))
    session.exec(
        update(Message)
        .where(col(Message.id).in_(_not_locked(mine)))
        .values(lease_until=real_now + LEASE)
        .execution_options(synchronize_session=False)
    )


def _not_locked(wanted: SelectOfScalar[int]) -> Select[tuple[int]]:
    """Those of the ids that nobody else holds just now; the rest is looked at next time.

    A statement that waits for one row while it holds others would deadlock with hand-overs, which take many too.
    """
    free = wanted.with_for_update(skip_locked=True).cte("free")
    return sql_select(free.c.id)


def recipients_in_flight(session: Session) -> Sequence[str]:
    """Whose mail is being handed over just now, by whichever worker."""
    return session.exec(select(Message.recipient).where(_IN_HAND, Message.state == "handed_over").distinct()).all()


def any_in_flight(session: Session, *, opened_before: datetime) -> bool:
    """Is the answer to a call that began before then, real time, still to come, whichever worker made it?"""
    in_flight = (
        select(Attempt.id)
        .join(Message, col(Message.id) == col(Attempt.message_id))
        .where(_IN_HAND, Message.state == "handed_over", col(Attempt.outcome).is_(None))
        .where(col(Attempt.opened_at) < opened_before)
    )
    return session.exec(in_flight.limit(1)).first() is not None


def give_back_expired(session: Session, real_now: datetime) -> int:
    """Leases that ran out before a hand-over: due again, nothing was sent. Returns how many.

    Only workers of an older version have them: what is due is taken and handed over in one transaction since.
    """
    expired = select(Message.id).where(_IN_HAND, Message.state == "leased", col(Message.lease_until) < real_now)
    statement = (
        update(Message)
        .where(col(Message.id).in_(_not_locked(expired)))
        .values(state="due", lease_token=None, lease_until=None)
        .returning(col(Message.id))
        .execution_options(synchronize_session=False)
    )
    return len(list(session.exec(statement).scalars()))


def run_out(session: Session, real_now: datetime) -> Sequence[str]:
    """The leases that have, each once."""
    out = select(Message.lease_token).where(_IN_HAND, col(Message.lease_until) < real_now).distinct()
    return [each for each in session.exec(out) if each is not None]


def lost_hand_overs(
    session: Session, real_now: datetime, leases: Collection[str] | None = None, limit: int = 100
) -> Sequence[tuple[Message, Attempt]]:
    """Handed over by a worker that no longer answers: nobody knows what became of these. Held until the commit.

    Under these leases, or any.
    """
    of_these = [] if leases is None else [col(Message.lease_token).in_(leases)]
    messages = session.exec(
        select(Message)
        .where(_IN_HAND, Message.state == "handed_over", col(Message.lease_until) < real_now, *of_these)
        .order_by(col(Message.lease_until))  # by id, SQLite would read the whole table in that order
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    found = []
    for message in messages:
        attempt = session.exec(
            select(Attempt).where(Attempt.message_id == message.id, Attempt.number == message.attempts)
        ).one()
        found.append((message, attempt))
    return found


def cancel_follow_ups(
    session: Session, lead_id: int, reason: str, now: datetime, *, runs: Collection[int] | None = None
) -> int:
    """Cancel what has not been handed over, of all runs or of these; a lease on it then settles nothing.

    Returns how many.
    """
    mine = [col(Message.lead_id) == lead_id] + ([] if runs is None else [col(Message.enrolment_id).in_(runs)])
    statement = (
        update(Message)
        .where(
            *mine,
            col(Message.kind) == "follow_up",
            col(Message.state).in_(("due", "leased", "held")),
        )
        .values(state="cancelled", reason=reason, hold=None, lease_token=None, lease_until=None, settled_at=now)
        .returning(col(Message.id))
        .execution_options(synchronize_session="fetch")
    )
    return len(list(session.exec(statement).scalars()))
