"""How many mails may be in flight, and who is let in first."""

from __future__ import annotations

import asyncio

import pytest

from service.flows import turns
from service.flows.off_loop import cancel
from service.flows.room import Opened, Room
from service.flows.turns import Turns
from tests.support.two_ways import eventually


def test_room_is_never_given_away_twice_and_the_urgent_go_first() -> None:
    async def live() -> None:
        room = Room(8)
        assert await room.take(8, urgent=False) == 6, "a quarter is kept"
        assert await room.take(8, urgent=True) == 2
        order: list[str] = []

        async def ask(name: str, *, urgent: bool) -> None:
            order.append(f"{name} {await room.take(8, urgent=urgent)}")

        waiting = [asyncio.create_task(ask("follow-up", urgent=False)), asyncio.create_task(ask("advice", urgent=True))]
        await asyncio.sleep(0)
        room.give_back(5, urgent=False)
        await eventually(lambda: order, lambda: None)
        assert order == ["advice 5"]
        room.give_back(3, urgent=True)
        await eventually(lambda: len(order) == 2, lambda: None)
        assert order[1] == "follow-up 1", "of three free places, two are kept"
        closed = asyncio.create_task(room.take(1, urgent=False))
        room.close()
        assert await closed == 0
        await asyncio.gather(*waiting)

    asyncio.run(live())


def test_a_transport_that_takes_one_at_a_time_has_room_for_both_kinds() -> None:
    async def live() -> None:
        room = Room(1)
        assert await room.take(8, urgent=False) == 1
        room.give_back(1, urgent=False)
        assert await room.take(8, urgent=True) == 1

    asyncio.run(live())


def test_where_the_server_is_quick_more_may_stand_in_line_and_where_it_grows_slow_no_more_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr("service.flows.room.time.monotonic", lambda: now[0])

    async def live() -> None:
        room = Room(8, Opened(32), deepest=32)
        for _ in range(32):
            assert await room.take(1, urgent=True) == 1
            room.answered(1, urgent=True)
            room.written(1)
        assert await room.take(32, urgent=False) == 24, "a quarter is kept"
        now[0] += 1
        assert await room.take(8, urgent=True) == 2, "a line behind a server that grew slow keeps nobody urgent waiting"
        room.give_back(24, urgent=False)
        room.give_back(2, urgent=True)
        assert await room.take(32, urgent=False) == 6

    asyncio.run(live())


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
        turns.enter(each, urgent=urgent)
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
