"""Events about mails whose fate is open: told before the call answers, or where nobody knew (ACCEPTANCE F2, L1, L3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from service.domain.feedback import FeedbackKind, Tie
from service.flows import put_back, resolving, settling, ticks
from service.mail.transport import Outcome, SendResult
from tests.support import acts
from tests.support.house import House
from tests.support.news import about, comes
from tests.support.older_worker import OlderWorker
from tests.support.transports import (
    Network,
    accepted,
    always,
    in_turn,
    login_refused,
    lost_after_the_dot,
    refused_content,
    refused_for_now,
)

K = FeedbackKind
STEP = "hoe-ging-het"
SOON = timedelta(minutes=1)


def taken() -> SendResult:
    return SendResult(outcome=Outcome.ACCEPTED, stage="answer", code=202, provider_id="of-theirs")


def settle(house: House, token: str, result: SendResult) -> None:
    acts.commit(house, acts.settle, house.services, token, result, house.clock.now(), datetime.now(UTC))


def handed_over(house: House) -> str:
    """The follow-up is being handed over just now. Returns the token of its attempt."""
    acts.follow_up_due(house)
    (handed,) = acts.hand_over(house, "worker")
    return handed.token


def unknown_follow_up(house: House) -> House:
    network = Network(answer=in_turn(lost_after_the_dot(), accepted()))
    acts.follow_up_due(house)
    posted = house.with_changes(open_transport=network.open)
    posted.send_due()
    assert acts.follow_ups(house)[STEP].state == "unknown"
    assert acts.alerts(house) == ["message-unknown"]
    return posted


def repeated_advice(house: House) -> tuple[House, Network]:
    """An advice whose first try had no answer, due again at once."""
    network = Network(answer=in_turn(lost_after_the_dot(), accepted()))
    posted = house.with_changes(open_transport=network.open)
    posted.opt_in()
    token = acts.hand_over(posted, "worker")[0].token
    settle(posted, token, lost_after_the_dot())
    assert (acts.advice(posted).state, acts.advice(posted).attempts) == ("due", 1)
    return posted, network


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (K.ACCEPTED, "accepted"),
        (K.DEFERRED, "accepted"),
        (K.DELIVERED, "delivered"),
        (K.SOFT_BOUNCE, "bounced"),
        (K.REJECTED, "bounced"),
        (K.COMPLAINED, "complained"),
        (K.REPLIED, "delivered"),
    ],
)
def test_a_follow_up_of_unknown_fate_is_what_an_event_says(house: House, kind: FeedbackKind, state: str) -> None:
    posted = unknown_follow_up(house)
    comes(posted, about(acts.follow_ups(posted)[STEP], kind))
    assert acts.follow_ups(posted)[STEP].state == state
    assert "message-unknown" not in acts.alerts(posted)
    assert len(acts.attempts(posted, acts.follow_ups(posted)[STEP])) == 1


def test_an_event_about_an_unknown_mail_whose_fate_staff_had_settled_tells_the_truth(house: House) -> None:
    posted = unknown_follow_up(house)
    message = acts.follow_ups(posted)[STEP]
    acts.commit(posted, resolving.resolve, posted.services, [message.id], "drop", actor="F", now=posted.clock.now())
    comes(posted, about(message, K.DELIVERED))
    assert acts.follow_ups(posted)[STEP].state == "delivered"


def test_what_staff_wanted_sent_again_is_not_once_an_event_says_that_it_left(house: House) -> None:
    posted = unknown_follow_up(house)
    message = acts.follow_ups(posted)[STEP]
    acts.commit(posted, resolving.resolve, posted.services, [message.id], "resend", actor="F", now=posted.clock.now())
    comes(posted, about(message, K.DELIVERED))
    assert posted.send_due() == 0
    assert (acts.follow_ups(posted)[STEP].state, acts.follow_ups(posted)[STEP].attempts) == ("delivered", 1)


def test_a_follow_up_that_an_event_tells_of_days_later_was_the_mail_of_the_day_it_left(house: House) -> None:
    posted = unknown_follow_up(house)
    left = posted.clock.now()
    posted.clock.advance(days=2)
    comes(posted, about(acts.follow_ups(posted)[STEP], K.DELIVERED))
    told = acts.follow_ups(posted)[STEP]
    assert (told.state, told.settled_at) == ("delivered", left)


@pytest.mark.parametrize("kind", [K.ACCEPTED, K.DELIVERED])
def test_an_advice_that_waits_to_be_repeated_is_not_once_an_event_tells_of_it(house: House, kind: FeedbackKind) -> None:
    posted, network = repeated_advice(house)
    comes(posted, about(acts.advice(posted), kind))
    posted.send_due()
    assert network.mails == []
    assert acts.advice(posted).state == kind.value
    assert acts.advice(posted).settled_at == posted.clock.now()


@pytest.mark.parametrize("kind", [K.ACCEPTED, K.DELIVERED, K.HARD_BOUNCE])
@pytest.mark.parametrize("stands", ["due", "leased"])
def test_a_repeat_is_not_handed_over_once_an_event_told_of_it(house: House, stands: str, kind: FeedbackKind) -> None:
    posted, network = repeated_advice(house)
    older = OlderWorker(house=posted)
    ids = older.lease() if stands == "leased" else []
    assert acts.advice(posted).state == stands
    comes(posted, about(acts.advice(posted), kind))
    assert acts.hand_over(posted, "other") == []
    assert older.hand_over(ids, network) == 0
    assert len(acts.attempts(posted, acts.advice(posted))) == 1
    assert acts.advice(posted).state == {K.HARD_BOUNCE: "bounced"}.get(kind, kind.value)


def test_a_repeat_in_flight_keeps_what_the_event_said(house: House) -> None:
    posted, _ = repeated_advice(house)
    token = acts.hand_over(posted, "other")[0].token
    comes(posted, about(acts.advice(posted), K.DELIVERED))
    settle(posted, token, lost_after_the_dot())
    assert (acts.advice(posted).state, acts.alerts(posted)) == ("delivered", [])
    assert [each.outcome for each in acts.attempts(posted, acts.advice(posted))] == ["unknown", "accepted"]


@pytest.mark.parametrize("kind", [K.ACCEPTED, K.DELIVERED, K.SOFT_BOUNCE, K.REJECTED, K.COMPLAINED])
@pytest.mark.parametrize("answer", [taken, lost_after_the_dot, refused_for_now, login_refused])
def test_the_answer_that_comes_after_an_event_takes_nothing_back(
    house: House, kind: FeedbackKind, answer: Callable[[], SendResult]
) -> None:
    token = handed_over(house)
    comes(house, about(acts.follow_ups(house)[STEP], kind))
    told = acts.follow_ups(house)[STEP]
    expected = {K.ACCEPTED: "accepted", K.DELIVERED: "delivered", K.COMPLAINED: "complained"}.get(kind, "bounced")
    assert (told.state, told.lease_token) == (expected, None)
    settle(house, token, answer())
    message = acts.follow_ups(house)[STEP]
    (attempt,) = acts.attempts(house, message)
    assert (message.state, message.reason, message.attempts) == (expected, told.reason, 1)
    assert (attempt.outcome, attempt.stage) == ("accepted", answer().stage)
    assert attempt.provider_id == answer().provider_id
    assert "message-unknown" not in acts.alerts(house)


def test_the_providers_id_of_a_late_answer_ties_the_next_event(house: House) -> None:
    token = handed_over(house)
    comes(house, about(acts.follow_ups(house)[STEP], K.ACCEPTED))
    settle(house, token, taken())
    comes(house, about(None, K.DELIVERED, tie=Tie(provider_id="of-theirs")))
    assert acts.follow_ups(house)[STEP].state == "delivered"


@pytest.mark.parametrize("event_first", [True, False])
def test_a_no_to_the_call_is_nearer_than_word_that_the_provider_had_it_and_less_than_a_delivery(
    house: House, *, event_first: bool
) -> None:
    token = handed_over(house)
    message = acts.follow_ups(house)[STEP]
    if event_first:
        comes(house, about(message, K.ACCEPTED))
    settle(house, token, refused_content())
    comes(house, about(message, K.ACCEPTED))
    assert acts.follow_ups(house)[STEP].state == "failed"
    comes(house, about(message, K.DELIVERED))
    assert acts.follow_ups(house)[STEP].state == "delivered"


def test_a_mail_that_an_event_told_of_is_left_alone_when_its_worker_dies(house: House) -> None:
    handed_over(house)
    comes(house, about(acts.follow_ups(house)[STEP], K.DELIVERED))
    assert acts.commit(house, settling.reap, house.clock.now(), datetime.now(UTC) + SOON) == 0
    (attempt,) = acts.attempts(house, acts.follow_ups(house)[STEP])
    assert (acts.follow_ups(house)[STEP].state, attempt.outcome) == ("delivered", "accepted")
    assert acts.alerts(house) == []


def test_a_late_answer_to_what_was_given_up_changes_nothing_that_an_event_told(house: House) -> None:
    token = handed_over(house)
    acts.commit(house, settling.reap, house.clock.now(), datetime.now(UTC) + SOON)
    message = acts.follow_ups(house)[STEP]
    assert message.state == "unknown"
    comes(house, about(message, K.SOFT_BOUNCE))
    settle(house, token, taken())
    (attempt,) = acts.attempts(house, message)
    assert (acts.follow_ups(house)[STEP].state, attempt.provider_id) == ("bounced", "of-theirs")


def test_after_a_restore_an_event_tells_which_mails_had_left(house: House) -> None:
    acts.follow_up_due(house)
    since = house.clock.now() - timedelta(hours=1)
    acts.commit(house, put_back.hold, house.services, since=since, actor="F", now=house.clock.now())
    message = acts.follow_ups(house)[STEP]
    assert (message.state, message.hold) == ("held", "restored")
    comes(house, about(message, K.DELIVERED))
    told = acts.follow_ups(house)[STEP]
    assert (told.state, told.hold, told.attempts) == ("delivered", None, 0)
    assert told.first_handed_at is not None


def test_a_run_that_waited_for_its_mail_goes_on_at_once(house: House) -> None:
    handed_over(house)
    house.clock.advance(days=8)
    ticks.plan(house.services)
    waiting = acts.enrolment(house).next_at
    assert waiting is not None
    assert waiting > house.clock.now()
    comes(house, about(acts.follow_ups(house)[STEP], K.DELIVERED))
    assert acts.enrolment(house).next_at == house.clock.now()


def test_what_counts_as_sent_today_is_still_one_mail_a_day(house: House) -> None:
    posted = unknown_follow_up(house)
    comes(posted, about(acts.follow_ups(posted)[STEP], K.DELIVERED))
    later = posted.with_changes(open_transport=Network(answer=always(accepted())).open)
    later.live_through(days=20)
    moments = [each.first_handed_at for each in later.messages() if each.kind == "follow_up" and each.first_handed_at]
    assert len({moment.date() for moment in moments}) == len(moments) >= 2
