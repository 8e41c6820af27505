"""Too many complaints or mailboxes that do not exist: staff are told, and the follow-ups wait (ACCEPTANCE F4)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import col, select, update

from service.domain.feedback import FeedbackKind, Tie
from service.flows import brake, privacy, rates, ticks
from service.store import events
from service.store import rates as store
from service.store.tables import AuditEntry, FeedbackEvent, Message
from tests.support import acts
from tests.support.crowd import gather
from tests.support.house import House, words
from tests.support.news import about, comes
from tests.support.taken import comes_back, left_long_ago, mails_taken
from tests.support.transports import Network, always, no_such_mailbox
from tests.support.waiting import wait_until_it_waits

COMPLAINED, HARD = FeedbackKind.COMPLAINED, FeedbackKind.HARD_BOUNCE


def held_back(house: House) -> bool:
    with house.services.database.reading() as session:
        return brake.state(session).follow_ups


def pulls(house: House) -> list[tuple[str, str, object]]:
    """Who moved the brake, how, and why."""
    with house.services.database.reading() as session:
        moves = select(AuditEntry).where(col(AuditEntry.action).in_(("paused", "resumed"))).order_by(col(AuditEntry.id))
        return [(each.actor, each.action, each.details.get("why")) for each in session.exec(moves)]


@pytest.mark.parametrize(
    ("complaints", "mails", "alerts", "paused"),
    [
        (2, 3, [], False),
        (3, 3_000, [], False),
        (3, 2_999, ["complaints"], False),
        (3, 1_000, ["complaints"], False),
        (3, 999, ["complaints", "complaints-paused"], True),
        (3, 4, ["complaints", "complaints-paused"], True),
    ],
)
def test_complaints_above_one_in_a_thousand_are_told_and_above_three_hold_the_follow_ups_back(
    house: House, complaints: int, mails: int, alerts: list[str], paused: bool
) -> None:
    ids = mails_taken(house, mails - 1)  # and the advice
    comes_back(house, COMPLAINED, *ids[:complaints])
    assert (acts.alerts(house), held_back(house)) == (alerts, paused)


@pytest.mark.parametrize(
    ("bounces", "mails", "paused"), [(4, 4, False), (5, 100, False), (5, 99, True), (6, 119, True), (6, 120, False)]
)
def test_hard_bounces_above_five_in_a_hundred_of_a_day_hold_the_follow_ups_back(
    house: House, bounces: int, mails: int, paused: bool
) -> None:
    ids = mails_taken(house, mails)
    comes_back(house, HARD, *ids[:bounces])
    assert (acts.alerts(house), held_back(house)) == (["hard-bounces"] if paused else [], paused)


def test_a_mailbox_that_the_server_does_not_know_counts_at_once(house: House) -> None:
    network = Network(answer=always(no_such_mailbox()))
    away = house.with_changes(open_transport=network.open)
    gather(house, 5)
    away.send_due()
    assert acts.alerts(house) == ["hard-bounces"]
    assert held_back(house)
    assert len(network.mails) >= 5


def test_one_mailbox_unknown_at_the_door_is_one_bounce_whoever_tells_it_again(house: House) -> None:
    message = acts.follow_up_due(house)
    house.with_changes(open_transport=Network(answer=always(no_such_mailbox())).open).send_due()
    for _ in range(9):
        comes_back(house, HARD, message.id)
    assert acts.alerts(house) == []


def test_what_is_over_its_time_counts_no_more(house: House) -> None:
    ids = mails_taken(house, 10)
    now = house.clock.now()
    comes_back(house, COMPLAINED, *ids[:2], at=now - timedelta(days=31))
    comes_back(house, HARD, *ids[:4], at=now - timedelta(days=1, minutes=1))
    comes_back(house, COMPLAINED, ids[2])
    comes_back(house, HARD, ids[4])
    assert acts.alerts(house) == []


def test_only_mails_of_the_same_time_are_what_the_rate_is_of(house: House) -> None:
    ids = mails_taken(house, 200)
    left_long_ago(house, ids[90:], house.clock.now() - timedelta(days=1, minutes=1))
    comes_back(house, HARD, *ids[:5])
    assert acts.alerts(house) == ["hard-bounces"]


def test_bounces_of_mails_to_the_practice_say_nothing_about_our_mail_to_leads(house: House) -> None:
    ids = mails_taken(house, 10)
    with house.services.database.transaction() as session:
        session.exec(update(Message).where(col(Message.id).in_(ids[:9])).values(recipient="praktijk@example.org"))
    comes_back(house, HARD, *ids[:9])
    assert acts.alerts(house) == []


def test_a_bounce_of_a_mail_to_the_practice_counts_in_no_rate_when_the_lead_it_is_about_is_erased(house: House) -> None:
    acts.confirmed(house)
    acts.request_pain_check(house)
    house.send_due()
    lead = house.lead()
    to_practice = [each for each in house.messages() if each.lead_id == lead.id and each.recipient != lead.address]
    assert to_practice
    for each in to_practice:
        comes(house, about(each, HARD))
    acts.commit(house, privacy.erase, house.services, lead.id, "asked for", house.clock.now())
    with house.services.database.reading() as session:
        assert store.hard_bounces(session, house.clock.now() - timedelta(days=1)) == (0, 0)


def test_news_about_mail_that_is_none_of_ours_counts_in_no_rate(house: House) -> None:
    """The provider's account may send a newsletter, too, and tells of all its mail."""
    [message, *_] = mails_taken(house, 20)
    for number in range(9):
        for kind in (COMPLAINED, HARD):
            comes(house, about(None, kind, tie=Tie(provider_id=f"newsletter-{number}")))
    [ours] = [each for each in house.messages() if each.id == message]
    comes(house, about(ours, HARD))
    comes(house, about(ours, COMPLAINED))
    assert (acts.alerts(house), held_back(house)) == ([], False)


