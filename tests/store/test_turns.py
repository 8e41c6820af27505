"""Whose turn it is to write on SQLite: first come, first served, but nobody waits behind work that is not urgent."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from service.store.fair_lock import FairLock
from tests.support.running import wait_for


def written(*line: tuple[str, bool]) -> list[str]:
    """The order in which those in line, each urgent or not, write once whoever holds the lock is done."""
    lock, order = FairLock(), list[str]()

    def write(name: str, *, urgent: bool) -> None:
        with lock.held(urgent=urgent):
            order.append(name)

    threads = []
    with lock.held():
        for number, (name, urgent) in enumerate(line, start=1):
            thread = threading.Thread(target=write, args=(name,), kwargs={"urgent": urgent})
            thread.start()
            threads.append(thread)
            wait_for(partial(in_line, lock, number), f"{name} stands in line")
    for thread in threads:
        thread.join()
    return order


def test_who_is_urgent_writes_before_those_who_are_not_and_within_each_the_first_comes_first() -> None:
    assert written(("a", False), ("b", False), ("c", True), ("d", True)) == ["c", "d", "a", "b"]


def test_a_flood_of_what_is_urgent_keeps_nobody_waiting_for_ever() -> None:
    flood = [(str(number), True) for number in range(10)]
    assert written(("settle", False), ("confirm", False), *flood) == [*"0123", "settle", *"4567", "confirm", "8", "9"]


def test_who_is_passed_by_somebody_urgent_counts_as_waiting_longest() -> None:
    lock, waits = FairLock(), list[float]()

    def write(*, urgent: bool) -> None:
        with lock.held(urgent=urgent):
            waits.append(lock.longest_wait)

    first, passing = (threading.Thread(target=write, kwargs={"urgent": urgent}) for urgent in (False, True))
    with lock.held():
        assert lock.longest_wait == 0
        for number, thread in enumerate((first, passing), start=1):
            thread.start()
            wait_for(partial(in_line, lock, number), "it stands in line")
    first.join()
    passing.join()
    assert waits[0] > 0, "whoever is urgent went first, and the other was behind it"
    assert waits[1] == 0


def test_a_block_that_fails_lets_the_next_one_in() -> None:
    lock = FairLock()
    for _ in range(2):
        with pytest.raises(ValueError, match="no room"), lock.held():
            raise ValueError("no room")
    assert lock.waiting == 0


def test_who_has_no_time_to_wait_takes_it_only_when_nobody_has_it() -> None:
    lock, order = FairLock(), list[str]()

    def write() -> None:
        with lock.held():
            order.append("waited")

    with lock.held():
        assert not lock.take_free()
    assert lock.take_free()
    assert not lock.take_free()
    waits = threading.Thread(target=write)
    waits.start()
    wait_for(partial(in_line, lock, 1), "somebody stands in line")
    order.append("had it")
    lock.release()
    waits.join()
    assert order == ["had it", "waited"]
    assert lock.take_free()


def in_line(lock: FairLock, count: int) -> bool:
    """Do so many wait for their turn?"""
    return lock.waiting == count
