"""From a mail in a mailbox to what becomes of the lead: the whole way, over a real IMAP server (ACCEPTANCE F1, F3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from service.domain.enrolment import State
from service.flows.mailboxes import Reader, boxes
from service.mail import return_paths
from service.mail.mailbox_url import parse_mailbox_url
from service.store import suppressions
from tests.support import acts
from tests.support.dovecot import Box, Dovecot, dovecot
from tests.support.house import House
from tests.support.mails_back import away, complaint, reply, report


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot() as running:
        yield running


@pytest.fixture
def box(server: Dovecot) -> Box:
    return server.box()


@pytest.fixture
def house(house: House, box: Box) -> House:
    """The same house with one mailbox for all that comes back; its lead was sent the advice, and said yes."""
    found, _ = parse_mailbox_url(box.url())
    house = house.with_changes(bounce_mailbox=found, reply_mailbox=found)
    acts.confirmed(house)
    return house


def look(house: House) -> None:
    for box in boxes(house.services):
        reader = Reader(house.services, box)
        reader.read()
        reader.close()


def address(house: House, use: return_paths.Use) -> str:
    assert house.services.bounce_mailbox is not None
    return return_paths.address_for(
        house.services.bounce_mailbox, house.services.keyring, use, acts.advice(house).public_id
    )


def refused(house: House) -> list[str]:
    with house.services.database.reading() as session:
        found = suppressions.of(session, [house.services.hmac(acts.ANNA)])
    return [rule.reason.value for rules in found.values() for rule in rules]


def test_a_hard_bounce_by_mail_ends_the_sequence(house: House, box: Box) -> None:
    box.deliver(report(address(house, "return-path")))
    look(house)
    assert acts.advice(house).state == "bounced"
    assert refused(house) == ["hard_bounce"]
    assert acts.enrolment(house).state == State.STOPPED


def test_a_policy_refusal_by_mail_is_never_the_leads_fault(house: House, box: Box) -> None:
    box.deliver(report(address(house, "return-path"), status="5.7.1", text="550 5.7.1 blocked by policy"))
    look(house)
    assert refused(house) == []
    assert acts.enrolment(house).state == State.ACTIVE


def test_a_complaint_by_mail_is_a_no_to_everything(house: House, box: Box) -> None:
    box.deliver(complaint(address(house, "return-path")))
    look(house)
    assert refused(house) == ["complaint"]
    assert acts.enrolment(house).state == State.STOPPED


def test_a_lead_who_answers_is_read_and_waits_a_week(house: House, box: Box) -> None:
    box.deliver(reply(address(house, "reply-to"), "De oefening met de muur doet zeer."))
    look(house)
    run = acts.enrolment(house)
    assert (run.state, run.pause_reason) == (State.ACTIVE, "reply")
    assert run.paused_until == house.clock.now() + timedelta(days=7)
    told = [each for each in house.messages() if each.template == "dienst-antwoord"]
    assert told
    assert "De oefening met de muur doet zeer." in str(told[0].content)
    assert box.mails() == []


def test_a_lead_who_is_away_gets_the_next_mail_later_and_nobody_an_answer(house: House, box: Box) -> None:
    box.deliver(away(address(house, "return-path")))
    before = len(house.messages())
    look(house)
    assert acts.enrolment(house).pause_reason == "away"
    assert refused(house) == []
    assert len(house.messages()) == before


@pytest.mark.parametrize("text", ["stop", "stop\nHet gaat niet goed met mij, kunt u mij bellen?"])
def test_a_lead_who_writes_stop_gets_no_more_mail(house: House, box: Box, text: str) -> None:
    box.deliver(reply(address(house, "reply-to"), text))
    look(house)
    assert refused(house) == ["unsubscribe"]
    assert acts.enrolment(house).state == State.STOPPED
    told = [each for each in house.messages() if each.template == "dienst-antwoord"]
    assert bool(told) == ("\n" in text), "more words than the wish reach a person"
    left = len(house.mails(acts.ANNA))
    house.live_through(days=8)
    assert len(house.mails(acts.ANNA)) == left
