"""What a person wrote is gone from its mailbox when all of it is with staff, and not before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from service.flows import privacy, resolving, settling, ticks
from service.store import events, suppressions
from tests.support import acts
from tests.support.answers import STAFF
from tests.support.comes_in import (
    advice,
    comes_in,
    letters,
    news,
    reply_address,
    return_path,
    staff_mail,
    with_mailboxes,
)
from tests.support.house import House, words
from tests.support.mails_back import reply, report


@pytest.fixture
def house(house: House) -> House:  # the same house, with both mailboxes
    return with_mailboxes(house)


def unread_alerts(house: House) -> list[str]:
    with house.services.database.reading() as session:
        return [each.cause for each in events.open_alerts(session) if each.cause == "mailbox-mail-unread"]


def test_an_answer_of_whom_all_was_erased_stays_and_staff_are_told_that_it_does(house: House) -> None:
    to = reply_address(house, advice(house))
    acts.commit(house, privacy.erase, house.services, house.lead().id, "asked", house.clock.now())
    assert not comes_in(house, reply(to, "Ik kan sinds vandaag niet meer lopen."))
    assert unread_alerts(house) == ["mailbox-mail-unread"]
    assert comes_in(house, reply(to, "Stop"))


def test_an_answer_with_a_file_reaches_staff_and_stays_where_the_file_is(house: House) -> None:
    to = reply_address(house, advice(house))
    parts = "--b\r\n\r\nZie de brief.\r\n--b\r\nContent-Type: application/pdf\r\n\r\nx\r\n--b--"
    mail = reply(to, parts).replace(b"text/plain; charset=utf-8", b"multipart/mixed; boundary=b")
    for _ in range(2):
        assert not comes_in(house, mail)
    assert news(house) == [("replies", "replied")]
    assert unread_alerts(house) == []
    house.send_due()
    [letter] = house.mails(STAFF)
    assert "De hele mail ligt nog in de mailbox" in words(letter)


def test_an_answer_longer_than_what_staff_get_stays(house: House) -> None:
    to = reply_address(house, advice(house))
    assert not comes_in(house, reply(to, "heel veel woorden " * 1_000))
    assert comes_in(house, reply(to, "Dank je wel."))


@pytest.mark.parametrize("text", ["Stop. Ik wil dood", "Stop\nik val steeds"])
def test_a_few_desperate_words_beside_a_wish_reach_a_person(house: House, text: str) -> None:
    assert comes_in(house, reply(reply_address(house, advice(house)), text))
    assert [kind for _, kind in news(house)] == ["unsubscribed", "replied"]
    assert len(letters(house)) == 1


def test_answers_to_staff_mails_over_what_is_told_a_day_stay(house: House) -> None:
    advice(house)
    message = staff_mail(house)
    acted_on = [
        comes_in(house, reply("balie@praktijk.example", f"Bericht {number}", in_reply_to=message.message_id))
        for number in range(5)
        if house.clock.advance(minutes=1)
    ]
    assert acted_on == [True, True, True, False, False]


def test_a_thousand_answers_by_one_mail_that_was_forwarded_do_not_bury_staff(house: House) -> None:
    to = reply_address(house, advice(house))
    acted_on = [
        comes_in(house, reply(to, f"Bericht {number}", sender="stranger@example.org"))
        for number in range(24)
        if house.clock.advance(minutes=1)
    ]
    assert acted_on == [True] * 20 + [False] * 4
    assert len({each.cause for each in letters(house)}) == 20
    assert unread_alerts(house) == ["mailbox-mail-unread"]


def test_staff_see_from_which_other_address_an_answer_came(house: House) -> None:
    to = reply_address(house, advice(house))
    assert comes_in(house, reply(to, "Ik behandel haar ook.", sender="fysio@elders.example"))
    assert comes_in(house, reply(to, "Dank je wel.", sender="Anna@Example.ORG"))
    house.send_due()
    other, hers = (words(each) for each in house.mails(STAFF))
    assert "een ander adres dan dat van de lead, namelijk fysio@elders.example" in other
    assert "ander adres" not in hers


def test_who_is_staff_and_a_lead_too_answers_herself_without_end_no_more_than_others(house: House) -> None:
    """Her mail program answers each mail and does not say that it is a machine."""
    advice(house, STAFF)
    runs = [each.model_dump() for each in acts.runs(house, STAFF)]
    to = reply_address(house, acts.advice(house, STAFF))
    assert comes_in(house, reply(to, "Bericht", sender=STAFF))
    rested = [each.model_dump() for each in acts.runs(house, STAFF)]
    assert rested != runs
    for number in range(6):
        house.clock.advance(minutes=1)
        last = letters(house, STAFF)[-1]
        comes_in(house, reply("balie@x.example", f"Bericht {number}", sender=STAFF, in_reply_to=last.message_id))
    assert [each.model_dump() for each in acts.runs(house, STAFF)] == rested, "an answer to the practice is not hers"
    assert len(letters(house, STAFF)) == 3
    assert comes_in(house, report(return_path(house, letters(house, STAFF)[-1]), recipient=STAFF))
    with house.services.database.reading() as session:
        assert not suppressions.of(session, [house.services.hmac(STAFF)])


def test_a_hard_verdict_on_where_her_mail_goes_on_to_is_no_verdict_on_her_address(house: House) -> None:
    """Servers that forward keep the address of before in `Original-Recipient`."""
    mail = report(return_path(house, advice(house)), recipient="anna@elders.example").replace(
        b"Final-Recipient", b"Original-Recipient: rfc822;anna@example.org\r\nFinal-Recipient"
    )
    assert comes_in(house, mail)
    assert news(house) == [("bounces", "soft_bounce")]


def test_a_mail_server_whose_clock_is_behind_hides_no_mail_of_a_lead(house: House) -> None:
    acts.confirmed(house)
    arrived = house.clock.now() - timedelta(minutes=5)
    comes_in(house, reply("balie@praktijk.example", "Mijn been is verlamd."), arrived=arrived)
    assert len(letters(house)) > 0


def test_who_wrote_is_erased_for_her_time_only_once_her_words_have_left(house: House) -> None:
    """Her own mail is gone from the mailbox by then."""
    to = reply_address(house, advice(house))
    erase_at = house.lead().erase_at
    assert erase_at is not None
    house.clock.moment = erase_at - timedelta(minutes=10)
    acts.pull_the_brake(house, all_mail=True)
    assert comes_in(house, reply(to, "Ik kan sinds vandaag niet meer lopen."))
    house.clock.advance(hours=3)
    ticks.housekeeping(house.services)
    acts.release_the_brake(house)
    house.send_due()
    [letter] = house.mails(STAFF)
    assert "niet meer lopen" in words(letter)
    ticks.housekeeping(house.services)
    assert acts.opt_ins(house) == []


def test_words_that_may_not_have_arrived_wait_for_staff_before_she_is_erased_for_her_time(house: House) -> None:
    to = reply_address(house, advice(house))
    assert comes_in(house, reply(to, "Ik kan sinds vandaag niet meer lopen."))
    assert acts.hand_over(house, "worker-that-was-killed")
    acts.commit(house, settling.reap, house.clock.now(), datetime.now(UTC) + timedelta(minutes=1))
    house.clock.advance(days=40)
    ticks.housekeeping(house.services)
    [letter] = letters(house)
    assert (letter.state, acts.alerts(house)) == ("unknown", ["message-unknown"])
    now = house.clock.now()
    acts.commit(house, resolving.resolve, house.services, [letter.id], "resend", actor="Frank", now=now)
    house.send_due()
    assert "niet meer lopen" in words(house.mails(STAFF)[-1])
    ticks.housekeeping(house.services)
    assert acts.opt_ins(house) == []
