"""What `simulate` says is what the service then does: the same story told, and lived through with a clock in hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from service.errors import InvalidInputError
from service.flows import simulation, under_way
from service.flows.drafts import Draft
from service.flows.services import Retention
from service.flows.simulation import Event, EventKind, Simulated, Story
from service.store import enrolments
from tests.support import acts
from tests.support.acts import ANNA
from tests.support.drafts import publish, with_practice, with_steps
from tests.support.house import House
from tests.support.transports import Network

MINUTE = timedelta(minutes=1)
EVERY_SORT_OF_STEP = (
    {"key": "uren", "wait": "30 hours"},
    {"key": "werkdagen", "wait": "3 working days", "at": "16:45", "max_late": "2 days"},
    {"key": "zelfde", "wait": "1 day", "only_if": {"answer": {"helped": ["same", "worse"]}}},
    {
        "key": "keuze",
        "template": None,
        "variants": {"a": "uitnodiging", "b": "eerdere-uitnodiging"},
        "wait": "2 days",
        "skip_if": {"sent": ["zelfde"]},
    },
    {"key": "vroeg", "wait": "1 day", "at": "07:00"},
    {"key": "hol", "wait": "4 hours", "only_if": {"answer": {"posture": ["hollow"]}}},
    {"key": "einde", "wait": "2 days", "max_late": "1 day"},
)
NARROW = {"days": ["mon", "wed", "thu", "sat"], "from": "07:00", "to": "17:15", "skip_holidays": True}


@dataclass(frozen=True, kw_only=True)
class Life:
    """One lead's story and the practice it happens in."""

    opt_in_at: datetime
    confirm_after: timedelta | None
    answers: Mapping[str, str] = field(default_factory=dict)
    events: tuple[tuple[EventKind, timedelta], ...] = ()
    closed: tuple[tuple[int, int], ...] = ()  # days after the opt-in, and how many
    own_steps: bool = False

    @property
    def story(self) -> Story:
        """As `simulate` is asked."""
        confirmed_at = None if self.confirm_after is None else self.opt_in_at + self.confirm_after
        events = tuple(Event(kind=kind, at=self.opt_in_at + after) for kind, after in self.events)
        return Story(opt_in_at=self.opt_in_at, confirmed_at=confirmed_at, answers=self.answers, events=events)

    @property
    def draft(self) -> Draft:
        """The content, with this practice's closed days."""
        first = self.opt_in_at.date()
        closed = [
            {"from": str(first + timedelta(days=start)), "to": str(first + timedelta(days=start + length))}
            for start, length in self.closed
        ]
        draft = with_steps(*EVERY_SORT_OF_STEP, window=NARROW) if self.own_steps else None
        return with_practice(draft, closed=closed)


def told(house: House, life: Life) -> list[Simulated]:
    """What `simulate --live` says, for the lead as she is split over variants."""
    with house.services.database.reading() as session:
        live = house.services.published.live_for_topic(session, "lage-rug")
        assert live is not None
        calendar = house.services.published.calendar(session)
    return simulation.simulate(live.sequence, calendar, life.story, split_id=house.lead().public_id)


def live(house: House, life: Life) -> None:
    """Live the story: everything the lead does at its moment, and all that is due in between."""
    house.clock.moment = life.opt_in_at
    house.opt_in(answers=dict(life.answers))
    acts_to_come: list[tuple[timedelta, str]] = [(after, kind) for kind, after in life.events]
    if life.confirm_after is not None:
        acts_to_come.append((life.confirm_after, "confirm"))
    for after, kind in sorted(acts_to_come, key=lambda each: each[0]):
        house.live_through(seconds=(life.opt_in_at + after - house.clock.now()).total_seconds())
        happen(house, kind)


def happen(house: House, kind: str) -> None:
    """The lead does this, by the flow that serves it."""
    if kind == "confirm":
        acts.confirm(house)
    elif kind == "booked":
        acts.booked(house)
    elif kind == "unsubscribed":
        acts.withdraw(house)
    elif kind == "request":
        acts.request_pain_check(house)
    else:
        acts.answer(house, cast("Any", kind))


def lived(house: House) -> dict[str, tuple[datetime | None, str | None]]:
    """step -> the minute it left and with which mail, or (None, why not)."""
    return {
        message.step or "advies": (minute(message.settled_at), message.template)
        if message.state == "accepted"
        else (None, message.reason)
        for message in house.messages()
        if message.kind != "service"
    }


