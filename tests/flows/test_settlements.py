"""How many answers are written together, and which of them wait for others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest
from sqlmodel import Session

from service.flows import settlements
from service.flows.settlements import Settlements
from service.flows.settling import Answer
from tests.support.transports import accepted
from tests.support.two_ways import eventually

HOUR = 3_600.0


class NoDatabase:
    """What is written is no more than called."""

    async def write(self, work: Callable[[Session | None], list[bool]]) -> list[bool]:
        """At once."""
        return work(None)


class Counted(Settlements):
    """Tells how many it would have written in each transaction, with so many mails in flight."""

    def __init__(self, in_flight: int) -> None:
        super().__init__(cast(Any, None), cast(Any, NoDatabase()), lambda: in_flight)
        self.together: list[int] = []

    def _settle(self, _session: Session, answers: list[Answer]) -> list[bool]:
        self.together.append(len(answers))
        return [False] * len(answers)

    def come(self, count: int, *, urgent: bool = False) -> None:
        """So many are answered."""
        for _ in range(count):
            self.add(Answer(token="any", result=accepted()), lambda _ours, _error: None, urgent=urgent)


@pytest.fixture(autouse=True)
def _only_a_moment_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settlements, "_MOMENT_SECONDS", 0.0)
    monkeypatch.setattr(settlements, "_WHILE_SECONDS", HOUR)


async def moments() -> None:
    """Some have passed."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_answers_that_come_one_by_one_are_written_once_they_are_several() -> None:
    async def live() -> None:
        some = Counted(in_flight=24)
        for _ in range(7):
            some.come(1)
            await moments()
        assert some.together == []
        some.come(1)
        await eventually(lambda: some.together == [8], lambda: None)
        await some.finish()

    asyncio.run(live())


def test_the_last_that_is_in_flight_waits_for_nobody() -> None:
    async def live() -> None:
        some = Counted(in_flight=2)
        some.come(1)
        await moments()
        assert some.together == []
        some.come(1)
        await eventually(lambda: some.together == [2], lambda: None)
        await some.finish()

    asyncio.run(live())


def test_what_is_urgent_waits_a_moment_and_takes_along_who_is_there() -> None:
    async def live() -> None:
        some = Counted(in_flight=24)
        some.come(3)
        await moments()
        some.come(1, urgent=True)
        await eventually(lambda: some.together == [4], lambda: None)
        await some.finish()
        some.come(1)
        await moments()
        assert some.together == [4], "the next one is not urgent"
        some.come(1, urgent=True)
        await some.finish()
        assert some.together == [4, 2]

    asyncio.run(live())


def test_in_a_moment_all_come_where_the_server_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settlements, "_MOMENT_SECONDS", HOUR)

    async def live() -> None:
        some = Counted(in_flight=24)
        some.come(23, urgent=True)
        await moments()
        assert some.together == [], "one is still to come"
        some.come(1)
        await some.finish()
        assert some.together == [24]

    asyncio.run(live())


def test_after_a_while_what_is_there_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settlements, "_WHILE_SECONDS", 0.0)

    async def live() -> None:
        some = Counted(in_flight=24)
        some.come(1)
        await some.finish()
        assert some.together == [1]

    asyncio.run(live())
