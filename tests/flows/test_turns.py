"""Whose turn it is at a connection, and who did not get one."""

from __future__ import annotations

import asyncio

import pytest

from service.flows import turns
from service.flows.off_loop import cancel
from service.flows.turns import Turns
from tests.support.two_ways import eventually


class Passenger:
    """A mail whose server answers when the test says so."""

    def __init__(self) -> None:
        self.began = self.gave_up = False
        self.answer = asyncio.Event()

    async def go(self) -> None:
        """Wait for the answer."""
        self.began = True
        await self.answer.wait()

    def give_up(self) -> None:
        """It was too long."""
        self.gave_up = True


def entered(turns: Turns, count: int, *, urgent: bool) -> list[Passenger]:
    """So many more."""
    new = [Passenger() for _ in range(count)]
    for each in new:
        turns.enter([each], urgent=urgent)
    return new


def test_follow_ups_leave_connections_to_what_is_urgent_and_who_is_urgent_goes_first() -> None:
    async def live() -> None:
        line = Turns(8)
        others = entered(line, 7, urgent=False)
        urgent = entered(line, 3, urgent=True)
        await eventually(lambda: sum(each.began for each in (*others, *urgent)) == 8, lambda: None)
        assert [others[6].began, urgent[2].began] == [False, False], "six of the one and two of the other"
        others[0].answer.set()
        await eventually(lambda: urgent[2].began, lambda: None)
        assert not others[6].began
        others[1].answer.set()
        await eventually(lambda: others[6].began, lambda: None)
        for task in line.tasks:
            task.cancel()

    asyncio.run(live())


def test_nobody_stands_in_line_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_LONGEST_LINE", 0.05)

    async def live() -> None:
        line = Turns(2)
        first, _, third = entered(line, 3, urgent=True)
        await eventually(lambda: third.gave_up, lambda: None)
        assert not first.gave_up, "it is under way"
        (fourth,) = entered(line, 1, urgent=False)
        await eventually(lambda: fourth.gave_up, lambda: None)
        first.answer.set()
        await eventually(lambda: len(line.tasks) == 1, lambda: None)
        assert not third.began
        for task in line.tasks:
            task.cancel()

    asyncio.run(live())


def test_who_stands_in_line_when_all_ends_was_not_handed_over() -> None:
    async def live() -> None:
        line = Turns(1)
        first, second = entered(line, 2, urgent=True)
        await eventually(lambda: first.began, lambda: None)
        line.clear()
        assert (second.began, second.gave_up) == (False, True)
        first.answer.set()
        await eventually(lambda: not line.tasks, lambda: None)
        assert not second.began

    asyncio.run(live())


def test_whose_turn_came_at_the_very_end_and_never_began_was_not_handed_over() -> None:
    async def live() -> None:
        line = Turns(1)
        (only,) = entered(line, 1, urgent=True)
        await cancel([*line.tasks])
        assert (only.began, only.gave_up) == (False, True)

    asyncio.run(live())
