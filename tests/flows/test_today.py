"""What the first page says is still to leave today: mails alone, and never a look at a run."""

from __future__ import annotations

from service.flows import today
from service.flows.today import Today
from tests.support import acts
from tests.support.days import EVERY_DAY
from tests.support.drafts import publish, with_steps
from tests.support.house import House


def of_now(house: House) -> Today:
    with house.services.database.reading() as session:
        return today.today(session, house.services, house.clock.now())


def test_the_end_of_a_pause_is_no_mail(house: House) -> None:
    acts.confirmed(house)
    house.clock.advance(hours=1)
    acts.replied(house)
    house.clock.advance(days=7, hours=-3)  # her pause ends at eleven; the first step is then due in two days
    assert (of_now(house).to_come, of_now(house).next) == (0, ())
    assert house.live_through(hours=12) == 0


def test_a_run_that_waits_for_a_mail_which_staff_have_to_approve_is_no_mail(house: House) -> None:
    house = house.with_changes(backlog_limit=0)
    publish(house, with_steps({"key": "een", "wait": "1 day"}, {"key": "twee", "wait": "1 day"}, window=EVERY_DAY))
    acts.confirmed(house)
    house.tick()
    house.clock.advance(days=2)
    house.tick()
    assert acts.follow_ups(house)["een"].state == "held"
    house.live_through(days=3, hours=-1)
    assert acts.enrolment(house).next_step == "twee"
    assert of_now(house).to_come == 0
    assert house.live_through(hours=2) == 0
