"""What each refusal leads to: for now, for good, of this mail, of this address (ACCEPTANCE L7)."""

from __future__ import annotations

from datetime import timedelta

from service.domain.lead import SuppressionReason
from service.domain.retries import parse_retries
from service.store import suppressions
from tests.support import acts
from tests.support.acts import ANNA
from tests.support.house import House
from tests.support.transports import (
    Network,
    accepted,
    always,
    in_turn,
    no_such_mailbox,
    refused_content,
    refused_for_now,
)

BRAM = "bram@example.org"
MINUTE = timedelta(minutes=1)


def test_a_refusal_for_now_is_tried_again_later_and_later_with_the_same_bytes(posted: House, network: Network) -> None:
    network.answer = always(refused_for_now())
    posted.opt_in()
    start, gaps = posted.clock.now(), []
    for _ in range(9):
        assert posted.send_due() == 0
        message = acts.advice(posted)
        assert message.state == "due"
        gaps.append((message.due_at - posted.clock.now()) // MINUTE)
        posted.clock.moment = message.due_at - timedelta(seconds=1)
        posted.send_due()
        posted.clock.moment = message.due_at
    assert gaps == [5, 10, 20, 40, 80, 160, 240, 240, 240]
    assert len(network.mails) == 9
    assert len({(mail.message_id, mail.data) for mail in network.mails}) == 1
    posted.clock.moment = start + timedelta(days=4) - timedelta(hours=4, seconds=1)
    posted.send_due()
    assert acts.advice(posted).due_at == posted.clock.now() + timedelta(hours=4)
    posted.clock.advance(hours=4)
    posted.send_due()
    assert acts.advice(posted).state == "failed", "four days after the first try it ends"


def test_a_mailbox_of_the_practice_that_was_not_there_once_gets_the_next_request(
    posted: House, network: Network
) -> None:
    acts.confirmed(posted)
    acts.confirmed(posted, BRAM)
    network.answer = lambda mail, _: no_such_mailbox() if mail.recipient not in {ANNA, BRAM} else accepted()
    assert acts.request_pain_check(posted)
    posted.send_due()
    assert acts.alerts(posted) == ["staff-mail-returned"]
    assert acts.enrolment(posted).state == "active", "it says nothing of her"
    network.answer = always(accepted())
    posted.clock.advance(hours=1)
    assert acts.request_pain_check(posted, BRAM)
    posted.send_due()
    assert {each.state for each in posted.messages(BRAM)} == {"accepted"}


def test_a_mail_to_the_practice_whose_address_wants_no_mail_does_not_go_and_that_is_told(
    posted: House, network: Network
) -> None:
    """Staff try the form with their own address, and press "spam": who asks for a pain check then is not to be lost."""
    acts.confirmed(posted)
    with posted.services.database.reading() as session:
        staff = posted.services.published.live_practice(session)[1].staff
    for address in staff:
        acts.suppress(posted, SuppressionReason.COMPLAINT, address)
    before = len(network.mails)
    assert acts.request_pain_check(posted)
    posted.send_due()
    assert {mail.recipient for mail in network.mails[before:]}.isdisjoint(staff)
    assert acts.alerts(posted) == ["staff-mail-returned"]


def test_a_mailbox_that_does_not_exist_gets_nothing_for_thirty_days(posted: House, network: Network) -> None:
    acts.follow_up_due(posted)
    network.answer = always(no_such_mailbox())
    assert posted.send_due() == 0
    network.answer = always(accepted())
    bounced_at, before = posted.clock.now(), len(network.mails)
    assert acts.follow_ups(posted)["hoe-ging-het"].state == "failed"
    run = acts.enrolment(posted)
    assert (run.state, run.end_reason, run.next_at) == ("stopped", "hard_bounce", None)
    with posted.services.database.reading() as session:
        (rule,) = suppressions.of(session, [posted.services.hmac(ANNA)])[posted.services.hmac(ANNA)]
    assert (rule.scope, rule.until) == ("all", bounced_at + timedelta(days=30))
    posted.live_through(days=29)
    posted.opt_in()
    assert posted.send_due() == 0
    posted.clock.advance(days=1)
    posted.opt_in()
    assert posted.send_due() == 1
    assert len(network.mails) == before + 1


def test_a_mail_that_is_refused_for_what_it_says_fails_alone(posted: House, network: Network) -> None:
    acts.follow_up_due(posted)
    network.answer = in_turn(refused_content())
    posted.send_due()
    network.answer = always(accepted())
    assert acts.follow_ups(posted)["hoe-ging-het"].state == "failed"
    assert acts.enrolment(posted).state == "active"
    posted.live_through(days=6)
    assert acts.follow_ups(posted)["check"].state == "accepted"


def test_the_delays_are_a_setting(posted: House, network: Network) -> None:
    hasty = posted.with_changes(retries=parse_retries("first=1m; longest=2m; give_up=6m"))
    network.answer = always(refused_for_now())
    hasty.opt_in()
    start = hasty.clock.now()
    hasty.live_through(minutes=10)
    assert acts.advice(hasty).state == "failed"
    assert acts.advice(hasty).settled_at == start + 5 * MINUTE, "the next try would have come after six minutes"
    assert len(network.mails) == 4
