"""Events of agendas: each counts once, in any order, and ends what it ends."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from service.domain.booking_events import BookingChange, Event, OtherEvent
from service.flows import booking_events, privacy, results
from service.store import leads
from service.store.tables import Booking, BookingEvent, BookingRequest
from tests.support import acts
from tests.support.acts import ANNA
from tests.support.agendas import FIRST_AT, STARTS_AT
from tests.support.drafts import publish, with_sequence
from tests.support.house import House, words

PRACTICE_BOX = "praktijk@solidperformance.example"
BRAM = "bram@example.org"


def change(kind: str = "booked", *, hours: int = 0, **fields: Any) -> BookingChange:
    """An event of the one appointment, this long after the first."""
    booking = fields.pop("booking", "one")
    given: dict[str, Any] = {
        "key": f"{kind} {booking} {hours}",
        "type": kind,
        "kind": kind,
        "booking": booking,
        "at": FIRST_AT + timedelta(hours=hours),
        "starts_at": STARTS_AT,
        "address": ANNA,
    }
    return BookingChange(**given | fields)


def take(house: House, *events: Event, source: str = "calcom") -> list[bool]:
    """Each in a transaction of its own, as they come in."""
    return [
        acts.commit(house, booking_events.take, house.services, source, event, house.clock.now()) for event in events
    ]


def bookings(house: House) -> list[Booking]:
    with house.services.database.reading() as session:
        return list(session.exec(select(Booking).order_by(col(Booking.id))))


def reference(house: House, step: str, address: str = ANNA) -> str:
    """What the press in this step's mail gave the agenda."""
    return house.services.keyring.sign("r", acts.follow_ups(house, address)[step].public_id)


def told_staff(house: House) -> list[str]:
    house.send_due()
    return [str(mail["Subject"]) for mail in house.mails(PRACTICE_BOX)]


def test_a_booking_ends_the_runs_within_a_tick_and_what_was_queued_never_leaves(house: House) -> None:
    acts.follow_up_due(house)
    assert take(house, change()) == [True]
    assert acts.enrolment(house).state == "finished"
    assert acts.follow_ups(house)["hoe-ging-het"].state == "cancelled"
    assert house.live_through(days=60) == 0
    [row] = bookings(house)
    assert (row.state, row.lead_id, row.starts_at, row.address_hmac) == ("booked", house.lead().id, STARTS_AT, None)


def test_the_same_event_twice_is_no_event(house: House) -> None:
    acts.confirmed(house)
    events: list[Event] = [change(), change("cancelled", hours=1), OtherEvent(key="k", type="MEETING_ENDED")]
    assert take(house, *events) == [True] * 3
    before = house.rows()
    assert take(house, *reversed(events)) == [False] * 3
    assert house.rows() == before


def test_one_key_at_two_sources_is_two_events(house: House) -> None:
    assert take(house, change()) == [True]
    assert take(house, change(), source="calendly") == [True]
    assert len(bookings(house)) == 2


ORDERS = {
    "booked, moved by hand, cancelled": (
        change(),
        change("booked", hours=1, starts_at=STARTS_AT + timedelta(days=1)),
        change("cancelled", hours=2, starts_at=None),
    ),
    "cancelled, and booked again": (change(), change("cancelled", hours=1), change("booked", hours=2)),
    "two at the same moment": (
        change(),
        change("cancelled", starts_at=None),
        change("booked", key="twin", starts_at=None),
    ),
    "moved to another": (
        change(),
        change("booked", booking="two", hours=1, replaces="one", starts_at=STARTS_AT + timedelta(days=2)),
        change("moved", hours=1, key="gone"),
        change("cancelled", booking="two", hours=3),
    ),
    "the address is missing once": (change(address=None), change("cancelled", hours=1), change("booked", hours=2)),
}


