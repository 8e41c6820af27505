"""How many mails may be in flight, and who is let in first."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from service.flows import room as room_module
from service.flows.room import Opened, Room
from tests.support.two_ways import eventually


async def answered(room: Room, count: int) -> None:
    """So many mails were there and back; nobody has a place of theirs any more."""
    for _ in range(count):
        assert await room.take(1, urgent=True) == 1
        room.answered(1, urgent=True)
        room.written(1)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the clock of every room says: the one number in it."""
    moment = [100.0]
    monkeypatch.setattr("service.flows.room.time.monotonic", lambda: moment[0])
    return moment


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


def test_where_the_server_is_quick_more_may_stand_in_line_and_where_it_grows_slow_no_more_do(now: list[float]) -> None:
    async def live() -> None:
        room = Room(8, Opened(32), deepest=32)
        await answered(room, 32)
        assert await room.take(32, urgent=False) == 28, "an eighth is kept: they come free within a moment"
        now[0] += 1
        assert await room.take(8, urgent=True) == 2, "a line behind a server that grew slow keeps nobody urgent waiting"
        room.give_back(28, urgent=False)
        room.give_back(2, urgent=True)
        assert await room.take(32, urgent=False) == 6

    asyncio.run(live())


def test_a_way_has_no_more_than_it_may_for_whatever_is_urgent(now: list[float]) -> None:
    async def live() -> None:
        room = Room(8, Opened(32), deepest=24)
        await answered(room, 40)
        assert await room.take(32, urgent=False) == 21
        assert await room.take(32, urgent=True) == 3, "the other way keeps its eight"

    asyncio.run(live())


def test_as_many_may_be_under_way_or_in_line_as_were_answered_in_the_last_quarter_of_a_second(now: list[float]) -> None:
    async def live() -> None:
        room = Room(2, Opened(32), deepest=32)
        assert await room.take(32, urgent=False) == 2
        room.give_back(2, urgent=False)
        await answered(room, 10)
        assert await room.take(32, urgent=False) == 9, "of ten, an eighth is kept"
        assert await room.take(32, urgent=True) == 8, "but for the two connections, no follow-up is in the way"
        room.give_back(8, urgent=True)
        room.give_back(9, urgent=False)
        now[0] += 0.3
        assert await room.take(32, urgent=False) == 2
        room.give_back(2, urgent=False)
        await answered(room, 100)
        assert await room.take(32, urgent=False) == 28, "never more than may be open"

    asyncio.run(live())


@pytest.mark.usefixtures("now")
def test_nobody_stands_in_line_where_no_connection_has_answered_twice_of_late() -> None:
    async def live() -> None:
        room = Room(8, Opened(32), deepest=32)
        await answered(room, 8)
        assert await room.take(32, urgent=False) == 6, "all eight may have begun at once, long ago"

    asyncio.run(live())


@pytest.mark.usefixtures("now")
def test_while_mails_stand_in_line_the_next_begin_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_module, "_GATHER_SECONDS", {True: 60.0, False: 0.0})

    async def live() -> None:
        room = Room(2, Opened(32), deepest=32)
        await answered(room, 10)
        assert await room.take(24, urgent=False) == 9
        waiting = [asyncio.create_task(room.take(24, urgent=False)) for _ in range(2)]
        for _ in range(6):
            await asyncio.sleep(0)
            room.give_back(1, urgent=False)
        await turn_round()
        assert not any(each.done() for each in waiting), "three are left: two under way, and one in line"
        room.give_back(1, urgent=False)
        assert await waiting[0] == 7, "nobody stands in line any more"
        room.give_back(1, urgent=False)
        await turn_round()
        assert not waiting[1].done(), "the other lane gathers anew"
        room.close()
        assert await waiting[1] == 0

    asyncio.run(live())


def test_of_two_who_wait_for_places_one_gathers_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    gathering, most, gather = [0], [0], Room._gather

    async def counted(room: Room, wanted: int) -> None:
        gathering[0] += 1
        most[0] = max(most[0], gathering[0])
        await turn_round()
        await gather(room, wanted)
        gathering[0] -= 1

    monkeypatch.setattr(Room, "_gather", counted)

    async def live() -> None:
        room = Room(8)
        assert sum(await asyncio.gather(*(room.take(3, urgent=False) for _ in range(2)))) == 6

    asyncio.run(live())
    assert most[0] == 1


async def turn_round() -> None:
    """Whoever could go on has gone on."""
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.mark.parametrize("urgent", [True, False])
@pytest.mark.parametrize("reading", range(1, 8))
def test_who_found_a_place_has_it_at_whatever_moment_the_server_is_known_to_be_slow(
    monkeypatch: pytest.MonkeyPatch, reading: int, *, urgent: bool
) -> None:
    readings = itertools.count(-10_000)
    monkeypatch.setattr("service.flows.room.time.monotonic", lambda: 100.0 + 0.3 * (next(readings) >= reading))

    async def live() -> None:
        nonlocal readings
        room = Room(8, Opened(32), deepest=32)
        await answered(room, 32)
        assert await room.take(10, urgent=True) == 10
        assert await room.take(6, urgent=False) == 6
        readings = itertools.count(1)
        taking = asyncio.create_task(room.take(5, urgent=urgent))
        for _ in range(20):
            await asyncio.sleep(0)
        if not taking.done():  # it came too late, and waits
            room.give_back(10, urgent=True)
            room.give_back(6, urgent=False)
        assert await taking > 0, "nobody closed it, so nobody goes without"

    asyncio.run(live())
