"""A tick costs what is due, never what is stored: the plans of the statements that run every second."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel import Session, col, select, update

from service.flows import settling
from service.mail.links import new_public_id
from service.store import bookings, enrolments, leads, leaving, outbox
from service.store.tables import BookingRequest, Enrolment, Message
from tests.support import acts
from tests.support.crowd import gather
from tests.support.house import House

STORED = 2_000
DUE = 5
THURSDAY = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
Query = tuple[str, Any]


@pytest.fixture
def full(house: House) -> House:
    """Thousands of mails that left, and of runs that wait for their day; a handful of each is due."""
    crowd = gather(house, 400)
    acts.commit(house, _fill, crowd[0].message_id)
    acts.commit(house, _let_be_due)
    with house.services.database.transaction() as session:
        session.execute(text("ANALYZE"))
    return house


def _fill(session: Session, message_id: int) -> None:
    """Copies of one service mail's worth of columns, all accepted long ago; and requests that were answered."""
    session.add_all(BookingRequest(created_at=THURSDAY, handled_at=THURSDAY) for _ in range(STORED))
    original = session.get_one(Message, message_id)
    shared = original.model_dump(exclude={"id"}) | {
        "kind": "service",
        "state": "accepted",
        "priority": outbox.SERVICE,
        "enrolment_id": None,
        "consent_id": None,
        "lease_token": None,
        "lease_until": None,
    }
    ids = [new_public_id() for _ in range(STORED)]
    session.add_all(
        Message(**shared | {"public_id": each, "message_id": f"<{each}@praktijk.example>", "cause": each})
        for each in ids
    )


def _let_be_due(session: Session) -> None:
    """Most of the crowd's mails have left, and their runs wait for later."""
    crowd = session.exec(select(Message.id).where(Message.state == "due").order_by(col(Message.id))).all()
    session.exec(update(Message).where(col(Message.id).in_(crowd[DUE:])).values(state="accepted"))
    later = datetime(2026, 6, 1, tzinfo=UTC)
    session.exec(update(Enrolment).values(next_at=later))


def plan_of(house: House, work: Callable[[Session], object]) -> str:
    """How the database goes about the first statement of this work, as EXPLAIN tells it, values included."""
    asked: list[Query] = []
    engine = house.services.database.engine

    def keep(_connection: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT")):
            asked.append((statement, values))

    event.listen(engine, "before_cursor_execute", keep)
    try:
        with house.services.database.transaction() as session:
            work(session)
            session.rollback()
    finally:
        event.remove(engine, "before_cursor_execute", keep)
    explain = "EXPLAIN QUERY PLAN " if house.services.database.is_sqlite else "EXPLAIN "
    statement, values = asked[0]
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(explain + statement, values)
        return "\n".join(str(row[-1]) for row in rows)


def reads_all(plan: str, table: str) -> bool:
    """Does this plan look at every row of a table?"""
    lines = plan.splitlines()
    return any(f"Seq Scan on {table}" in line or line.strip() == f"SCAN {table}" for line in lines)


def due(session: Session) -> None:
    """What a sender on SQLite asks every second."""
    leaving.due(session, THURSDAY, 8, outbox.Paused(), urgent=False)


def due_and_urgent(session: Session) -> None:
    """The same of advice and service mail."""
    leaving.due(session, THURSDAY, 8, outbox.Paused(), urgent=True)


def due_with_the_brake_on(session: Session) -> None:
    """The same while follow-ups are held back."""
    paused = outbox.Paused(follow_ups=True, sequences=frozenset({"lage-rug"}))
    leaving.due(session, THURSDAY, 8, paused, urgent=False)


def free_of_all(session: Session) -> None:
    """What a sender on PostgreSQL asks for: what is due with the leads that nobody else has."""
    outbox.free(session, THURSDAY, 8, outbox.Paused(), urgent=False)


def free_of_urgent(session: Session) -> None:
    """The same of advice and service mail."""
    outbox.free(session, THURSDAY, 8, outbox.Paused(), urgent=True)


def test_what_runs_every_second_goes_by_the_index_of_what_is_due(full: House) -> None:
    real_now = datetime.now(UTC)
    one_paused = outbox.Paused(sequences=frozenset({"uitstraling-been"}))
    works: list[tuple[str, str, Callable[[Session], object]]] = [
        ("message", "ix_message_due", due),
        ("message", "ix_message_due", due_and_urgent),
        ("message", "ix_message_due", due_with_the_brake_on),
        ("message", "ix_message_due", free_of_all),
        ("message", "ix_message_due", free_of_urgent),
        ("enrolment", "ix_enrolment_next_at", lambda session: enrolments.due(session, THURSDAY, 100, one_paused)),
        ("message", "ix_message_leased", lambda session: settling.reap(session, THURSDAY, real_now)),
        ("message", "ix_message_leased", lambda session: outbox.lost_hand_overs(session, real_now)),
        ("message", "ix_message_leased", lambda session: outbox.renew(session, ["t"], real_now)),
        ("lead", "ix_lead_erase_at", lambda session: leads.to_erase(session, THURSDAY, 100)),
        (
            "booking_request",
            "ix_booking_request_remind_at",
            lambda session: bookings.to_remind_of(session, THURSDAY, 100),
        ),
    ]
    for table, index, work in works:
        plan = plan_of(full, work)
        assert index in plan, f"{work}: {plan}"
        assert not reads_all(plan, table), plan


def test_by_their_ids_they_are_found_by_these_and_nothing_else_is_read(full: House) -> None:
    plan = plan_of(full, lambda session: leaving.due_among(session, [1, 2, 3], THURSDAY))
    assert not reads_all(plan, "message"), plan
    assert "ix_message_due" not in plan, plan


def test_the_advice_is_taken_before_any_follow_up(house: House) -> None:
    gather(house, 3)
    house.clock.advance(minutes=1)
    house.opt_in("bram@example.org")
    advice = acts.advice(house, "bram@example.org").id
    assert [each.message.id for each in acts.hand_over(house, "one", limit=1)] == [advice]
    assert len(acts.hand_over(house, "two", limit=2)) == 2
    assert len(acts.hand_over(house, "three")) == 2, "the crowd's last, and the one it was copied from"
    assert acts.hand_over(house, "four") == []
