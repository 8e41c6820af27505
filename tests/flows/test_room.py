"""How many mails may be in flight, and who is let in first."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from service.flows.room import Opened, Room, Turns
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


def test_follow_ups_leave_connections_to_what_is_urgent_and_nobody_stands_in_line_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.flows.room._LONGEST_LINE", 0.05)

    async def live() -> None:
        turns = Turns(8)
        async with AsyncExitStack() as held:
            got = [await held.enter_async_context(turns.taken(urgent=False)) for _ in range(7)]
            assert got == [True] * 6 + [False]
            got = [await held.enter_async_context(turns.taken(urgent=True)) for _ in range(3)]
            assert got == [True, True, False]
        async with turns.taken(urgent=False) as again:
            assert again

    asyncio.run(live())
