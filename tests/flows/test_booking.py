"""Requests that wait, what becomes of them, and whose link gets the credit for an appointment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from service.errors import NotFoundError, RefusedError
from service.flows import booking, booking_requests, my_data, privacy, results, ticks
from service.store import leads
from service.store import retention as retention_rows
from service.store.tables import Booking, BookingRequest, Message
from tests.support import acts
from tests.support.acts import ANNA
from tests.support.days import EVERY_DAY
from tests.support.drafts import publish, with_practice, with_steps
from tests.support.house import BASE_URL, House, words
from tests.support.transports import Network, accepted, in_turn, refused_for_now

PRACTICE_BOX = "praktijk@solidperformance.example"
FRIDAY = datetime(2026, 3, 13, 15, 0, tzinfo=UTC)


def requests(house: House) -> list[BookingRequest]:
    with house.services.database.reading() as session:
        return list(session.exec(select(BookingRequest)).all())


def close(house: House, outcome: booking.Outcome, request_id: int | None = None) -> None:
    chosen = request_id if request_id is not None else requests(house)[-1].id

    def work(session: Session) -> None:
        booking_requests.close(session, house.services, chosen, outcome, actor="Frank", now=house.clock.now())

    acts.commit(house, work)


def press(house: House, step: str) -> None:
    """On to the agenda, by this step's own link."""
    message_id = acts.follow_ups(house)[step].id

    def work(session: Session) -> None:
        booking.pressed(session, house.services, session.get_one(Message, message_id), house.clock.now())

    acts.commit(house, work)


def on_the_page(house: House, step: str) -> bool:
    """ "Ik heb al een afspraak", by this step's own link."""
    message_id = acts.follow_ups(house)[step].id

    def work(session: Session) -> bool:
        message = session.get_one(Message, message_id)
        lead = leads.by_address(session, ANNA)
        assert lead is not None
        return booking.booked(session, house.services, lead, "page", house.clock.now(), by=message)

    return acts.commit(house, work)


def credit(house: House) -> dict[str, int]:
    with house.services.database.reading() as session:
        found = results.results(session, house.services)
    return {mail.step: mail.booked for each in found for mail in each.mails if mail.booked}


def asked(house: House, at: datetime = FRIDAY) -> None:
    """Anna asks for a pain check at this moment."""
    acts.confirmed(house)
    house.clock.moment = at
    acts.request_pain_check(house)
    house.send_due()


def test_the_practice_reads_what_was_asked_about_and_where_to_go_on_and_the_lead_nothing_of_that(house: House) -> None:
    asked(house)
    [to_practice], to_lead = house.mails(PRACTICE_BOX), house.mails(ANNA)[-1]
    page = f"{BASE_URL}/studio/leads/{house.lead().id}"
    assert "Het gevraagde advies ging over: Lage rugpijn." in words(to_practice)
    assert "Aangevraagd op vrijdag 13 maart 2026 16:00." in words(to_practice)
    assert f"deze aanvraag in de studio {page}" in words(to_practice)
    assert "ontvangen" in str(to_lead["Subject"])
    assert "/studio" not in words(to_lead)


def test_both_mails_say_by_when_the_practice_answers(house: House) -> None:
    asked(house)
    receipt, request = house.mails(ANNA)[-1], house.mails(PRACTICE_BOX)[-1]
    for mail in (receipt, request):
        assert "uiterlijk maandag 16 maart" in words(mail)


def test_a_long_closure_is_told_in_the_receipt(house: House) -> None:
    publish(house, with_practice(closed=[{"from": "2026-03-14", "to": "2026-03-29", "note": "op reis"}]))
    asked(house)
    text = words(house.mails(ANNA)[-1])
    assert "gesloten tot en met zondag 29 maart" in text
    assert "uiterlijk maandag 30 maart" in text


