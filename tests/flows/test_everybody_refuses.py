"""So many domains refuse our mail by policy that it must be us: no way out, as when the server is down (L7, L8)."""

from __future__ import annotations

from sqlmodel import select

from service.store.tables import Message
from tests.support import acts
from tests.support.days import left_on
from tests.support.drafts import publish, with_steps
from tests.support.house import House
from tests.support.transports import Network, always, refused_by_policy

FIVE = [f"anna@praktijk{number}.example" for number in range(5)]


def test_a_day_on_which_all_turn_us_away_goes_through_the_guard(house: House) -> None:
    publish(house, with_steps(*({"key": key, "wait": "1 day"} for key in "abc")))
    strict = house.with_changes(backlog_limit=2)
    for address in FIVE:
        acts.confirmed(strict, address)
    strict.tick(keep_house=True)
    refused = strict.with_changes(open_transport=Network(answer=always(refused_by_policy())).open)
    refused.live_through(days=1)
    assert "channel-refused" in acts.alerts(strict)
    refused.live_through(hours=8)
    strict.opt_in("bram@example.org")
    strict.live_through(hours=1)
    assert acts.advice(strict, "bram@example.org").state == "accepted"
    with house.services.database.reading() as session:
        held = session.exec(select(Message).where(Message.state == "held")).all()
    left = [address for address in FIVE if left_on(strict, address)]
    assert len(left) + len(held) == len(FIVE)
    assert len(held) >= 3
    assert {each.hold for each in held} == {"backlog"}
    assert "channel-refused" not in acts.alerts(strict)
    assert "backlog" in acts.alerts(strict)
