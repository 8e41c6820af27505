"""Counts and looks over the whole: for the demo's clock, for metrics and for staff."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, func, select

from service.store.attempts import PRIMARY
from service.store.tables import Attempt, BookingRequest, Enrolment, Message


def next_moment(session: Session, *, after: datetime) -> datetime | None:
    """The next moment at which a step, a mail or a reminder becomes due."""
    looks = (
        select(func.min(Enrolment.next_at)).where(Enrolment.state == "active", col(Enrolment.next_at) > after),
        select(func.min(Message.due_at)).where(Message.state == "due", Message.due_at > after),
        select(func.min(BookingRequest.remind_at)).where(col(BookingRequest.remind_at) > after),
    )
    moments = [found for look in looks if (found := session.exec(look).one()) is not None]
    return min(moments, default=None)


def last_attempt(session: Session) -> int:
    """The id of the newest attempt; 0 when there is none."""
    return session.exec(select(func.max(Attempt.id))).one() or 0


def accepted_after(session: Session, attempt_id: int) -> int:
    """How many advices and follow-ups were accepted by attempts newer than this one."""
    statement = (
        select(func.count())
        .select_from(Attempt)
        .join(Message, col(Message.id) == Attempt.message_id)
        .where(Attempt.id > attempt_id, Attempt.outcome == "accepted", Message.kind != "service")
    )
    return session.exec(statement).one()


def states(session: Session) -> dict[tuple[str, str], int]:
    """(kind, state) -> how many messages."""
    statement = select(Message.kind, Message.state, func.count()).group_by(col(Message.kind), col(Message.state))
    return {(kind, state): count for kind, state, count in session.exec(statement)}


def attempts(session: Session) -> dict[tuple[str, str], int]:
    """(way out, outcome) -> how many attempts; "open" where there is no outcome yet."""
    channel = func.coalesce(Attempt.channel, PRIMARY).label("by_way")
    outcome = func.coalesce(Attempt.outcome, "open").label("became")
    statement = select(channel, outcome, func.count()).group_by("by_way", "became")
    return {(by, became): count for by, became, count in session.exec(statement)}


def enrolment_states(session: Session) -> dict[str, int]:
    """state -> how many enrolments."""
    statement = select(Enrolment.state, func.count()).group_by(col(Enrolment.state))
    return dict(session.exec(statement).all())


def oldest_due_at(session: Session, now: datetime) -> datetime | None:
    """Since when the mail that waits longest has been due; None when nothing waits."""
    return session.exec(select(func.min(Message.due_at)).where(Message.state == "due", Message.due_at <= now)).one()