def test_what_is_open_about_a_request_goes_with_it(house: House) -> None:
    asked(house)
    house.clock.moment = datetime(2026, 3, 16, 15, 0, tzinfo=UTC)
    house.tick(keep_house=True)
    number = requests(house)[0].id
    assert acts.alerts(house) == [f"request-unanswered:{number}"]
    acts.commit(house, retention_rows.remove_requests, [number])
    assert acts.alerts(house) == []


def test_the_number_of_a_request_that_was_erased_is_nobodys_again(house: House) -> None:
    """A mail to staff names it, and would have them close the request of somebody else."""
    asked(house)
    gone = requests(house)[0].id
    acts.wish(house, my_data.erase)
    acts.confirmed(house, "bram@example.org")
    acts.request_pain_check(house, "bram@example.org")
    with pytest.raises(NotFoundError):
        close(house, "booked", gone)
    assert acts.enrolment(house, "bram@example.org").state == "active"


def test_a_request_without_an_answer_is_told_of_after_one_working_day_and_once(house: House) -> None:
    told = house.with_changes(alert_to=("frank@solidperformance.example",))
    asked(told)
    house.clock.moment = datetime(2026, 3, 16, 14, 59, tzinfo=UTC)
    told.tick(keep_house=True)
    assert acts.alerts(told) == []
    house.clock.advance(minutes=1)
    told.tick(keep_house=True)
    told.tick(keep_house=True)
    number = requests(told)[0].id
    assert acts.alerts(told) == [f"request-unanswered:{number}"]
    told.live_through(days=20, keep_house=True)
    assert len(house.mails("frank@solidperformance.example")) == 1
    reminders = [mail for mail in house.mails(PRACTICE_BOX) if str(mail["Subject"]).startswith("Melding")]
    assert len(reminders) == 1
    text = words(reminders[0])
    assert f"nurture request close {number}" in text
    assert f"{BASE_URL}/studio/waiting" in text, "who reads it has no terminal"
    assert "vrijdag 13 maart 16:00" in text


def test_who_gets_alerts_anyway_hears_of_it_once(house: House) -> None:
    told = house.with_changes(alert_to=(PRACTICE_BOX,))
    asked(told)
    told.live_through(days=5, keep_house=True)
    told.tick(keep_house=True)  # which tells what was found by the one before
    assert sum(str(mail["Subject"]).startswith("Melding") for mail in house.mails(PRACTICE_BOX)) == 1


@pytest.mark.parametrize("outcome", ["booked", "declined", "cancelled", "handled"])
def test_an_answer_in_time_is_no_alert(house: House, outcome: booking.Outcome) -> None:
    asked(house)
    close(house, outcome)
    house.live_through(days=5, keep_house=True)
    assert acts.all_alerts(house) == []
    [row] = requests(house)
    assert (row.outcome, row.remind_at) == (outcome, None)


def test_an_answer_after_the_alert_closes_it(house: House) -> None:
    asked(house)
    house.live_through(days=4, keep_house=True)
    assert len(acts.alerts(house)) == 1
    close(house, "declined")
    assert acts.alerts(house) == []


def test_only_booked_ends_the_mails_and_the_pause_ends_by_itself(house: House) -> None:
    asked(house)
    close(house, "declined")
    assert acts.enrolment(house).state == "active"
    assert acts.enrolment(house).pause_reason == "pain_check_request"
    assert house.live_through(days=60, keep_house=True) > 0


def test_closed_as_booked_ends_the_mails_and_the_link_that_asked_gets_the_credit(house: House) -> None:
    asked(house)
    close(house, "booked")
    assert acts.enrolment(house).state == "finished"
    assert credit(house) == {"advies": 1}
    assert house.live_through(days=60, keep_house=True) == 0


def test_what_is_closed_or_never_was_cannot_be_closed(house: House) -> None:
    asked(house)
    close(house, "handled")
    before = house.rows()
    with pytest.raises(RefusedError):
        close(house, "booked")
    with pytest.raises(NotFoundError):
        close(house, "booked", 4711)
    assert house.rows() == before


