"""Many leads at once, each in a sequence of her own: their stories told by the simulator, and lived by the service."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, cast

from sqlalchemy import delete, event, func, select, text, update
from sqlmodel import col

from service.domain.sequence import Sequence as Steps
from service.flows import planning, simulation
from service.flows.drafts import Part
from service.flows.sending import Sender
from service.flows.services import Retention
from service.flows.simulation import Event, EventKind, Simulated, Story
from service.mail.transport import OutboundMail, SendResult
from service.store import outbox, reports
from service.store.tables import Revision, Table
from tests.support import acts
from tests.support.drafts import publish, with_practice
from tests.support.house import House, open_house, shipped
from tests.support.transports import Network, accepted, refused_for_now

FOREVER = timedelta(days=9999)
STORIES = 8
"""Lives in one town."""


@dataclass(frozen=True, kw_only=True)
class Life:
    """One lead's story and the sequence she goes through. Every moment is so long after the town's beginning or,
    for what she does, after her own opt-in."""

    steps: Mapping[str, Any]
    opt_in_after: timedelta
    confirm_after: timedelta | None
    posture: str | None
    events: tuple[tuple[EventKind, timedelta], ...]


@dataclass(frozen=True, kw_only=True)
class Town:
    """What the practice's calendar is, when it all begins, and who lives there."""

    begins: datetime
    practice: Mapping[str, Any]
    lives: Sequence[Life]

    def story(self, life: Life) -> Story:
        """As `simulate` is asked."""
        opt_in_at = self.begins + life.opt_in_after
        return Story(
            opt_in_at=opt_in_at,
            confirmed_at=None if life.confirm_after is None else opt_in_at + life.confirm_after,
            answers={"posture": life.posture} if life.posture else {},
            events=tuple(Event(kind=kind, at=opt_in_at + after) for kind, after in life.events),
        )


class Stage:
    """A house that plays one town after another, on one database. No dataclass: Hypothesis would print all of it."""

    def __init__(self, house: House, runner: asyncio.Runner, sender: Sender, refusals: dict[str, int]) -> None:
        self.house, self.runner, self.sender = house, runner, sender
        self.refusals = refusals  # address -> tries that are still to be refused

    def __repr__(self) -> str:
        return "Stage()"

    def play(self, town: Town) -> list[tuple[list[Simulated], list[Any]]]:
        """For each life what the simulator told of it, and her messages once she has lived it."""
        house = self.house
        self._clear()
        names = [f"reeks-{number}" for number in range(len(town.lives))]
        draft = with_practice(**town.practice)
        parts = [_part(name, life.steps) for name, life in zip(names, town.lives, strict=True)]
        house.clock.moment = town.begins
        publish(house, replace(draft, parts=(*draft.parts, *parts)))
        done = [
            (town.begins + life.opt_in_after + after, place, number, kind)
            for number, life in enumerate(town.lives)
            for place, (kind, after) in enumerate(_acts(life))
        ]
        for moment, _, number, kind in sorted(done):
            self._live_until(house, moment)
            self._happen(house, town.lives[number], number, kind)
        self._live_until(house, town.begins + FOREVER)
        return [
            (self._told(house, town.story(life), name, number), house.messages(address(number)))
            for number, (name, life) in enumerate(zip(names, town.lives, strict=True))
        ]

    def _told(self, house: House, story: Story, name: str, number: int) -> list[Simulated]:
        with house.services.database.reading() as session:
            live = house.services.published.live_for_topic(session, name)
            assert live is not None
            calendar = house.services.published.calendar(session)
        return simulation.simulate(live.sequence, calendar, story, house.lead(address(number)).public_id)

    def _clear(self) -> None:
        """Nobody lives here yet, and nothing was published; but no revision gets an id that another had."""
        self.refusals.clear()
        with self.house.services.database.transaction() as session:
            last = session.execute(select(func.max(col(Revision.id)))).scalar_one()
            for table in reversed(Table.metadata.sorted_tables):
                if table.name != "revision":
                    session.execute(delete(table))
            session.execute(delete(Revision).where(col(Revision.id) < last))
            session.execute(update(Revision).values(kind="mails", name="of-another-town"))

    def _live_until(self, house: House, target: datetime) -> None:
        """A tick at every moment that something is due."""
        self._tick(house)
        while (moment := _next_moment(house)) is not None and moment <= target:
            house.clock.moment = moment
            self._tick(house)
        house.clock.moment = max(target, house.clock.moment)

    def _tick(self, house: House) -> None:
        planning.plan_due(house.services, house.clock.now())
        while _is_due(house):
            self.runner.run(self.sender.send_due())
            planning.plan_due(house.services, house.clock.now())  # a run that waited for its last mail goes on

    def _happen(self, house: House, life: Life, number: int, kind: str) -> None:
        """By the flow that serves it."""
        who = address(number)
        if kind == "opt-in":
            house.opt_in(who, topic=f"reeks-{number}")
            self._tick(house)
        elif kind == "confirmed":
            given = {"posture": life.posture} if life.posture else {}
            acts.confirm(house, who, which=-1, **given)
        elif kind == "booked":
            acts.booked(house, who)
        elif kind == "unsubscribed":
            acts.withdraw(house, who)
        elif kind == "request":
            acts.request_pain_check(house, who)
        elif kind == "reply":
            acts.replied(house, who)
        elif kind == "soft-bounce":
            self.refusals[who] = self.refusals.get(who, 0) + 1
        else:
            acts.answer(house, cast("Literal['better', 'same', 'worse']", kind), who)