def test_complaints_count_on_when_their_leads_were_erased_and_nothing_leads_back(house: House) -> None:
    ids = mails_taken(house, 10)
    comes_back(house, COMPLAINED, *ids[:2])
    comes_back(house, HARD, ids[0])
    acts.commit(house, privacy.erase, house.services, house.lead().id, "asked for it", house.clock.now())
    with house.services.database.reading() as session:
        left = session.exec(select(FeedbackEvent)).all()
    assert sorted(each.kind for each in left) == ["complained", "complained", "hard_bounce"]
    assert {each.message_id for each in left} == {None}
    comes_back(house, COMPLAINED, None)
    assert acts.alerts(house) == ["complaints", "complaints-paused"]


def test_the_alert_says_what_happened_and_how_to_go_on_and_the_audit_log_who_did_it(house: House) -> None:
    ids = mails_taken(house, 10)
    comes_back(house, COMPLAINED, *ids[:3])
    told = house.with_changes(alert_to=("beheer@praktijk.example",))
    ticks.housekeeping(told.services)
    told.send_due()
    mails = [words(mail) for mail in told.mails("beheer@praktijk.example")]
    assert any("3 klachten in 30 dagen, op 11 verstuurde mails" in mail for mail in mails)
    assert any("Weer laten gaan: nurture resume" in mail for mail in mails)
    assert pulls(house) == [("service", "paused", "complaints-paused")]


def test_what_staff_let_go_stays_so_until_the_next_complaint_which_is_told_anew(house: House) -> None:
    ids = mails_taken(house, 10)
    comes_back(house, COMPLAINED, *ids[:4])
    acts.release_the_brake(house)
    house.tick(keep_house=True)
    assert not held_back(house)
    assert acts.alerts(house) == ["complaints"]
    comes_back(house, COMPLAINED, ids[4])
    assert held_back(house)
    assert [each.cause for each in acts.all_alerts(house)] == ["complaints", "complaints-paused", "complaints-paused"]
    assert [actor for actor, _, _ in pulls(house)] == ["service", "Frank", "service"]


def test_a_complaint_just_after_the_brake_was_let_go_is_told_anew_as_well(house: House) -> None:
    ids = mails_taken(house, 10)
    comes_back(house, HARD, *ids[:5])
    acts.release_the_brake(house)
    comes_back(house, HARD, ids[5])
    assert [each.cause for each in acts.all_alerts(house)] == ["hard-bounces", "hard-bounces"]
    assert acts.alerts(house) == ["hard-bounces"]


def test_a_brake_that_staff_pulled_stays_theirs_and_the_reason_is_told(house: House) -> None:
    ids = mails_taken(house, 10)
    acts.pull_the_brake(house)
    comes_back(house, HARD, *ids[:6])
    assert acts.alerts(house) == ["hard-bounces"]
    assert [actor for actor, _, _ in pulls(house)] == ["Frank"]


def test_the_alerts_close_by_themselves_when_it_is_over(house: House) -> None:
    ids = mails_taken(house, 10)
    comes_back(house, COMPLAINED, *ids[:3])
    ticks.housekeeping(house.services)
    assert acts.alerts(house) == ["complaints", "complaints-paused"]
    house.clock.advance(days=31)
    ticks.housekeeping(house.services)
    assert acts.alerts(house) == ["complaints-paused"], "the follow-ups are held back still"
    acts.release_the_brake(house)
    ticks.housekeeping(house.services)
    assert acts.alerts(house) == []


def test_resuming_after_it_goes_through_the_backlog_guard(house: House) -> None:
    few = house.with_changes(backlog_limit=3)
    people = gather(house, 6)
    comes_back(few, HARD, *(each.message_id for each in people[:5]))
    assert few.send_due() == 0
    house.clock.advance(days=1)
    with house.services.database.transaction() as session:
        held = brake.release(session, few.services, name=None, actor="Frank", now=house.clock.now())
    assert held is not None
    assert held > 3
    assert few.send_due() == 0


def test_two_complaints_at_once_see_each_other(house: House) -> None:
    ids = mails_taken(house, 10)
    comes_back(house, COMPLAINED, ids[0])
    with ThreadPoolExecutor(1) as pool:
        with house.services.database.transaction() as session:
            session.add(
                FeedbackEvent(
                    source="postmark",
                    key="of the first",
                    kind=COMPLAINED,
                    raw_kind="test",
                    message_id=ids[1],
                    at=house.clock.now(),
                    received_at=house.clock.now(),
                )
            )
            session.flush()
            rates.after_complaint(session, house.services, house.clock.now())
            second = pool.submit(comes_back, house, COMPLAINED, ids[2])
            wait_until_it_waits(house)
        second.result(30)
    assert "complaints" in acts.alerts(house)


def test_an_alert_that_is_looked_at_while_the_brake_is_pulled_is_not_lost(house: House) -> None:
    ids = mails_taken(house, 10)
    comes_back(house, HARD, *ids[:5])
    acts.release_the_brake(house)
    with house.services.database.transaction() as session:
        rates.review(session, house.clock.now())
        assert [each.cause for each in events.open_alerts(session)] == []
    comes_back(house, HARD, ids[5])
    assert acts.alerts(house) == ["hard-bounces"]