def test_erasing_a_lead_ends_the_alert_about_her(house: House) -> None:
    asked(house)
    house.live_through(days=4, keep_house=True)
    acts.commit(house, privacy.erase, house.services, house.lead().id, "asked for", house.clock.now())
    assert acts.alerts(house) == []
    assert requests(house) == []


def test_a_request_that_older_code_answered_is_not_told_of(house: House) -> None:
    """It writes `handled_at` alone."""
    asked(house)

    def answer(session: Session) -> None:
        row = session.exec(select(BookingRequest)).one()
        row.handled_at = house.clock.now()

    acts.commit(house, answer)
    house.live_through(days=5, keep_house=True)
    assert acts.all_alerts(house) == []
    assert requests(house)[0].remind_at is None


def test_two_at_once_tell_of_a_request_once(house: House) -> None:
    asked(house)
    house.clock.advance(days=4)
    for _ in range(2):
        ticks.housekeeping(house.services)
    assert len(acts.all_alerts(house)) == 1


def three_steps(house: House) -> None:
    steps = [{"key": key, "wait": "1 day"} for key in ("een", "twee", "drie")]
    publish(house, with_steps(*steps, window=EVERY_DAY))
    acts.confirmed(house)
    house.live_through(days=2, hours=1, keep_house=True)


def test_the_link_that_was_used_last_before_the_appointment_gets_the_credit(house: House) -> None:
    three_steps(house)
    press(house, "een")
    house.clock.advance(hours=1)
    press(house, "twee")
    acts.booked(house)
    house.clock.advance(hours=1)
    press(house, "een")
    assert credit(house) == {"twee": 1}


def test_who_says_on_a_page_that_there_is_an_appointment_gives_that_step_the_credit(house: House) -> None:
    three_steps(house)
    assert on_the_page(house, "twee")
    assert not on_the_page(house, "een")
    assert credit(house) == {"twee": 1}


def test_a_press_before_it_goes_before_the_page_it_is_said_on(house: House) -> None:
    three_steps(house)
    press(house, "een")
    on_the_page(house, "twee")
    assert credit(house) == {"een": 1}


def test_one_appointment_is_one_credit_also_for_two_runs(house: House) -> None:
    three_steps(house)
    press(house, "een")
    house.opt_in(topic="uitstraling-been")
    house.send_due()
    house.clock.advance(hours=1)
    acts.request_pain_check(house)  # by the newest mail, the second advice
    acts.booked(house)
    assert credit(house) == {"advies": 1}


def test_bookings_that_code_of_before_kept_are_still_credited(house: House) -> None:
    """It wrote the goal and no appointment."""
    three_steps(house)
    press(house, "een")
    acts.booked(house)

    def forget(session: Session) -> None:
        session.delete(session.exec(select(Booking)).one())

    acts.commit(house, forget)
    assert credit(house) == {"een": 1}


def test_staff_may_say_when_it_is_once(house: House) -> None:
    three_steps(house)
    at = house.clock.now() + timedelta(days=3)

    def say(session: Session) -> bool:
        lead = leads.by_address(session, ANNA)
        assert lead is not None
        return booking.booked(session, house.services, lead, "staff", house.clock.now(), starts_at=at)

    assert acts.commit(house, say)
    before = house.rows()
    assert not acts.commit(house, say)
    assert house.rows() == before


def test_a_mail_with_a_proposal_that_is_tried_again_is_byte_for_byte_the_same(house: House) -> None:
    network = Network(answer=in_turn(refused_for_now(), accepted()))
    posted = house.with_changes(open_transport=network.open)
    acts.confirmed(posted)
    acts.request_pain_check(posted, name="Anna; Bakker")
    posted.send_due()
    posted.clock.advance(hours=1)
    publish(posted, with_practice(opening_days=["fri"], closed=["2026-03-13"]))  # a calendar of after the first try
    posted.send_due()
    first, second = (each.data for each in network.to(PRACTICE_BOX))
    assert b"text/calendar" in first
    assert first == second
