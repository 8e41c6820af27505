"""What the hand-over looks at once more, just before a mail goes: each mail leaves, ends or waits, with a reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from service.domain.lead import SuppressionReason
from service.flows import ticks
from service.store.tables import Message
from tests.support import acts
from tests.support.acts import ANNA
from tests.support.drafts import publish, with_practice
from tests.support.house import House
from tests.support.older_worker import OlderWorker
from tests.support.transports import Network, accepted, in_turn, refused_for_now


def planned(house: House, address: str = ANNA) -> Message:
    """Anna's first follow-up, due and in the outbox since Wednesday 11 March 10:00 in Amsterdam."""
    acts.confirmed(house, address)
    house.clock.advance(days=2)
    ticks.plan(house.services)
    return now_is(house, address)


def now_is(house: House, address: str = ANNA) -> Message:
    """Her newest message, as it is now."""
    return house.messages(address)[-1]


def taken(house: House) -> list[int]:
    """The ids that an attempt is opened for, of all that is due."""
    return [each.message.id for each in acts.hand_over(house, "worker")]


def test_a_follow_up_that_may_go_gets_one_attempt(house: House) -> None:
    message = planned(house)
    assert taken(house) == [message.id]
    assert taken(house) == [], "it is handed over already"
    after = now_is(house)
    assert (after.state, after.attempts, after.first_handed_at) == ("handed_over", 1, house.clock.now())
    assert after.lease_token == "worker"
    assert [(each.number, each.outcome) for each in acts.attempts(house, after)] == [(1, None)]


def test_after_the_window_closed_it_waits_for_the_next_opening(house: House) -> None:
    planned(house)
    house.clock.moment = datetime(2026, 3, 11, 18, 0, tzinfo=UTC)  # Wednesday 19:00: the window closes
    assert taken(house) == []
    after = now_is(house)
    assert (after.state, after.due_at) == ("due", datetime(2026, 3, 12, 7, 30, tzinfo=UTC))
    assert after.reason == "wacht op het verzendvenster"
    house.clock.moment = after.due_at
    assert house.send_due() == 1


def test_days_closed_since_it_was_planned_are_waited_out(house: House) -> None:
    planned(house)
    publish(house, with_practice(closed=({"from": "2026-03-11", "to": "2026-03-12"},)))
    assert taken(house) == []
    assert now_is(house).due_at == datetime(2026, 3, 13, 7, 30, tzinfo=UTC)


def test_a_practice_that_closed_for_good_holds_its_follow_ups_and_still_sends_the_advice(house: House) -> None:
    planned(house)
    publish(
        house,
        with_practice(closed=({"from": "2026-03-01", "to": "2027-01-31"}, {"from": "2027-02-01", "to": "2027-12-31"})),
    )
    house.opt_in("bram@example.org")
    assert house.send_due() == 1
    assert acts.advice(house, "bram@example.org").state == "accepted"
    assert now_is(house).state in {"due", "held"}
    assert acts.alerts(house) == ["calendar-closed"]
    assert house.send_due() == 0


def test_later_than_max_late_it_is_skipped_and_said_so(house: House) -> None:
    message = planned(house)
    assert message.not_after == datetime(2026, 3, 15, 9, 0, tzinfo=UTC)  # max_late: 4 days
    house.clock.moment = datetime(2026, 3, 16, 9, 0, tzinfo=UTC)
    assert taken(house) == []
    after = now_is(house)
    assert (after.state, after.reason, after.settled_at) == ("skipped", "te laat geworden", house.clock.now())


def test_a_pause_holds_it_until_after_the_pause(house: House) -> None:
    planned(house)
    acts.answer(house, "worse")
    assert house.send_due() == 0
    house.clock.advance(days=13)
    assert house.send_due() == 0
    house.clock.advance(days=1)
    assert house.send_due() == 1, "a pause never cancels a mail, also not by max_late"
    assert acts.follow_ups(house)["hoe-ging-het"].state == "accepted"


def test_a_pause_that_staff_end_early_lets_it_go_at_once(house: House) -> None:
    planned(house)
    acts.answer(house, "worse")
    house.send_due()
    house.clock.advance(days=1)
    assert acts.resume(house)
    assert house.tick() == 1
    assert acts.follow_ups(house)["hoe-ging-het"].state == "accepted"