def minute(moment: datetime | None) -> datetime | None:
    """Without its seconds."""
    return moment and moment.replace(second=0, microsecond=0)


def agree(house: House, life: Life) -> None:
    """Tell it, live it, compare."""
    network = Network()
    for_good = Retention(after_advice=timedelta(days=999), after_opt_in=timedelta(days=999))
    house = house.with_changes(open_transport=network.open, retention=for_good)
    publish(house, life.draft)
    live(house, life)
    said = {
        each.step: (minute(each.at), each.template) if each.at else (None, each.reason.dutch)
        for each in told(house, life)
    }
    house.live_through(days=150)
    found = lived(house)
    assert {step: at for step, (at, _) in said.items() if at} == {step: at for step, (at, _) in found.items() if at}
    for step, (at, what) in found.items():
        if at or not (what or "").startswith(("afspraak", "link")):
            assert said[step] == (at, what)
    assert {each.message_id for each in network.mails if each.recipient == ANNA} == {
        each.message_id for each in house.messages() if each.state == "accepted" and each.recipient == ANNA
    }


CHRISTMAS = Life(
    opt_in_at=datetime(2026, 12, 18, 20, 15, tzinfo=UTC), confirm_after=timedelta(hours=3), closed=((3, 12),)
)
SPRING = Life(
    opt_in_at=datetime(2026, 3, 27, 22, 40, tzinfo=UTC),
    confirm_after=timedelta(days=1, hours=1, minutes=55),
    answers={"posture": "hollow"},
    events=(("same", timedelta(days=6, seconds=17)),),
    own_steps=True,
)
AUTUMN = Life(
    opt_in_at=datetime(2026, 10, 24, 23, 59, tzinfo=UTC),
    confirm_after=timedelta(minutes=45),
    events=(("worse", timedelta(days=4, seconds=17)), ("better", timedelta(days=9, seconds=17))),
)
BOOKED = Life(
    opt_in_at=datetime(2026, 6, 1, 12, 0, tzinfo=UTC),
    confirm_after=timedelta(days=2),
    events=(("request", timedelta(days=5, seconds=17)), ("booked", timedelta(days=23, seconds=17))),
    own_steps=True,
)


ASKS_TWICE = Life(
    opt_in_at=datetime(2026, 1, 1, tzinfo=UTC),
    confirm_after=timedelta(minutes=3),
    events=(("request", timedelta(seconds=17)), ("request", timedelta(seconds=17)), ("request", timedelta(days=9))),
)


@pytest.mark.parametrize("life", [CHRISTMAS, SPRING, AUTUMN, BOOKED], ids=["Christmas", "spring", "autumn", "booked"])
def test_the_service_does_what_simulate_says(house: House, life: Life) -> None:
    agree(house, life)


def test_what_is_to_come_for_a_lead_is_what_then_comes(house: House) -> None:
    publish(house, BOOKED.draft)
    house.clock.moment = BOOKED.opt_in_at
    acts.confirmed(house)
    house.live_through(days=5)
    before = house.rows()
    with house.services.database.reading() as session:
        row = enrolments.of_lead(session, house.lead().id)[-1]
        coming = under_way.upcoming(session, house.services, row.lead_id, house.clock.now())[row.id]
    assert house.rows() == before, "looking changes nothing"
    assert coming
    house.live_through(days=40)
    found = lived(house)
    assert {each.step: minute(each.at) for each in coming} == {each.step: found[each.step][0] for each in coming}


def test_simulating_moves_no_data(house: House) -> None:
    acts.confirmed(house)
    before = house.rows()
    told(house, AUTUMN)
    assert house.rows() == before


def test_an_event_that_cannot_be_read_is_refused_with_what_to_write() -> None:
    at = datetime(2026, 3, 9, tzinfo=UTC)
    assert simulation.parse_events(["booked@+9d", "worse@+36h", "same@+2w"], at) == (
        Event(kind="booked", at=at + timedelta(days=9)),
        Event(kind="worse", at=at + timedelta(hours=36)),
        Event(kind="same", at=at + timedelta(days=14)),
    )
    with pytest.raises(InvalidInputError, match=r"worse@9d, gone@\+1d: write KIND@\+NUMBER"):
        simulation.parse_events(["worse@9d", "gone@+1d", "booked@+1d"], at)