@pytest.mark.parametrize("events", ORDERS.values(), ids=list(ORDERS))
def test_whatever_the_order_it_ends_in_one_state(house: House, events: Sequence[BookingChange]) -> None:
    acts.confirmed(house)
    house.send_due()
    ends = set()
    for number, order in enumerate(permutations(events)):
        take(house, *order, source=f"source-{number}")
        ends.add(
            tuple(
                sorted(
                    (row.external_id, row.state, row.at, row.starts_at, row.lead_id, row.address_hmac)
                    for row in bookings(house)
                    if row.source == f"source-{number}"
                )
            )
        )
        assert acts.enrolment(house).state == "finished"
    assert len(ends) == 1


def test_a_cancellation_changes_nothing_by_itself_and_staff_hear_of_it_once(house: House) -> None:
    acts.confirmed(house)
    take(house, change("cancelled", booking="never seen"))
    assert acts.enrolment(house).state == "active"
    take(house, change(), change("cancelled", hours=1), change("cancelled", hours=2))
    assert acts.enrolment(house).state == "finished"
    assert house.live_through(days=30) == 0
    mails = told_staff(house)
    assert mails.count("Melding: Een afspraak voor een pijncheck is afgezegd") == len(mails) == 2  # of two appointments
    text = words(house.mails(PRACTICE_BOX)[-1])
    assert f"lead {house.lead().id} op dinsdag 17 maart 14:00" in text
    assert ANNA not in text


def test_a_moved_appointment_is_no_cancellation(house: House) -> None:
    acts.confirmed(house)
    take(house, change(), change(booking="two", replaces="one", hours=1), change("moved", hours=1, key="gone"))
    assert [(row.external_id, row.state) for row in bookings(house)] == [("one", "moved"), ("two", "booked")]
    assert told_staff(house) == []


def test_the_new_appointment_belongs_to_whom_the_old_one_did(house: House) -> None:
    acts.confirmed(house)
    take(house, change(), change(booking="two", replaces="one", hours=1, address="werk@example.org"))
    assert {row.lead_id for row in bookings(house)} == {house.lead().id}


def test_our_own_reference_goes_before_the_address(house: House) -> None:
    acts.follow_up_due(house)
    acts.confirmed(house, BRAM)
    take(house, change(address=BRAM, reference=reference(house, "hoe-ging-het")))
    assert [row.lead_id for row in bookings(house)] == [house.lead().id]
    assert acts.enrolment(house).state == "finished"
    assert acts.enrolment(house, BRAM).state == "active"


@pytest.mark.parametrize("letter", ["c", "u", "p", "b", "a", "d"])
def test_a_token_of_another_purpose_matches_nobody(house: House, letter: Any) -> None:
    message = acts.follow_up_due(house)
    token = house.services.keyring.sign(letter, message.public_id)
    take(house, change(address="vreemdeeend@example.org", reference=token))
    assert acts.enrolment(house).state == "active"


def test_whom_we_do_not_know_is_kept_as_a_keyed_hash_alone(house: House) -> None:
    take(
        house,
        change(address=" VreemdeEend@Example.org "),
        change("cancelled", hours=1, address="VreemdeEend@Example.org"),
    )
    take(house, change(booking="two", address="geen adres\x00"))
    one, two = bookings(house)
    assert (one.lead_id, one.address_hmac) == (None, house.services.hmac("vreemdeeend@example.org"))
    assert (two.lead_id, two.address_hmac) == (None, None)
    assert "vreemdeeend" not in repr(house.rows()).lower()
    assert told_staff(house) == []


def test_an_event_of_an_unknown_type_is_kept_and_does_nothing(house: House) -> None:
    acts.confirmed(house)
    before = house.rows()
    take(house, OtherEvent(key="k", type="MEETING_ENDED"))
    after = house.rows()
    assert {name for name in after if after[name] != before[name]} == {"booking_event"}


def test_an_appointment_of_before_the_opt_in_is_not_what_the_run_led_to(house: House) -> None:
    acts.confirmed(house)
    take(house, change(starts_at=house.clock.now() - timedelta(days=30)))
    assert acts.enrolment(house).state == "active"
    assert bookings(house)[0].state == "booked"