@pytest.mark.parametrize("name", ["lage-rug", None])
def test_the_brake_holds_follow_ups_where_they_are(house: House, name: str | None) -> None:
    message = planned(house)
    acts.pull_the_brake(house, name=name)
    assert taken(house) == []
    house.opt_in("bram@example.org")
    assert (now_is(house).state, now_is(house).due_at) == ("due", message.due_at)
    assert house.send_due() == 1, "the advice goes on"
    acts.release_the_brake(house, name=name)
    assert house.send_due() == 1


def test_the_brake_on_all_mail_holds_the_advice_too(house: House) -> None:
    house.opt_in()
    acts.pull_the_brake(house, all_mail=True)
    assert taken(house) == []
    assert acts.advice(house).state == "due"
    assert house.send_due() == 0
    acts.release_the_brake(house)
    assert house.send_due() == 1


def test_two_sequences_send_one_follow_up_a_local_day(house: House) -> None:
    acts.confirmed(house)
    house.clock.advance(hours=1)
    acts.confirmed(house, topic="uitstraling-been")
    house.clock.advance(days=2)
    house.tick()
    sent = [each for each in house.messages() if each.kind == "follow_up" and each.state == "accepted"]
    assert [each.sequence for each in sent] == ["lage-rug"]
    house.live_through(hours=23)
    sent = [each for each in house.messages() if each.kind == "follow_up" and each.state == "accepted"]
    assert [each.sequence for each in sent] == ["lage-rug", "uitstraling-been"]


def test_two_that_piled_up_behind_the_brake_leave_on_two_days(house: House) -> None:
    acts.confirmed(house)
    house.clock.advance(days=1)
    acts.confirmed(house, topic="uitstraling-been")
    for _ in range(2):  # planned, each on its day, and not sent
        house.clock.advance(days=1)
        ticks.plan(house.services)
    acts.pull_the_brake(house)
    house.live_through(hours=1)
    assert [each.state for each in house.messages() if each.kind == "follow_up"] == ["due", "due"]
    acts.release_the_brake(house)
    assert house.send_due() == 1
    second = now_is(house)
    assert (second.state, second.reason) == ("due", "vandaag ging er al een vervolgmail")
    assert second.due_at == datetime(2026, 3, 13, 7, 30, tzinfo=UTC)
    house.live_through(days=1)
    assert now_is(house).state == "accepted"


def test_a_retry_counts_on_the_day_it_really_leaves(house: House) -> None:
    """Refused on Wednesday, taken on Thursday: the other sequence's mail of Thursday waits for Friday."""
    network = Network(answer=in_turn(refused_for_now(), accepted()))
    acts.confirmed(house)
    house.clock.advance(hours=23)
    acts.confirmed(house, topic="uitstraling-been")
    slow = house.with_changes(open_transport=network.open)
    slow.clock.moment = datetime(2026, 3, 11, 17, 58, tzinfo=UTC)  # Wednesday 18:58, two minutes before closing
    slow.tick()
    first = next(each for each in house.messages() if each.kind == "follow_up")
    assert (first.state, first.due_at) == ("due", datetime(2026, 3, 11, 18, 3, tzinfo=UTC))
    slow.live_through(days=3)
    left = {
        each.sequence: house_day(each)
        for each in house.messages()
        if each.kind == "follow_up" and each.state == "accepted"
    }
    assert left == {"lage-rug": 12, "uitstraling-been": 13}


def house_day(message: Message) -> int:
    """The day of the month on which it was taken."""
    assert message.settled_at is not None
    return message.settled_at.day


def test_what_an_older_worker_had_leased_is_due_again_once_that_ran_out(house: House) -> None:
    message = planned(house)
    older = OlderWorker(house=house)
    assert older.lease() == [message.id]
    ticks.reap(house.services)
    assert (now_is(house).state, taken(house)) == ("leased", [])
    past = datetime.now(UTC) - timedelta(seconds=1)
    acts.commit(house, lambda s: setattr(s.get_one(Message, message.id), "lease_until", past))
    ticks.reap(house.services)
    assert now_is(house).state == "due"
    assert older.hand_over([message.id], Network()) == 0
    assert taken(house) == [message.id]


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (SuppressionReason.COMPLAINT, "klacht over mail van ons"),
        (SuppressionReason.HARD_BOUNCE, "het adres bestaat niet"),
        (SuppressionReason.UNSUBSCRIBE, "afgemeld"),
    ],
)
def test_a_suppressed_address_gets_no_follow_up(house: House, reason: SuppressionReason, said: str) -> None:
    planned(house)
    acts.suppress(house, reason)
    assert taken(house) == []
    after = now_is(house)
    assert (after.state, after.reason, after.lease_token) == ("cancelled", said, None)
