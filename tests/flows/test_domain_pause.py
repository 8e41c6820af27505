"""A domain that turns us away by policy is paused; of three, it is us (ACCEPTANCE L7)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from service.flows import refusals, ticks
from service.flows.sending import Sender
from service.mail.transport import OutboundMail, SendResult
from service.store import domain_pauses
from service.store.tables import DomainPause, Suppression
from tests.support import acts
from tests.support.house import House
from tests.support.transports import (
    Network,
    accepted,
    always,
    lost_after_the_dot,
    no_such_mailbox,
    refused_by_policy,
    refused_for_now,
)

STRICT = "streng.example"
MINUTE = timedelta(minutes=1)
WHY = "het domein van de ontvanger weigert onze mail"


def refusing(*domains: str) -> Callable[[OutboundMail, int], SendResult]:
    """These domains refuse by policy; all others take what comes."""
    return lambda mail, _before: refused_by_policy() if mail.recipient.partition("@")[2] in domains else accepted()


def at_once(domain: str, count: int) -> list[str]:
    """Addresses of one domain."""
    return [f"lead{number}@{domain}" for number in range(count)]


def pauses(house: House) -> dict[str, DomainPause]:
    """Every row there is."""
    with house.services.database.reading() as session:
        return {row.key: row for row in session.exec(select(DomainPause))}


def pause_of(house: House, domain: str) -> DomainPause | None:
    """The pause of one domain."""
    return pauses(house).get(house.services.domain_key(f"x@{domain}"))


def cause(house: House, domain: str) -> str:
    """The cause of the alert about a domain."""
    return f"domain-refuses:{house.services.domain_key(f'x@{domain}')[:8]}"


def test_a_policy_refusal_pauses_that_domain_and_no_other(posted: House, network: Network) -> None:
    network.answer = refusing(STRICT)
    posted.opt_in(f"eerste@{STRICT}")
    assert posted.send_due() == 0
    posted.opt_in(f"tweede@{STRICT}")
    posted.opt_in("anna@example.org")
    assert posted.send_due() == 1, "the others go on"
    assert network.to(f"tweede@{STRICT}") == []
    until = posted.clock.now() + 5 * MINUTE
    refused, waiting = acts.advice(posted, f"eerste@{STRICT}"), acts.advice(posted, f"tweede@{STRICT}")
    assert (refused.state, refused.attempts, refused.due_at) == ("due", 1, until)
    assert (waiting.state, waiting.attempts, waiting.due_at, waiting.reason) == ("due", 0, until, WHY)
    assert waiting.first_handed_at is None
    assert posted.send_due() == 0, "and a domain that waits costs nothing"
    with posted.services.database.reading() as session:
        assert session.exec(select(Suppression)).all() == []


def test_mails_in_flight_together_are_one_strike_and_one_alert_without_the_domain(
    posted: House, network: Network
) -> None:
    posted.opt_in("anna@example.org")
    posted.send_due()
    network.answer = refusing(STRICT)
    for address in at_once(STRICT, 8):
        posted.opt_in(address)
    both = [posted.messages(address)[0].id for address in at_once(STRICT, 8)]
    now, moment = posted.clock.now(), datetime.now(UTC)
    begun = acts.commit(posted, acts.begin, posted, both, "one")
    assert len(begun) == 8
    for each in begun:
        acts.commit(posted, acts.settle, posted.services, each, refused_by_policy(), now, moment)
    row = pause_of(posted, STRICT)
    assert row is not None
    assert (row.strikes, row.until) == (1, now + 5 * MINUTE)
    (alert,) = acts.all_alerts(posted)
    assert alert.cause == cause(posted, STRICT)
    for text in (alert.cause, alert.dutch, alert.english, row.key):
        assert "streng" not in text
        assert "lead0" not in text
    assert "550 5.7.1" in alert.dutch
    assert f"bericht {min(both)}" in alert.dutch


def test_the_pause_grows_and_one_mail_at_a_time_finds_out(posted: House, network: Network) -> None:
    network.answer = refusing(STRICT)
    for address in at_once(STRICT, 3):
        posted.opt_in(address)
    gaps: list[int] = []
    tried = 0
    for _ in range(8):
        posted.send_due()
        row = pause_of(posted, STRICT)
        assert row is not None
        gaps.append((row.until - posted.clock.now()) // MINUTE)
        if gaps[1:]:
            assert len(network.mails) == tried + 1, "one mail tries"
        tried = len(network.mails)
        posted.clock.moment = row.until
    assert gaps == [5, 10, 20, 40, 80, 160, 240, 240]
    assert [each.cause for each in acts.all_alerts(posted)] == [cause(posted, STRICT)], "told once"


def test_the_first_mail_taken_ends_the_pause_and_the_alert(posted: House, network: Network) -> None:
    network.answer = refusing(STRICT)
    posted.opt_in(f"a@{STRICT}")
    posted.send_due()
    for address in at_once(STRICT, 12):
        posted.opt_in(address)
    assert posted.send_due() == 0
    network.answer = always(accepted())
    posted.live_through(minutes=15)
    assert [acts.advice(posted, each).state for each in [*at_once(STRICT, 12), f"a@{STRICT}"]] == ["accepted"] * 13
    assert max(network.counts().values()) == 2
    assert (pause_of(posted, STRICT), acts.alerts(posted)) == (None, [])
    network.answer = refusing(STRICT)
    posted.opt_in(f"b@{STRICT}")
    posted.send_due()
    assert acts.alerts(posted) == [cause(posted, STRICT)], "the next time is told again"
    row = pause_of(posted, STRICT)
    assert row is not None
    assert row.strikes == 1


@pytest.mark.parametrize("ending", [refused_for_now(), lost_after_the_dot(), no_such_mailbox()])
def test_a_try_that_says_nothing_of_policy_leaves_the_next_one_to_another_mail(
    posted: House, network: Network, ending: SendResult
) -> None:
    network.answer = refusing(STRICT)
    posted.opt_in(f"a@{STRICT}")
    posted.send_due()
    posted.opt_in(f"b@{STRICT}")
    posted.opt_in(f"c@{STRICT}")
    posted.send_due()
    network.mails.clear()
    network.answer = always(ending)
    posted.clock.advance(minutes=5)
    posted.send_due()
    assert network.mails
    row = pause_of(posted, STRICT)
    assert row is not None, "nothing was taken"
    assert row.strikes == 1
    network.answer = always(accepted())
    posted.live_through(minutes=10)
    assert pause_of(posted, STRICT) is None


def test_while_one_mail_tries_no_other_worker_begins_one(posted: House, network: Network) -> None:
    network.answer = refusing(STRICT)
    for address in at_once(STRICT, 2):
        posted.opt_in(address)
    posted.send_due()
    posted.clock.advance(minutes=5)
    first, second = (acts.advice(posted, address).id for address in at_once(STRICT, 2))
    now = posted.clock.now()
    assert len(acts.commit(posted, acts.begin, posted, [first], "one")) == 1
    assert acts.commit(posted, acts.begin, posted, [second], "two") == []
    put_off = next(
        each for each in (acts.advice(posted, address) for address in at_once(STRICT, 2)) if each.state == "due"
    )
    assert (put_off.due_at, put_off.reason) == (now + 5 * MINUTE, WHY)


def test_follow_ups_and_service_mail_follow_the_same_rules_and_the_window(posted: House, network: Network) -> None:
    acts.confirmed(posted, f"anna@{STRICT}")
    posted = posted.with_changes(alert_to=(f"staf@{STRICT}",))
    network.answer = refusing(STRICT)
    posted.clock.advance(days=2)
    ticks.plan(posted.services)
    posted.opt_in(f"eerste@{STRICT}")
    posted.send_due()
    ticks.housekeeping(posted.services)
    posted.send_due()
    follow_up = acts.follow_ups(posted, f"anna@{STRICT}")["hoe-ging-het"]
    assert (follow_up.state, follow_up.due_at) == ("due", posted.clock.now() + 5 * MINUTE)
    assert [mail.recipient for mail in network.mails].count(f"staf@{STRICT}") == 0, "the alert waits too"
    network.answer = always(accepted())
    posted.live_through(minutes=15)
    assert acts.follow_ups(posted, f"anna@{STRICT}")["hoe-ging-het"].state == "accepted"
    assert len(network.to(f"staf@{STRICT}")) == 1


def test_a_domain_that_refuses_beyond_four_days_fails_its_mails_and_suppresses_nobody(
    posted: House, network: Network
) -> None:
    network.answer = refusing(STRICT)
    for address in at_once(STRICT, 5):
        posted.opt_in(address)
    posted.send_due()
    late = f"laat@{STRICT}"
    posted.live_through(days=3)
    posted.opt_in(late)
    posted.live_through(days=1, hours=4)
    assert {acts.advice(posted, each).state for each in at_once(STRICT, 5)} == {"failed"}
    assert acts.advice(posted, late).state == "due", "it has waited for a day"
    with posted.services.database.reading() as session:
        assert session.exec(select(Suppression)).all() == []
    assert posted.lead(f"lead0@{STRICT}").erase_at is not None
    assert {each.state for each in acts.runs(posted, f"lead0@{STRICT}")} == {"awaiting_confirmation"}
    tries = len(network.mails)
    assert tries < 60, "one try for all that wait"


def test_a_pause_that_nobody_waits_for_is_forgotten(posted: House, network: Network) -> None:
    network.answer = refusing(STRICT)
    posted.opt_in(f"a@{STRICT}")
    posted.send_due()
    posted.clock.advance(days=4, minutes=4)
    acts.commit(posted, refusals.forget_old, posted.services, posted.clock.now())
    assert pause_of(posted, STRICT) is not None
    posted.clock.advance(minutes=2)
    ticks.housekeeping(posted.services)
    assert (pause_of(posted, STRICT), acts.alerts(posted)) == (None, [])


# Of three, it is us

THREE = ("een.example", "twee.example", "drie.example")


def test_two_domains_never_stop_the_others(posted: House, network: Network) -> None:
    network.answer = refusing(*THREE[:2])
    for domain in THREE[:2]:
        for address in at_once(domain, 6):
            posted.opt_in(address)
    posted.opt_in("anna@example.org")
    posted.send_due()
    assert acts.advice(posted).state == "accepted"
    assert sorted(acts.alerts(posted)) == sorted(cause(posted, domain) for domain in THREE[:2])


def test_three_domains_within_the_hour_are_us_and_the_channel_rests(posted: House, network: Network) -> None:
    network.answer = refusing(*THREE, "vier.example", "goed.example")
    for domain in THREE[:2]:
        posted.opt_in(f"a@{domain}")
        posted.send_due()
        posted.clock.advance(minutes=1)
    posted.opt_in(f"a@{THREE[2]}")
    for domain in ("vier.example", "goed.example"):
        posted.opt_in(f"b@{domain}")
    posted.clock.advance(seconds=10)

    async def live() -> None:
        sender = Sender(posted.services, network.open())
        before = len(network.mails)
        assert await sender.send_due() == 0
        assert len(network.mails) == before + 1, "then it rests"
        for address in (f"a@{THREE[2]}", "b@vier.example", "b@goed.example"):
            message = acts.advice(posted, address)
            assert (message.state, message.attempts, message.first_handed_at) == ("due", 0, None)
        tried = []
        for _ in range(3):
            assert await sender.send_due() == 0
            sender.ways["primary"].channel._rests_until = 0.0  # as if the rest was over
            posted.clock.advance(seconds=10)
            before = len(network.mails)
            assert await sender.send_due() == 0
            assert len(network.mails) == before + 1, "one mail tries"
            tried.append(network.mails[-1].recipient)
        assert tried == ["b@vier.example", "b@goed.example", f"a@{THREE[2]}"], "and each time another"
        assert acts.alerts(posted).count("channel-refused") == 1
        network.answer = refusing(*THREE)
        sender.ways["primary"].channel._rests_until = 0.0
        posted.clock.advance(seconds=10)
        assert await sender.send_due() == 2
        assert "channel-refused" not in acts.alerts(posted)

    asyncio.run(live())
    assert acts.advice(posted, f"a@{THREE[2]}").attempts == 1, "on again, its domain alone refuses it"
    posted.live_through(minutes=30)
    causes = [each.cause for each in acts.all_alerts(posted)]
    assert causes.count("channel-refused") == 1, "who refused before counts no more"
    network.answer = always(accepted())
    posted.live_through(hours=2)
    assert {acts.advice(posted, f"a@{domain}").state for domain in THREE} == {"accepted"}
    assert acts.alerts(posted) == []
    assert set(pauses(posted)) <= {domain_pauses.REFUSED}


def test_a_domain_that_took_a_mail_in_between_does_not_count(posted: House, network: Network) -> None:
    network.answer = refusing(THREE[0])
    posted.opt_in(f"a@{THREE[0]}")
    posted.send_due()
    network.answer = refusing(*THREE[1:])
    posted.clock.advance(minutes=5)
    assert posted.send_due() == 1
    for domain in THREE[1:]:
        posted.opt_in(f"a@{domain}")
        posted.send_due()
    assert "channel-refused" not in acts.alerts(posted)


def test_three_domains_over_a_day_are_three_domains(posted: House, network: Network) -> None:
    network.answer = refusing(*THREE)
    for domain in THREE:
        posted.opt_in(f"a@{domain}")
        posted.send_due()
        posted.clock.advance(minutes=31)
    assert "channel-refused" not in acts.alerts(posted)
    assert len(acts.alerts(posted)) == 3
