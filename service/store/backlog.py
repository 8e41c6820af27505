"""What piled up while nothing could leave: counted, and held back until staff approve it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists
from sqlmodel import Session, col, func, select, update

from service.store import outbox
from service.store.leaving import Leaving
from service.store.tables import Attempt, Enrolment, Message

# Follow-ups alone: after a restore an advice is held too, and somebody asked for it. It is decided by its id.
_HELD_BACK = (col(Message.state) == "held", col(Message.hold).is_not(None), col(Message.kind) == "follow_up")


def count(session: Session, until: datetime, sequence: str | None, paused: outbox.Paused) -> int:
    """How many follow-ups became due by then and have not left: queued, or still to be planned.

    Of one sequence, or of all but the paused ones. A run counts once: its next step waits for the one before. What is
    held back already was counted at the end of its own stretch: it makes no later one into a backlog.
    """
    queued = select(func.count()).where(
        col(Message.state).in_(("due", "leased")),
        Message.kind == "follow_up",
        Message.due_at <= until,
        col(Message.hold).is_(None),
    )
    runs = select(func.count()).where(
        Enrolment.state == "active",
        col(Enrolment.next_at) <= until,
        ~exists().where(
            col(Message.enrolment_id) == Enrolment.id,
            col(Message.kind) == "follow_up",
            col(Message.state).in_(("due", "leased", "handed_over", "held")),
        ),
    )
    if sequence is not None:
        queued = queued.where(Message.sequence == sequence)
        runs = runs.where(Enrolment.sequence == sequence)
    elif paused.sequences:
        queued = queued.where(col(Message.sequence).not_in(paused.sequences))
        runs = runs.where(col(Enrolment.sequence).not_in(paused.sequences))
    return sum(session.exec(each).one() for each in (queued, runs))


def hold_due(session: Session, until: datetime, sequence: str | None, hold: str, reason: str) -> int:
    """Hold back every queued follow-up that was due by then. Returns how many.

    What somebody else has in hand is passed over: waiting for it while holding others would deadlock. The hand-over
    looks once more.
    """
    due = select(Message.id).where(
        Message.state == "due", Message.kind == "follow_up", Message.due_at <= until, col(Message.hold).is_(None)
    )
    if sequence is not None:
        due = due.where(Message.sequence == sequence)
    free = due.with_for_update(skip_locked=True).cte("free")
    statement = (
        update(Message)
        .where(col(Message.id).in_(select(free.c.id)))
        .values(state="held", hold=hold, reason=reason)
        .returning(col(Message.id))
        .execution_options(synchronize_session=False)
    )
    return len(list(session.exec(statement).scalars()))


def held_back(session: Session, limit: int) -> Sequence[int]:
    """Ids of follow-ups that wait for staff to approve them, oldest first."""
    return session.exec(select(Message.id).where(*_HELD_BACK).order_by(col(Message.id)).limit(limit)).all()


def is_newest(session: Session, message: Message | Leaving) -> bool:
    """Was no later step of its run planned since?"""
    later = select(Message.id).where(
        Message.enrolment_id == message.enrolment_id, Message.kind == "follow_up", Message.id > message.id
    )
    return session.exec(later.limit(1)).first() is None


def hold_back(session: Session, reason: str, hold: str) -> int:
    """Everything that was about to leave is held for staff: what leaves next is theirs to say. Returns how many."""
    statement = (
        update(Message)
        .where(col(Message.state).in_(("due", "leased")))
        .values(state="held", reason=reason, hold=hold, lease_token=None, lease_until=None)
        .execution_options(synchronize_session="fetch")
    )
    return int(session.exec(statement).rowcount)


def give_up_hand_overs(session: Session, reason: str, real_now: datetime) -> int:
    """Nobody will answer for what was being handed over. Returns how many."""
    in_flight = select(Message.id).where(Message.state == "handed_over")
    session.exec(
        update(Attempt)
        .where(col(Attempt.message_id).in_(in_flight), col(Attempt.outcome).is_(None))
        .values(outcome="unknown", closed_at=real_now)
        .execution_options(synchronize_session="fetch")
    )
    statement = (
        update(Message)
        .where(col(Message.state) == "handed_over")
        .values(state="unknown", reason=reason, lease_token=None, lease_until=None)
        .execution_options(synchronize_session="fetch")
    )
    return int(session.exec(statement).rowcount)
