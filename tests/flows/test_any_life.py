"""Whatever leads, staff, providers and time do, in any order: the promises of ACCEPTANCE hold after every step.

A life is a house and a run of acts (`tests/support/lives/`): each act is done to the service, and written into a book
that the test keeps by itself; each mail is held against that book where it arrives, and all rows after each act.
A run of everything plays few lives, always the same; `LIVES=2000 ACTS=60` in the environment plays others.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, run_state_machine_as_test

from service.flows import handover
from service.store import outbox
from tests.support.house import House, open_house
from tests.support.lives.looks import Looks
from tests.support.lives.staff import PLANS
from tests.support.lives.stage import PEOPLE, PLANNED, Opened
from tests.support.lives.terms import BACK, LEG, Plan
from tests.support.postgres import PostgresServer
from tests.support.reused import Shelf

LIVES, ACTS = int(os.environ.get("LIVES", "0")), int(os.environ.get("ACTS", "60"))
FEW = {"sqlite": (4, 40), "postgres": (2, 30)}
"""Lives, and acts of each, where none were asked for."""
BEGINS = [
    datetime(*day, 8, 30, tzinfo=UTC)
    for day in ((2026, 3, 9), (2026, 3, 27), (2026, 4, 24), (2026, 10, 22), (2026, 12, 21), (2028, 2, 25))
]
"""Mondays and Fridays: a plain one; before the clocks change, holidays, the end of the year, a leap day."""


class Life(Looks):
    """All acts together."""

    @initialize(
        begins=st.sampled_from(BEGINS), back=st.one_of(st.just(Plan()), PLANS), limit=st.sampled_from((100, 100, 1))
    )
    def begin(self, begins: datetime, back: Plan, limit: int) -> None:
        """Two people are under way."""
        self.house.clock.moment = begins
        self.house = self.house.with_changes(backlog_limit=limit)
        self.start_anew()
        self.terms.publish(self.house, {BACK: Plan(**vars(back) | {"archived": False}), LEG: Plan()}, (), move=False)
        for who, name in zip(PEOPLE, (BACK, LEG), strict=False):
            self.asks(who, name)
            self.house.tick()
            self.agrees(who, 0)
        self.keep_up()


def play(opened: Opened, engine: str) -> None:
    """As many lives as were asked for."""
    lives, number = (LIVES, ACTS) if LIVES else FEW[engine]
    run_state_machine_as_test(
        cast("Any", lambda: Life(opened)),
        settings=settings(
            max_examples=lives,
            stateful_step_count=number,
            derandomize=not LIVES,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink] if os.environ.get("SHRINK") else [Phase.generate],
        ),
    )


@pytest.fixture
def opened(template_file: Callable[[str], Path], tmp_path: Path) -> Opened:
    @contextmanager
    def opened() -> Iterator[House]:
        folder = _emptied(tmp_path / "life")
        shutil.copyfile(template_file("published"), folder / "nurture.db")
        with open_house(f"sqlite:///{folder / 'nurture.db'}", folder, published=False) as house:
            yield house

    return opened


@pytest.fixture
def alive(opened: Opened) -> Iterator[Life]:
    """A life that has just begun."""
    life = Life(opened)
    life.begin(begins=BEGINS[0], back=Plan(), limit=100)
    life.all_holds()
    yield life
    life.is_well = False
    life.teardown()


def test_every_promise_holds_through_any_life(opened: Opened) -> None:
    play(opened, "sqlite")


@pytest.mark.postgres
def test_so_it_does_on_postgresql(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    server: PostgresServer = request.getfixturevalue("_postgres")
    shelf: Shelf = request.getfixturevalue("_shelf")("published")

    @contextmanager
    def opened() -> Iterator[House]:
        folder = _emptied(tmp_path / "life")
        with shelf.lent() as name, open_house(server.url(name), folder, published=False) as house:
            yield house

    play(opened, "postgres")


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def _forgets_every_no(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service whose hand-over looks at nothing, and whose noes leave the outbox as it is."""
    monkeypatch.setattr(outbox, "cancel_follow_ups", lambda *_, **__: 0)
    monkeypatch.setattr(handover, "_stays", lambda *_: None)


@pytest.mark.parametrize(
    "said_no",
    [
        lambda life, who: life.unsubscribe(after=PLANNED, who=who, which=0, by="one click"),
        lambda life, who: life.mail_comes(after=PLANNED, who=who, which=0, what="stop"),
        lambda life, who: life.agenda(after=PLANNED, who=who, number=1, kind="booked", late=0),
        lambda life, who: life.mail_comes(after=PLANNED, who=who, which=0, what="spam"),
    ],
    ids=["one click", "by mail", "booked", "spam"],
)
def test_it_would_be_seen(alive: Life, monkeypatch: pytest.MonkeyPatch, said_no: Callable[[Life, str], None]) -> None:
    """A mail that leaves from the outbox after a no is a problem at the far side."""
    who = next(iter(PEOPLE))
    _forgets_every_no(monkeypatch)
    said_no(alive, who)
    alive.all_holds()
    alive.house.send_due()
    assert [each for each in alive.far.problems if who in each]