@contextmanager
def open_stage(database_url: str, folder: Path) -> Iterator[Stage]:
    """A stage on a migrated database. Nothing of it is to survive a power cut, so SQLite need not wait for the disk."""
    refusals: dict[str, int] = {}

    def answer(mail: OutboundMail, _before: int) -> SendResult:
        if refusals.get(mail.recipient) and mail.message_id in follow_ups(mail.recipient):
            refusals[mail.recipient] -= 1
            return refused_for_now()
        return accepted()

    def follow_ups(recipient: str) -> set[str]:
        return {each.message_id for each in house.messages(recipient) if each.kind == "follow_up"}

    network = Network(answer=answer)
    kept = Retention(after_advice=FOREVER, after_opt_in=FOREVER, after_last_mail=FOREVER, events=FOREVER)
    with (
        open_house(database_url, folder, open_transport=network.open, retention=kept, demo=True) as house,
        asyncio.Runner() as runner,
    ):
        if house.services.database.is_sqlite:
            engine = house.services.database.engine
            event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
            house.services.database.close()
        _allow_emptying(house)
        sender = Sender(house.services, house.services.open_transport())
        yield Stage(house=house, runner=runner, sender=sender, refusals=refusals)


def _allow_emptying(house: House) -> None:
    """As its owner: each town is an installation of its own, and one database serves them all."""
    sqlite = house.services.database.is_sqlite
    with house.services.database.transaction() as session:
        for table in ("revision", "audit", "receipt"):
            for act in ("update", "delete") if sqlite else ("change",):
                session.execute(text(f"DROP TRIGGER {table}_no_{act}{'' if sqlite else f' ON {table}'}"))


def address(number: int) -> str:
    """Of the lead who lives the life of this number."""
    return f"lead-{number}@example.org"


def _acts(life: Life) -> list[tuple[str, timedelta]]:
    """All that she does, her opt-in first, in the order of what is told at the same moment."""
    pressed = [] if life.confirm_after is None else [("confirmed", life.confirm_after)]
    return [("opt-in", timedelta()), *life.events, *pressed]


def _part(name: str, steps: Mapping[str, Any]) -> Part:
    """A sequence as `publish` takes it."""
    sequence = Steps.model_validate({"name": name, "title": name, "topic": name, **steps})
    compiled = {each: shipped().mails[each].model_dump(mode="json") for each in sequence.templates()}
    return Part(kind="sequence", name=name, document=sequence.model_dump(mode="json"), compiled=compiled, source={})


def _is_due(house: House) -> bool:
    with house.services.database.reading() as session:
        return outbox.under_way(session, house.clock.now(), outbox.Paused())


def _next_moment(house: House) -> datetime | None:
    with house.services.database.reading() as session:
        return reports.next_moment(session, after=house.clock.now())
