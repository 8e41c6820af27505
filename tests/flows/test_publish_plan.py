"""What the plan says before publishing is what then really leaves: told, published, and lived on with a clock in hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from service.flows import plan_text, publish_plan
from service.flows.drafts import Draft
from service.flows.publish_plan import Fate, LeadPlan, Plan, SequencePlan
from service.store import enrolments
from service.store.tables import Enrolment
from tests.support import acts, crowd
from tests.support.drafts import Document, publish, with_practice, with_sequence, with_steps
from tests.support.house import House

Said = dict[str, datetime]
GONE = {"accepted", "delivered"}


def told(house: House, draft: Draft) -> Plan:
    """The plan for a draft, as of the house's clock; it must leave every row as it was."""
    before = house.rows()
    with house.services.database.reading() as session:
        found = publish_plan.plan(session, house.services, draft, house.clock.now())
    assert house.rows() == before, "a plan changes nothing"
    return found


def of(plan: Plan, name: str = "lage-rug") -> SequencePlan:
    """What a plan says of one sequence."""
    return next(each for each in plan.sequences if each.name == name)


def cast(house: House) -> None:
    """Seven leads who all stand otherwise, on Thursday 19 March at 10:00 in Amsterdam."""
    acts.confirmed(house)
    acts.confirmed(house, "daan@example.org")
    acts.confirmed(house, "worse@example.org")
    house.live_through(days=3)
    acts.answer(house, "same", "daan@example.org")
    acts.answer(house, "worse", "worse@example.org")
    acts.confirmed(house, "esra@example.org", topic="uitstraling-been")
    house.live_through(days=1)
    acts.confirmed(house, "esra@example.org")  # under way in both
    house.live_through(days=3)
    acts.confirmed(house, "gijs@example.org", answers={"posture": "hollow"})
    house.opt_in("bram@example.org")  # never presses the button
    house.live_through(days=2, hours=23)
    acts.confirmed(house, "carla@example.org")
    acts.withdraw(house, "carla@example.org")
    house.live_through(hours=1)


def left(house: House, since: datetime, sequence: str = "lage-rug") -> dict[int, Said]:
    """enrolment -> step -> the minute it really left, of all that was planned since."""
    with house.services.database.reading() as session:
        runs = [row for row in session.exec(Enrolment.__table__.select()) if row.sequence == sequence]  # type: ignore[attr-defined]
        rows = {run.id: run for run in runs}
    found: dict[int, Said] = {key: {} for key in rows}
    for address in {"anna", "daan", "worse", "esra", "gijs", "bram", "carla"}:
        for message in house.messages(f"{address}@example.org"):
            mine = message.enrolment_id in rows and message.kind == "follow_up" and message.created_at >= since
            if mine and message.enrolment_id and message.step and message.state in GONE and message.settled_at:
                assert message.step not in found[message.enrolment_id]
                found[message.enrolment_id][message.step] = message.settled_at.replace(second=0, microsecond=0)
    return found


def said(leads: tuple[LeadPlan, ...], choose: Callable[[LeadPlan], tuple[Fate, ...]]) -> dict[int, Said]:
    """enrolment -> step -> the minute the plan gives."""
    return {
        lead.enrolment: {
            fate.step: fate.after.replace(second=0, microsecond=0) for fate in choose(lead) if fate.after is not None
        }
        for lead in leads
    }
