"""How many mails may be in flight, and who is let in first."""

from __future__ import annotations

import asyncio

import pytest

from service.flows.room import Opened, Room
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
        room.give_back(5)
        await eventually(lambda: order, lambda: None)
        assert order == ["advice 5"]
        room.give_back(3)
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
        room.give_back(1)
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
            room.answered(1)
            room.written(1)
        assert await room.take(32, urgent=False) == 24, "a quarter is kept"
        room.give_back(24)
        now[0] += 1
        assert await room.take(32, urgent=False) == 6

    asyncio.run(live())