def test_a_sequence_that_does_not_end_on_a_booking_goes_on_and_its_queued_mail_leaves(house: House) -> None:
    publish(house, with_sequence(lambda document: document.update(exit_on=[])))
    acts.follow_up_due(house)
    house.opt_in(topic="uitstraling-been")
    take(house, change())
    assert [run.state for run in acts.runs(house)] == ["active", "stopped"]
    assert acts.follow_ups(house)["hoe-ging-het"].state == "due"
    assert house.send_due() == 2  # it, and the other advice
    assert acts.follow_ups(house)["hoe-ging-het"].state == "accepted"


def test_a_booking_answers_the_open_request(house: House) -> None:
    acts.confirmed(house)
    acts.request_pain_check(house)
    take(house, change())
    with house.services.database.reading() as session:
        [row] = session.exec(select(BookingRequest)).all()
    assert (row.outcome, row.remind_at, row.handled_at) == ("booked", None, house.clock.now())


def test_the_step_whose_reference_came_back_gets_the_credit_without_a_press(house: House) -> None:
    acts.follow_up_due(house)
    house.send_due()
    take(house, change(reference=reference(house, "hoe-ging-het")))
    assert credit(house) == {"hoe-ging-het": 1}


def credit(house: House) -> dict[str, int]:
    with house.services.database.reading() as session:
        found = results.results(session, house.services)
    return {mail.step: mail.booked for each in found for mail in each.mails if mail.booked}


def test_erasing_takes_appointments_and_their_events_along(house: House) -> None:
    take(house, change(booking="of before"))
    acts.confirmed(house)
    take(house, change(), change("cancelled", hours=1))
    acts.commit(house, privacy.erase, house.services, house.lead().id, "asked for", house.clock.now())
    assert not house.rows()["booking"]
    assert not house.rows()["booking_event"]
    take(house, change("cancelled", hours=2))
    [row] = bookings(house)
    assert (row.lead_id, row.address_hmac) == (None, house.services.hmac(ANNA))


def test_code_of_before_can_still_erase_whoever_booked(house: House) -> None:
    """While processes are replaced one after another: it knows neither table."""
    acts.follow_up_due(house)
    take(house, change(reference=reference(house, "hoe-ging-het")))

    def erase(session: Session) -> None:
        lead = house.lead()
        leads.lock_one(session, lead.id, house.services.hmac)
        for table in ("attempt", "message", "withdrawal", "consent", "opt_in", "enrolment", "timeline"):
            mine = (
                "message_id IN (SELECT id FROM message WHERE lead_id = :lead)"
                if table == "attempt"
                else "lead_id = :lead"
            )
            session.execute(text(f"DELETE FROM {table} WHERE {mine}"), {"lead": lead.id})
        session.execute(text("DELETE FROM lead WHERE id = :lead"), {"lead": lead.id})

    acts.commit(house, erase)
    assert not house.rows()["booking"]


def test_an_event_row_holds_nothing_of_a_person(house: House) -> None:
    acts.confirmed(house)
    take(house, change(reference="T" * 48))
    with house.services.database.reading() as session:
        [row] = session.exec(select(BookingEvent)).all()
    assert set(row.model_dump()) == {"id", "source", "key", "type", "booking_id", "at"}


def test_one_event_that_comes_four_times_at_once_counts_once(house: House) -> None:
    acts.confirmed(house)
    meet = threading.Barrier(4)

    def come_in(_number: int) -> bool:
        meet.wait(30)
        return take(house, change())[0]

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(come_in, range(4))) == [False, False, False, True]
    assert len(bookings(house)) == len(house.rows()["booking_event"]) == 1


def test_events_of_one_appointment_that_come_at_once_end_as_one_after_the_other(house: House) -> None:
    acts.confirmed(house)
    events = [change(), change("cancelled", hours=1), change("booked", hours=2, booking="two", replaces="one")]
    meet = threading.Barrier(len(events))

    def come_in(event: BookingChange) -> bool:
        meet.wait(30)
        return take(house, event)[0]

    with ThreadPoolExecutor(len(events)) as threads:
        assert list(threads.map(come_in, events)) == [True] * 3
    assert {row.external_id: row.state for row in bookings(house)} == {"one": "moved", "two": "booked"}
    assert acts.enrolment(house).state == "finished"
