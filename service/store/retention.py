"""What is kept no longer: which rows are over their time, and removing them. Each look is limited, for batches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, delete, func, or_, select, update
from sqlmodel.sql.expression import SelectOfScalar

from service.store import bookings, events
from service.store.tables import (
    Alert,
    Attempt,
    Booking,
    BookingEvent,
    BookingRequest,
    Enrolment,
    FeedbackEvent,
    Lead,
    Message,
    OptIn,
    TimelineEntry,
)

_ENDS = ("accepted", "delivered", "bounced", "complained", "cancelled", "skipped", "failed", "unknown")


def leads_after_last_mail(session: Session, before: datetime, among: Sequence[int] | None = None) -> Sequence[int]:
    """Leads to whom nothing happens any more, and whose last mail and last opt-in were before this moment.

    Nobody with a run under way, with mail that may still leave, or with a request for a pain check open. It looks at
    every lead there is, or `among` some.
    """
    mine = Message.lead_id == Lead.id
    kept_by = (
        select(Enrolment.id).where(Enrolment.lead_id == Lead.id, Enrolment.state == "active"),
        select(Message.id).where(mine, col(Message.state).not_in(_ENDS)),
        select(Message.id).where(mine, func.coalesce(Message.first_handed_at, Message.created_at) >= before),
        select(OptIn.id).where(OptIn.lead_id == Lead.id, col(OptIn.created_at) >= before),
        _open_request(),
    )
    statement = select(Lead.id).where(
        col(Lead.erase_at).is_(None), col(Lead.created_at) < before, *(~each.exists() for each in kept_by)
    )
    if among is not None:
        statement = statement.where(col(Lead.id).in_(among))
    return session.exec(statement.order_by(col(Lead.id))).all()


def requests_of_nobody(session: Session, before: datetime, limit: int | None = None) -> Sequence[int]:
    """Requests for a pain check by the link of a lead who was erased, made before this moment."""
    statement = select(BookingRequest.id).where(
        col(BookingRequest.lead_id).is_(None), col(BookingRequest.created_at) < before
    )
    return session.exec(statement.order_by(col(BookingRequest.id)).limit(limit)).all()


def old_timeline(before: datetime) -> SelectOfScalar[int]:
    """What happened to leads before this moment."""
    return select(TimelineEntry.id).where(col(TimelineEntry.at) < before)


def old_answers(before: datetime) -> SelectOfScalar[int]:
    """Attempts of before this moment that still hold what the mail server said."""
    said = or_(col(Attempt.detail).is_not(None), col(Attempt.provider_id).is_not(None))
    return select(Attempt.id).where(col(Attempt.opened_at) < before, col(Attempt.outcome).is_not(None), said)


def old_alerts(before: datetime) -> SelectOfScalar[int]:
    """Alerts that were over before this moment."""
    return select(Alert.id).where(col(Alert.resolved_at) < before)


def old_staff_mails(before: datetime) -> SelectOfScalar[int]:
    """Mails to staff about no lead we know, made before this moment, but those that are still on their way.

    One that waits for a person, or of which nobody knows whether it arrived, may hold what somebody who was erased
    asked: it goes with all else.
    """
    return select(Message.id).where(
        Message.kind == "service",
        col(Message.lead_id).is_(None),
        col(Message.state).not_in(("due", "leased", "handed_over")),
        col(Message.created_at) < before,
    )


def old_booking_events(before: datetime) -> SelectOfScalar[int]:
    """Events of booking systems that came before this moment: nobody sends them again."""
    return select(BookingEvent.id).where(col(BookingEvent.at) < before)


def old_feedback(before: datetime) -> SelectOfScalar[int]:
    """What came back about mails, and came before this moment: nobody sends it again."""
    return select(FeedbackEvent.id).where(col(FeedbackEvent.received_at) < before)


def old_bookings_of_nobody(before: datetime) -> SelectOfScalar[int]:
    """Appointments of people who are no lead, noted before this moment."""
    return select(Booking.id).where(col(Booking.lead_id).is_(None), col(Booking.created_at) < before)


def count(session: Session, old: SelectOfScalar[int]) -> int:
    """How many rows are over their time."""
    return session.exec(select(func.count()).select_from(old.subquery())).one()


def remove_requests(session: Session, ids: Sequence[int]) -> int:
    """Forget these requests, and what is open about them: nobody could mend it. Returns how many there were."""
    events.forget_alerts(session, [bookings.unanswered(each) for each in ids])
    return session.exec(delete(BookingRequest).where(col(BookingRequest.id).in_(ids))).rowcount


def remove_timeline(session: Session, ids: Sequence[int]) -> int:
    """Forget these entries."""
    return session.exec(delete(TimelineEntry).where(col(TimelineEntry.id).in_(ids))).rowcount


def remove_answers(session: Session, ids: Sequence[int]) -> int:
    """Forget what the server said at these attempts; that they were made, and how they ended, stays."""
    return session.exec(update(Attempt).where(col(Attempt.id).in_(ids)).values(detail=None, provider_id=None)).rowcount


def remove_alerts(session: Session, ids: Sequence[int]) -> int:
    """Forget these alerts."""
    return session.exec(delete(Alert).where(col(Alert.id).in_(ids))).rowcount


def remove_booking_events(session: Session, ids: Sequence[int]) -> int:
    """Forget these events; the appointments they told of stay."""
    return session.exec(delete(BookingEvent).where(col(BookingEvent.id).in_(ids))).rowcount


def remove_feedback(session: Session, ids: Sequence[int]) -> int:
    """Forget this news; what it made of the mails and of their leads stays."""
    return session.exec(delete(FeedbackEvent).where(col(FeedbackEvent.id).in_(ids))).rowcount


def remove_bookings(session: Session, ids: Sequence[int]) -> int:
    """Forget these appointments with their events."""
    return session.exec(delete(Booking).where(col(Booking.id).in_(ids))).rowcount


def remove_staff_mails(session: Session, ids: Sequence[int]) -> int:
    """Forget these mails with their attempts."""
    session.exec(delete(Attempt).where(col(Attempt.message_id).in_(ids)))
    return session.exec(delete(Message).where(col(Message.id).in_(ids))).rowcount


def _open_request() -> SelectOfScalar[int]:
    return select(BookingRequest.id).where(BookingRequest.lead_id == Lead.id, col(BookingRequest.handled_at).is_(None))
