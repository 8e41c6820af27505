"""One row at which something fails that nobody foresaw never stops the others: it is held, and told."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import Session

from service.flows import handover, ticks
from service.store.leaving import Leaving
from service.store.tables import Lead, Message
from tests.support import acts
from tests.support.house import House
from tests.support.transports import Network

LEADS = [f"{letter}@example.org" for letter in "abcdefghij"]
BAD = "d@example.org"


def everyone_but_the_bad_one(network: Network) -> bool:
    return sorted(mail.recipient for mail in network.mails) == [each for each in LEADS if each != BAD]


def test_a_row_whose_content_is_no_content_is_held_while_the_others_go(posted: House, network: Network) -> None:
    for address in LEADS:
        posted.opt_in(address)
    bad = acts.advice(posted, BAD).id

    def spoil(session: Session) -> None:
        nonsense: Any = ["not", "a", "mapping"]
        session.get_one(Message, bad).content = nonsense

    acts.commit(posted, spoil)
    assert posted.send_due() == len(LEADS) - 1
    assert everyone_but_the_bad_one(network)
    message = acts.advice(posted, BAD)
    assert (message.state, message.attempts, message.lease_token) == ("held", 0, None)
    assert acts.alerts(posted) == [f"mail-broken:{message.template}"]


def test_an_error_in_the_last_look_at_one_of_a_group_holds_that_one_alone(
    posted: House, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    for address in LEADS:
        posted.opt_in(address)
    look = handover._respace

    def fail_at_one(session: Session, message: Leaving, *given: Any) -> None:
        if message.recipient == BAD:
            raise RuntimeError("nobody foresaw this")
        look(session, message, *given)

    monkeypatch.setattr(handover, "_respace", fail_at_one)
    assert posted.send_due() == len(LEADS) - 1
    assert everyone_but_the_bad_one(network)
    message = acts.advice(posted, BAD)
    assert (message.state, message.attempts, acts.attempts(posted, message)) == ("held", 0, [])
    assert acts.alerts(posted) == [f"mail-broken:{message.template}"]
    assert posted.send_due() == 0, "and it is not tried again each second"


def test_a_run_whose_next_mail_cannot_be_planned_stops_no_other_and_goes_on_once_it_is_mended(house: House) -> None:
    for address in LEADS[:5]:
        acts.confirmed(house, address)
    good = house.lead(BAD).public_id

    def call(session: Session, public_id: str) -> None:
        session.get_one(Lead, house.lead(BAD).id).public_id = public_id

    acts.commit(house, call, "no link is made of it")
    house.clock.advance(days=2)
    assert house.tick(keep_house=True) == 4
    assert acts.alerts(house) == ["run-stuck"]
    assert ticks.plan(house.services) == 0, "and it is not tried again each second"
    acts.commit(house, call, good)
    house.clock.advance(hours=1)
    assert house.tick(keep_house=True) == 1
    steps = [acts.follow_ups(house, each) for each in LEADS[:5]]
    assert len({next(iter(each.values())).planned_at for each in steps}) == 1, "she lost no day by it"
    house.clock.advance(days=8)
    house.tick(keep_house=True)
    assert acts.alerts(house) == []
