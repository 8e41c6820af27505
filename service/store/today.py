"""One day's mails: what left, what is still to leave, and when; counts alone, nothing of any lead."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, exists, func, select
from sqlmodel import Session, col

from service.store.outbox import ADVICE, FOLLOW_UP, Paused
from service.store.results import BECAME_SOMETHING
from service.store.tables import Enrolment, Message

Kind = tuple[str, str]
"""Sequence, and the step's key: empty for the advice."""
_TAKEN = ("accepted", "delivered", "bounced", "complained")
_ACTIVE = col(Enrolment.state) == bindparam("active", "active", literal_execute=True, unique=True)  # as the index says
_LATE = timedelta(days=30)  # a mail that was made longer than this before is looked for no more


def _has_none(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    """No follow-up of the run is so."""
    return ~exists().where(col(Message.enrolment_id) == col(Enrolment.id), col(Message.kind) == "follow_up", *where)


# While a mail of hers is on its way, or staff are to approve it, the next is only looked at now and then. One condition
# for each index: PostgreSQL would read all messages for all of them at once.
_WAITS_FOR_NONE = (
    _has_none(col(Message.state) == "due"),
    _has_none(col(Message.state).in_(("leased", "handed_over"))),
    _has_none(col(Message.state) == "held", col(Message.hold).is_not(None)),
)


def left(session: Session, since: datetime, until: datetime) -> dict[Kind, int]:
    """How many advices and follow-ups the other side took, by ix_message_results."""
    step = func.coalesce(col(Message.step), "")
    statement = (
        select(col(Message.sequence), step, func.count())
        .where(
            *BECAME_SOMETHING,
            col(Message.state).in_(_TAKEN),
            col(Message.created_at) >= since - _LATE,
            col(Message.created_at) < until,
            col(Message.settled_at) >= since,
            col(Message.settled_at) < until,
        )
        .group_by(col(Message.sequence), step)
    )
    return {(sequence, key): count for sequence, key, count in session.execute(statement)}


def coming(session: Session, until: datetime, paused: Paused) -> dict[tuple[str, datetime], int]:
    """(sequence, moment) -> how many mails are to leave then, of those that nothing holds back.

    Steps that fall due count as mails: whether one is skipped is decided at its moment.
    """
    # Moments first, as ix_enrolment_next_at is sorted: else SQLite reads all that is under way.
    step = (
        select(col(Enrolment.sequence), col(Enrolment.next_at), func.count())
        .where(
            _ACTIVE,
            col(Enrolment.next_at) < until,
            col(Enrolment.next_step).is_not(None),
            col(Enrolment.next_at).is_distinct_from(col(Enrolment.paused_until)),  # its step leaves after the pause
            *_WAITS_FOR_NONE,
        )
        .group_by(col(Enrolment.next_at), col(Enrolment.sequence))
    )
    due = (
        select(col(Message.sequence), col(Message.due_at), col(Message.kind), func.count())
        .where(
            col(Message.state) == "due",
            col(Message.priority).in_((ADVICE, FOLLOW_UP)),
            col(Message.due_at) < until,
            col(Message.sequence).is_not(None),
        )
        .group_by(col(Message.sequence), col(Message.due_at), col(Message.kind))
    )
    found: dict[tuple[str, datetime], int] = {}
    for sequence, moment, count in session.execute(step):
        if not paused.holds_back(sequence):
            found[sequence, moment] = found.get((sequence, moment), 0) + count
    for sequence, moment, kind, count in session.execute(due):
        if not (paused.all_mail or (kind == "follow_up" and paused.holds_back(sequence))):
            found[sequence, moment] = found.get((sequence, moment), 0) + count
    return found
