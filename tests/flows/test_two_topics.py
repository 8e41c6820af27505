"""Who asked about two topics, with sequences and pauses of any kind: what is said to come is what comes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any

import pytest

from service.domain.reading import WEEKDAYS
from service.flows import lead_report, my_data
from tests.support import acts
from tests.support.days import AMSTERDAM, EVERY_DAY, march
from tests.support.drafts import publish, with_sequence
from tests.support.house import House
from tests.support.transports import Network, accepted, in_turn, lost_after_the_dot, refused_for_now

Coming = list[tuple[datetime, str | None, str | None]]
HOURS = (("08:30", "19:00"), ("00:00", "23:30"), ("13:00", "16:00"), ("07:00", "10:00"), ("09:00", "17:00"))
ACTS: tuple[Callable[[House], object], ...] = (
    lambda house: acts.wish(house, my_data.pause),
    lambda house: acts.wish(house, my_data.go_on),
    acts.replied,
    lambda house: acts.answer(house, "same"),
    acts.request_pain_check,
)


def changed(any_of: Random, document: dict[str, Any]) -> None:
    """Other waits, times and days than the shipped ones; the conditions stay."""
    for step in document["steps"][1:]:
        unit, most = any_of.choice([("days", 4), ("days", 4), ("hours", 50), ("working days", 3)])
        step["wait"] = f"{any_of.randint(1, most)} {unit}"
        step["at"] = any_of.choice([None, None, "09:00", "14:30"])
        step["max_late"] = any_of.choice([None, None, "1 days", "30 hours", "4 days"])
    days = any_of.sample(WEEKDAYS, any_of.randint(2, 7))
    opens, closes = any_of.choice(HOURS)
    holidays = any_of.random() < 0.5
    document["window"] = {
        "days": sorted(days, key=WEEKDAYS.index),
        "from": opens,
        "to": closes,
        "skip_holidays": holidays,
    }


def said(house: House) -> Coming:
    """What staff see that is to come: the steps ahead, and what is in the outbox."""
    now = house.clock.now()
    with house.services.database.reading() as session:
        report = lead_report.report(session, house.services, lead_report.find(session, acts.ANNA), now)
    steps: Coming = [(each.at, each.sequence, each.step) for each in report.coming if each.at]
    ready = [each for each in report.messages if each.kind == "follow_up" and each.state == "due"]
    return sorted(steps + [(max(each.due_at, now), each.sequence, each.step) for each in ready], key=repr)


def came(house: House, since: datetime) -> Coming:
    """What left since then."""
    mails = [each for each in house.messages() if each.kind == "follow_up" and each.first_handed_at is not None]
    left = [(each.first_handed_at, each.sequence, each.step) for each in mails if each.first_handed_at]
    return sorted((each for each in left if each[0] >= since), key=repr)


@pytest.mark.parametrize("seed", [9, 16, 20, 31])
def test_every_day_that_is_said_is_the_day_it_comes(house: House, seed: int) -> None:
    any_of = Random(seed)
    house.clock.advance(days=any_of.randint(0, 300), minutes=any_of.randint(0, 1440))
    draft = with_sequence(lambda document: changed(any_of, document))
    publish(house, with_sequence(lambda document: changed(any_of, document), draft, "uitstraling-been"))
    acts.confirmed(house)
    house.live_through(minutes=any_of.choice([20, 61, 1500, 4000, 9000]))
    acts.confirmed(house, topic="uitstraling-been")
    for _ in range(any_of.randint(0, 4)):
        house.live_through(minutes=any_of.randint(1, 6000), seconds=17)
        any_of.choice(ACTS)(house)
    house.live_through(minutes=any_of.randint(1, 3000))
    house.clock.advance(seconds=1)
    told, now = said(house), house.clock.now()
    assert told
    house.live_through(days=150)
    assert came(house, now) == told


def test_a_retry_of_unknown_fate_is_her_mail_of_the_day_it_went(house: House) -> None:
    """Refused on Tuesday and lost on Wednesday: what is due on Wednesday as well waits for Thursday."""
    net = Network()
    house = house.with_changes(open_transport=net.open)

    def soon(document: dict[str, Any], wait: str) -> None:
        document["steps"] = [document["steps"][0], {"key": "hoe-ging-het", "template": "hoe-ging-het", "wait": wait}]
        document["window"] = EVERY_DAY

    back = with_sequence(lambda document: soon(document, "1 day"))
    publish(house, with_sequence(lambda document: soon(document, "2 days"), back, "uitstraling-been"))
    acts.confirmed(house)
    house.clock.advance(hours=1)
    acts.confirmed(house, topic="uitstraling-been")
    house.clock.advance(hours=23)
    net.answer = in_turn(refused_for_now(), lost_after_the_dot())
    house.tick()
    house.clock.advance(hours=23)
    house.send_due()
    net.answer = in_turn(accepted())
    house.clock.advance(hours=2)
    house.tick()
    back_mail, *others = [each for each in house.messages() if each.kind == "follow_up"]
    assert (back_mail.state, [each.state for each in others if each.attempts]) == ("unknown", [])
    house.live_through(days=2)
    (leg_mail,) = [each for each in house.messages() if each.kind == "follow_up" and each.state == "accepted"]
    assert leg_mail.settled_at is not None
    assert leg_mail.settled_at.astimezone(AMSTERDAM).date() == march(12)
