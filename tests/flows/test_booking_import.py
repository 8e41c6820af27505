"""Appointments from a CSV file: whole or not at all, once, and without a trace of who is no lead."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from service.domain.booking_table import Row, State
from service.flows import booking_import, privacy
from service.flows.booking_import import Imported
from service.mail.links import address_hmac
from service.store.tables import Booking
from tests.support import acts
from tests.support.acts import ANNA
from tests.support.house import House
from tests.support.waiting import wait_until_it_waits

BRAM, CARLA = "bram@example.org", "carla@example.org"
AT = datetime(2026, 3, 17, 13, 0, tzinfo=UTC)


def line(
    number: int, address: str = ANNA, *, at: datetime | None = AT, id: str | None = None, state: State = "booked"
) -> Row:
    return Row(line=number, address=address, at=at, id=id, state=state)


def take(house: House, *rows: Row) -> Imported:
    return acts.commit(house, booking_import.take, house.services, list(rows), actor="Frank", now=house.clock.now())


def test_who_has_an_appointment_gets_no_follow_ups_and_the_others_do(house: House) -> None:
    for address in (ANNA, BRAM):
        acts.confirmed(house, address)
    done = take(house, line(2), line(3, CARLA), line(4, BRAM, state="cancelled"))
    assert (done.booked, done.cancelled, done.known, done.unmatched) == ((2,), (4,), (), (3,))
    assert acts.enrolment(house).state == "finished"
    assert acts.enrolment(house, BRAM).state == "active"


def test_the_same_file_again_changes_nothing(house: House) -> None:
    acts.confirmed(house)
    rows = [line(2), line(3, at=None), line(4, id="A1"), line(5, CARLA), line(6, id="A2", state="cancelled")]
    assert take(house, *rows).changed == 4
    before = {name: found for name, found in house.rows().items() if name != "audit"}
    house.clock.advance(hours=1)
    done = take(house, *rows)
    assert (done.changed, done.known, done.unmatched) == (0, (2, 3, 4, 6), (5,))
    assert {name: found for name, found in house.rows().items() if name != "audit"} == before


def test_a_later_file_may_move_or_cancel_what_has_a_number(house: House) -> None:
    acts.confirmed(house)
    take(house, line(2, id="A1"))
    house.clock.advance(hours=1)
    assert take(house, line(2, id="A1", at=AT + timedelta(days=1))).booked == (2,)
    house.clock.advance(hours=1)
    assert take(house, line(2, id="A1", at=AT + timedelta(days=1), state="cancelled")).cancelled == (2,)
    assert len(house.rows()["booking"]) == 1


def test_of_two_lines_about_one_appointment_the_last_counts(house: House) -> None:
    acts.confirmed(house)
    done = take(house, line(2, id="A1"), line(3, id="A1", state="cancelled"))
    assert (done.booked, done.cancelled, done.known) == ((), (3,), (2,))


def test_a_number_that_is_somebody_elses_by_now_is_hers(house: House) -> None:
    for address in (ANNA, BRAM):
        acts.confirmed(house, address)
    take(house, line(2, id="12"))
    house.clock.advance(hours=1)
    for rows in ([line(2, BRAM, id="12")], [line(2, BRAM, id="12", at=AT + timedelta(days=1))]):
        assert take(house, *rows).booked == (2,)
        assert take(house, *rows).known == (2,)
        house.clock.advance(hours=1)
    assert acts.enrolment(house, BRAM).state == "finished"
    with house.services.database.reading() as session:
        whose = [row.lead_id for row in session.exec(select(Booking).order_by(col(Booking.id)))]
    assert whose == [house.lead().id, house.lead(BRAM).id]


def test_two_who_come_together_have_one_number_and_both_have_an_appointment(house: House) -> None:
    for address in (ANNA, BRAM):
        acts.confirmed(house, address)
    assert take(house, line(2, id="12"), line(3, BRAM, id="12")).booked == (2, 3)
    assert [acts.enrolment(house, address).state for address in (ANNA, BRAM)] == ["finished", "finished"]


def test_an_appointment_that_an_earlier_version_named_by_its_number_alone_is_known(house: House) -> None:
    acts.confirmed(house)
    take(house, line(2, id="12"))
    named = address_hmac(house.services.suppression_key, "booking number 12")

    def as_before(session: Session) -> None:
        session.exec(select(Booking)).one().external_id = named

    acts.commit(house, as_before)
    house.clock.advance(hours=1)
    assert take(house, line(2, id="12")).known == (2,)
    assert take(house, line(2, id="12", state="cancelled")).cancelled == (2,)
    assert len(house.rows()["booking"]) == 1


def test_who_is_no_lead_leaves_no_trace(house: House) -> None:
    before = {name: found for name, found in house.rows().items() if name != "audit"}
    take(house, line(2, CARLA))
    after = house.rows()
    assert CARLA not in repr(after)
    assert house.services.hmac(CARLA) not in repr(after)
    assert {name: found for name, found in after.items() if name != "audit"} == before


def test_who_is_erased_while_the_import_waits_for_her_leaves_no_trace_either(house: House) -> None:
    for address in (ANNA, BRAM):
        acts.confirmed(house, address)
    with ThreadPoolExecutor(1) as pool:
        with house.services.database.transaction() as session:
            privacy.erase(session, house.services, house.lead().id, "asked for", house.clock.now())
            importing = pool.submit(take, house, line(2), line(3, BRAM))
            wait_until_it_waits(house)
        done = importing.result(30)
    assert (done.booked, done.unmatched) == ((3,), (2,))
    assert len(house.rows()["booking"]) == 1


def test_an_appointment_of_before_the_opt_in_ends_nothing(house: House) -> None:
    acts.confirmed(house)
    take(house, line(2, at=house.clock.now() - timedelta(days=100)))
    assert acts.enrolment(house).state == "active"


def test_a_failure_half_way_leaves_nothing(house: House) -> None:
    for address in (ANNA, BRAM):
        acts.confirmed(house, address)
    before = house.rows()

    def fail_after(session: Session) -> None:
        booking_import.take(session, house.services, [line(2), line(3, BRAM)], actor="Frank", now=house.clock.now())
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError):
        acts.commit(house, fail_after)
    assert house.rows() == before


def test_a_plan_looks_and_changes_nothing(house: House) -> None:
    acts.confirmed(house)
    before = house.rows()
    with house.services.database.reading() as session:
        done, _ = booking_import.plan(session, house.services, [line(2), line(3, CARLA)])
    assert (done.booked, done.unmatched) == ((2,), (3,))
    assert house.rows() == before
    assert take(house, line(2), line(3, CARLA)) == done
