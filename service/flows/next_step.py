"""A run as the domain knows it, and whether its next step may have left already: before a database was put back."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from service.domain import enrolment as domain
from service.domain.enrolment import State
from service.domain.timing import NeverOpensError
from service.flows import backlog
from service.flows.services import Services
from service.store import enrolments
from service.store.tables import Enrolment


def value(row: Enrolment, outcomes: dict[str, str]) -> domain.Enrolment:
    """The row as the domain knows it."""
    return domain.Enrolment(
        state=State(row.state),
        anchor=row.anchor,
        split_id=row.split_id,
        next_step=row.next_step,
        opted_in_at=row.created_at,
        confirmed_at=row.confirmed_at,
        replied_at=row.replied_at,
        pause_reason=row.pause_reason,
        paused_until=row.paused_until,
        goal_at=row.goal_at,
        answers=row.answers,
        outcomes=outcomes,
    )


def may_have_left(session: Session, services: Services, row: Enrolment, now: datetime) -> bool:
    """Did the next step of this run fall due in a stretch that a restored database knows nothing of?

    Moved by a pause it would be taken for one that nobody has sent yet.
    """
    guard = backlog.guard(session, services, now)
    if row.state != State.ACTIVE or not guard.knows_of_a_restore:
        return False
    sequence = services.published.sequence(session, row.sequence_revision_id)
    run = value(row, enrolments.outcomes(session, [row.id]).get(row.id, {}))
    try:
        planned_at = domain.next_planned(run, sequence, services.published.calendar(session))
    except NeverOpensError:  # staff are told when it is planned
        return False
    return planned_at is not None and guard.may_have_left(row.sequence, planned_at)
