"""What we say about one lead: all of it, and what is said to come is what comes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from service.errors import InvalidInputError, NotFoundError
from service.flows import booking, brake, consent, lead_report, outlook
from service.flows.booking import PainCheckRequest
from service.flows.lead_shown import LeadReport
from service.store import enrolments, leads
from service.store.tables import Message
from tests.support import acts
from tests.support.house import START, House
from tests.support.transports import Network, accepted, in_turn, refused_for_now


def report(house: House, address: str = "anna@example.org") -> LeadReport:
    with house.services.database.reading() as session:
        return lead_report.report(session, house.services, lead_report.find(session, address), house.clock.now())


def confirm(house: House, address: str = "anna@example.org") -> None:
    with house.services.database.transaction() as session:
        lead = lead_report.find(session, address)
        consent.confirm(session, house.services, leads.opt_ins(session, lead.id)[-1], {}, house.clock.now())


def test_an_unconfirmed_lead_waits_for_the_confirmation(house: House) -> None:
    house.opt_in("bram@example.org", first_name="Bram")
    house.tick()
    found = report(house, "bram@example.org")
    assert (found.address, found.first_name, found.confirmed_at) == ("bram@example.org", "Bram", None)
    assert [(each.kind, each.state) for each in found.messages] == [("advice", "accepted")]
    assert found.messages[0].first_handed_at == START
    assert [each.outcome for each in found.messages[0].attempts] == ["accepted"]
    assert {each.reason for each in found.coming} == {"waits for the confirmation"}
    assert all(each.at is None for each in found.coming)
    assert found.erase_at == datetime(2026, 3, 23, 9, 0, tzinfo=UTC)
    assert [(each.purpose, each.effective) for each in found.consents] == [("advice", True), ("follow_up", False)]


def test_what_is_said_to_come_is_what_comes(house: House) -> None:
    house.opt_in()
    house.tick()
    confirm(house)
    said = {each.step: each.at for each in report(house).coming if each.at}
    assert len(said) == 7
    house.live_through(days=60)
    found = report(house)
    came = {
        each.step: each.first_handed_at for each in found.messages if each.kind == "follow_up" and each.first_handed_at
    }
    assert came == said
    assert found.coming == ()
    assert [(each.state, each.end_reason) for each in found.enrolments] == [("finished", "all_steps_done")]


def test_of_two_topics_at_once_every_day_that_is_said_is_the_day_it_comes(house: House) -> None:
    acts.confirmed(house)
    house.clock.advance(minutes=20)
    acts.confirmed(house, topic="uitstraling-been")
    said = sorted((each.at, each.sequence, each.step) for each in report(house).coming if each.at)
    assert len({at.date() for at, *_ in said}) == len(said) == 14, "one mail a day over both"
    with house.services.database.reading() as session:
        runs = enrolments.of_lead(session, house.lead().id)
        planned = [each.at for run in runs for each in outlook.planned(session, house.services, run, house.clock.now())]
    assert sorted(planned) == [at for at, *_ in said], "her own page says the same"
    house.live_through(days=60)
    came = [
        (each.first_handed_at, each.sequence, each.step)
        for each in report(house).messages
        if each.kind == "follow_up" and each.first_handed_at
    ]
    assert sorted(came) == said


def test_a_mail_that_is_to_be_tried_again_after_hours_is_said_to_leave_when_the_window_opens(
    posted: House, network: Network
) -> None:
    acts.follow_up_due(posted)
    posted.clock.advance(hours=8, minutes=58)
    network.answer = in_turn(refused_for_now(), accepted())
    posted.send_due()
    with posted.services.database.reading() as session:
        run = acts.enrolment(posted)
        first = outlook.planned(session, posted.services, run, posted.clock.now())[0]
    posted.live_through(days=1)
    left = acts.follow_ups(posted)["hoe-ging-het"].settled_at
    assert first.at == left == datetime(2026, 3, 12, 7, 30, tzinfo=UTC)


def test_each_follow_up_names_the_consent_it_rests_on(house: House) -> None:
    house.opt_in()
    house.tick()
    house.clock.advance(hours=1)
    confirm(house)
    house.live_through(days=3)
    first = next(each for each in report(house).messages if each.kind == "follow_up")
    assert (first.consent_source, first.consent_given_at) == ("confirmation", START.replace(hour=10))


def test_a_mail_that_a_no_cancelled_says_by_which_road_it_came(house: House) -> None:
    acts.follow_up_due(house)
    with house.services.database.transaction() as session:
        consent.withdraw(session, house.services, lead_report.find(session, acts.ANNA), "one-click", house.clock.now())
    dropped = next(each for each in report(house).messages if each.kind == "follow_up")
    assert (dropped.state, dropped.reason, dropped.dutch_reason) == (
        *("cancelled", "by the button of the mail program"),
        "met de afmeldknop van het mailprogramma",
    )


def test_a_stop_is_told_everywhere(house: House) -> None:
    house.opt_in()
    house.tick()
    confirm(house)
    with house.services.database.transaction() as session:
        consent.withdraw(session, house.services, lead_report.find(session, "anna@example.org"), "staff", START)
    found = report(house)
    assert found.coming == ()
    assert [(each.reason, each.scope, each.until) for each in found.suppressions] == [
        ("unsubscribe", "follow_up", None)
    ]
    assert {each.withdrawn_by for each in found.consents if each.purpose == "follow_up"} == {"staff"}
    assert found.consents[0].withdrawn_at is None
    assert [each.end_reason for each in found.enrolments] == ["staff"]
    assert found.timeline[-1].kind == "withdrawn"


def test_a_request_for_a_pain_check_pauses_and_keeps_the_lead(house: House) -> None:
    house.opt_in()
    house.tick()
    confirm(house)
    with house.services.database.transaction() as session:
        message = session.get_one(Message, house.messages()[0].id)
        booking.request(session, house.services, message, PainCheckRequest(phone="06 1234", preferred=("mon",)), START)
    house.tick()
    found = report(house)
    assert [(each.phone, each.preferred, each.handled_at) for each in found.pain_check_requests] == [
        ("06 1234", ("mon",), None)
    ]
    assert [each.pause_reason for each in found.enrolments] == ["pain_check_request"]
    assert [each.template for each in found.messages if each.to_practice] == ["dienst-aanvraag"]
    house.clock.advance(days=15)
    assert report(house).enrolments[0].pause_reason is None


def test_the_emergency_brake_is_told(house: House) -> None:
    house.opt_in()
    with house.services.database.transaction() as session:
        brake.pull(session, house.services, name="lage-rug", all_mail=False, actor="test", now=START)
    assert "the follow-ups of lage-rug are held back" in (report(house).held_back or "")


def test_looking_changes_nothing(house: House) -> None:
    house.opt_in()
    house.tick()
    confirm(house)
    before = house.rows()
    report(house)
    assert house.rows() == before


@pytest.mark.parametrize(("address", "error"), [("nobody@example.org", NotFoundError), ("nobody", InvalidInputError)])
def test_an_address_we_do_not_know_is_one_sentence(house: House, address: str, error: type[Exception]) -> None:
    with house.services.database.reading() as session, pytest.raises(error, match=address):
        lead_report.find(session, address)
