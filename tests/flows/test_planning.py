"""From due step to message: each step once, on its day, whatever happens to the lead, the service or the clock."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from service.domain.lead import SuppressionReason
from service.flows import ticks
from service.mail.links import new_public_id
from service.store import consents
from service.store.tables import Consent, Message
from tests.support import acts
from tests.support.days import left_on
from tests.support.drafts import publish, with_steps
from tests.support.house import House

BRAM = "bram@example.org"

# Each step once


@pytest.mark.parametrize("planners", [2, 4])
def test_planners_at_once_make_each_step_once(house: House, planners: int) -> None:
    addresses = [f"lead{number}@example.org" for number in range(12)]
    for address in addresses:
        house.opt_in(address)
    house.send_due()
    for address in addresses:
        acts.confirm(house, address)
    house.clock.advance(days=2)
    meet = threading.Barrier(planners)

    def plan() -> None:
        meet.wait(30)
        ticks.plan(house.services)

    with ThreadPoolExecutor(planners) as pool:
        for each in [pool.submit(plan) for _ in range(planners)]:
            each.result(60)
    assert all(list(acts.follow_ups(house, address)) == ["hoe-ging-het"] for address in addresses)
    assert house.send_due() == 12


def test_two_presses_at_once_are_one_yes(house: House) -> None:
    house.opt_in()
    house.send_due()
    meet = threading.Barrier(2)

    def press() -> str:
        meet.wait(30)
        return acts.confirm(house)

    with ThreadPoolExecutor(2) as pool:
        said = sorted(each.result(30) for each in [pool.submit(press), pool.submit(press)])
    assert said == ["already", "started"]
    with house.services.database.reading() as session:
        given = [each for each, _ in consents.of_lead(session, house.lead().id) if each.source == "confirmation"]
    assert len(given) == 1


def test_the_ledger_refuses_a_second_message_for_one_step_one_advice_or_one_cause(house: House) -> None:
    acts.confirmed(house)
    house.clock.advance(days=2)
    house.tick()
    acts.answer(house, "worse")
    for kind in ("advice", "follow_up", "service"):
        original = next(each for each in every_message(house) if each.kind == kind)
        with pytest.raises(IntegrityError):
            acts.commit(house, insert, original)


# What ends a run


def test_booking_ends_the_run_and_cancels_what_waits(house: House) -> None:
    acts.confirmed(house)
    house.clock.advance(days=2)
    ticks.plan(house.services)
    assert acts.booked(house)
    assert not acts.booked(house)
    assert house.live_through(days=60) == 0
    run = acts.enrolment(house)
    assert (run.state, run.end_reason, run.goal_at) == ("finished", "booked", datetime(2026, 3, 11, 9, 0, tzinfo=UTC))
    message = acts.follow_ups(house)["hoe-ging-het"]
    assert (message.state, message.reason) == ("cancelled", "afspraak gemaakt")


def test_booking_before_the_confirmation_ends_it_too(house: House) -> None:
    house.opt_in()
    house.send_due()
    acts.booked(house)
    assert acts.confirm(house) == "ended"
    assert house.live_through(days=30) == 0


def test_unsubscribing_ends_all_sequences_and_withdraws_every_consent(house: House) -> None:
    acts.confirmed(house)
    house.clock.advance(hours=1)
    acts.confirmed(house, topic="uitstraling-been")
    house.clock.advance(days=2)
    ticks.plan(house.services)
    assert acts.withdraw(house)
    assert not acts.withdraw(house)
    assert [(run.state, run.end_reason) for run in acts.runs(house)] == [("stopped", "link")] * 2
    with house.services.database.reading() as session:
        assert not consents.active_of_lead(session, house.lead().id)
    assert house.live_through(days=30) == 0


def test_who_unsubscribed_and_presses_again_goes_on_and_gets_no_step_twice(house: House) -> None:
    acts.confirmed(house)
    house.live_through(days=9)
    before = dict(left_on(house))
    assert list(before) == ["hoe-ging-het", "check"]
    acts.withdraw(house)
    house.live_through(days=1)
    assert acts.confirm(house) == "started"
    house.live_through(days=40)
    after = left_on(house)
    assert before.items() <= after.items()
    assert list(after) == [
        *("hoe-ging-het", "check", "niets-te-zien", "sterker-losser"),
        *("zitten-staan-tillen", "uitnodiging", "laatste"),
    ]
    assert len(acts.runs(house)) == 1


# Opting in again


def test_a_second_opt_in_gets_its_own_advice_and_changes_the_lead_only_by_its_own_button(house: House) -> None:
    house.opt_in(first_name="Anna", answers={"posture": "hollow"})
    house.send_due()
    house.clock.advance(hours=1)
    house.opt_in(first_name="Bertha", answers={"posture": "flat"})
    assert house.send_due() == 1
    assert len(acts.runs(house)) == 1, "one open run a lead and topic"
    assert [each.content["first_name"] for each in house.messages()] == ["Anna", "Bertha"]
    assert (house.lead().first_name, house.lead().answers) == ("Anna", {"posture": "hollow"})
    assert acts.confirm(house, which=0) == "started"
    assert house.lead().first_name == "Anna"
    house.live_through(days=2)
    assert acts.follow_ups(house)["hoe-ging-het"].content["first_name"] == "Anna"
    assert acts.confirm(house, which=1) == "started"
    assert (house.lead().first_name, house.lead().answers) == ("Bertha", {"posture": "flat"})
    house.live_through(days=5)
    check = acts.follow_ups(house)["check"]
    assert (check.content["first_name"], check.content["answers"]["posture"]) == ("Bertha", "flat")
    assert acts.confirm(house, which=0) == "already"
    assert house.lead().first_name == "Bertha"


def test_an_unticked_box_later_withdraws_nothing(house: House) -> None:
    acts.confirmed(house)
    house.clock.advance(hours=1)
    house.opt_in(consent_follow_up=False)
    house.live_through(days=3)
    assert list(left_on(house)) == ["hoe-ging-het"]


def test_without_the_button_there_is_one_mail_and_no_more(house: House) -> None:
    house.opt_in(consent_follow_up=True)
    assert house.live_through(days=13) == 1
    assert acts.follow_ups(house) == {}


# After a no (ACCEPTANCE C8)


@pytest.mark.parametrize(
    ("reason", "confirmation", "advice_after", "follow_ups_after"),
    [
        (SuppressionReason.UNSUBSCRIBE, "double", 1, True),
        (SuppressionReason.UNSUBSCRIBE, "single", 1, True),
        (SuppressionReason.COMPLAINT, "double", 0, False),
        (SuppressionReason.HARD_BOUNCE, "single", 0, False),
    ],
)
def test_what_a_new_opt_in_gets_after_a_no(
    house: House, reason: SuppressionReason, confirmation: str, advice_after: int, follow_ups_after: bool
) -> None:
    publish(house, with_steps({"key": "a", "wait": "1 day"}, confirmation=confirmation))
    acts.confirmed(house)
    if reason is SuppressionReason.UNSUBSCRIBE:
        acts.withdraw(house)
    else:
        acts.suppress(house, reason)
    assert house.live_through(days=5) == 0, "not the follow-up either"
    house.opt_in()
    assert house.live_through(days=5) == advice_after, "the ticked box is not enough, the answer was 202 all the same"
    assert left_on(house) == {}
    acts.confirm(house, which=-1 if advice_after else 0)
    assert (house.live_through(days=5) > 0) == follow_ups_after


def test_a_button_pressed_after_a_complaint_brings_nothing(house: House) -> None:
    house.opt_in()
    house.send_due()
    acts.suppress(house, SuppressionReason.COMPLAINT)
    acts.confirm(house)
    assert house.live_through(days=60) == 0


def test_an_advice_in_the_outbox_does_not_leave_after_a_complaint(house: House) -> None:
    house.opt_in()
    acts.suppress(house, SuppressionReason.COMPLAINT)
    assert house.live_through(days=1) == 0
    assert (acts.advice(house).state, acts.advice(house).reason) == ("cancelled", "klacht over mail van ons")


# No follow-up without a stored consent: the database itself says no (ACCEPTANCE C5)


@pytest.mark.parametrize("wrong", ["none", "for the advice", "of another lead", "that does not exist"])
def test_the_database_refuses_a_follow_up_without_its_own_consent(house: House, wrong: str) -> None:
    acts.confirmed(house)
    acts.confirmed(house, BRAM)
    house.clock.advance(days=2)
    ticks.plan(house.services)
    original = acts.follow_ups(house)["hoe-ging-het"]
    with house.services.database.reading() as session:
        annas = consents.of_lead(session, house.lead().id)
        brams = consents.active_of_lead(session, house.lead(BRAM).id)
    consent_id = {
        "none": None,
        "for the advice": next(each.id for each, _ in annas if each.purpose == "advice"),
        "of another lead": brams[-1].id,
        "that does not exist": 99_999,
    }[wrong]
    with pytest.raises(IntegrityError):
        acts.commit(house, insert, original, step="another", consent_id=consent_id)
    with pytest.raises(IntegrityError):
        acts.commit(house, change, original.id, consent_id=consent_id)
    acts.commit(house, insert, original, step="another")  # with its own it can: the consent alone was wrong


def test_the_database_refuses_an_advice_on_a_consent_for_follow_ups(house: House) -> None:
    acts.confirmed(house)
    house.clock.advance(hours=1)
    house.opt_in()
    original = acts.advice(house)
    with house.services.database.reading() as session:
        (active, *_) = consents.active_of_lead(session, house.lead().id)
    with pytest.raises(IntegrityError):
        acts.commit(house, change, original.id, consent_id=active.id)


def test_a_consent_that_mail_rests_on_cannot_be_taken_away(house: House) -> None:
    house.opt_in()

    def remove(session: Session) -> None:
        for row in session.exec(select(Consent)):
            session.delete(row)

    with pytest.raises(IntegrityError):
        acts.commit(house, remove)


# Helpers


def every_message(house: House) -> list[Message]:
    """All of the ledger."""
    with house.services.database.reading() as session:
        return list(session.exec(select(Message)))


def insert(session: Session, original: Message, /, **changes: object) -> None:
    """A row like this one, made by faulty code."""
    fresh = {"public_id": new_public_id(), "message_id": f"<{new_public_id()}@praktijk.example>"}
    session.add(Message(**original.model_dump(exclude={"id"}) | fresh | changes))


def change(session: Session, message_id: int, /, **changes: object) -> None:
    """Other values in a row, by faulty code."""
    message = session.get_one(Message, message_id)
    for name, value in changes.items():
        setattr(message, name, value)
