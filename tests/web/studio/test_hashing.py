"""Passwords are compared two at once, and the line of those who wait has an end."""

from __future__ import annotations

import asyncio
import threading

import pytest

from service.errors import TooManyError
from service.web.studio.hashing import Hashing


def test_two_are_compared_at_once_and_whoever_finds_the_line_too_long_is_told_to_come_back() -> None:
    go_on, busy, most = threading.Event(), threading.Lock(), [0, 0]

    def work() -> None:
        with busy:
            most[0] += 1
            most[1] = max(most)
        go_on.wait(20)
        with busy:
            most[0] -= 1

    async def many() -> list[object]:
        line = Hashing()
        tasks = [asyncio.create_task(line.run(work)) for _ in range(40)]
        while not any(task.done() for task in tasks):  # those who found no room
            await asyncio.sleep(0.01)
        go_on.set()
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    found = asyncio.run(many())
    assert most[1] == 2
    assert [type(each) for each in found].count(TooManyError) == 8
    assert found[:32] == [None] * 32


def test_after_a_fault_there_is_room_again() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    async def often() -> None:
        line = Hashing()
        for _ in range(50):
            with pytest.raises(ZeroDivisionError):
                await line.run(fail)
        assert await line.run(lambda: 7) == 7

    asyncio.run(often())
