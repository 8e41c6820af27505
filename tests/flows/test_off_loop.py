"""Where a sender's transactions are done: at once where nobody has to wait, else where waiting holds nothing up."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest
from sqlmodel import Session

from service.flows.off_loop import OffLoop, all_ended
from service.store import events
from tests.support.house import House

ON_SQLITE = pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)


def noted(session: Session, word: str) -> int:
    """Writes, and tells on which thread."""
    events.set_fact(session, word, {})
    return threading.get_ident()


def test_what_waits_for_nobody_is_done_at_once_and_what_waits_for_a_server_is_not(house: House) -> None:
    async def live() -> set[int]:
        off_loop = OffLoop(house.services.database)
        return {await off_loop.write(lambda session: noted(session, "word"), urgent=urgent) for urgent in (True, False)}

    threads = asyncio.run(live())
    if house.services.database.is_sqlite:
        assert threads == {threading.get_ident()}
    else:
        assert threading.get_ident() not in threads
    assert facts(house, "word") == {"word"}


class Watched(set["asyncio.Task[None]"]):
    """A set that is not looked at for ever."""

    looks = 0

    def __len__(self) -> int:
        self.looks += 1
        assert self.looks < 10, "nobody let the task leave"
        return super().__len__()


def test_a_task_that_has_ended_and_not_left_its_set_yet_is_waited_for() -> None:
    """From Python 3.12 on a loop of `gather` never ends there."""

    async def live() -> None:
        task = asyncio.create_task(asyncio.sleep(0))
        await asyncio.wait({task})
        tasks = Watched({task})
        task.add_done_callback(tasks.discard)  # soon
        await all_ended(tasks)
        assert not tasks

    asyncio.run(live())


@ON_SQLITE
@pytest.mark.parametrize("urgent", [True, False])
def test_while_another_writes_the_loop_goes_on(house: House, urgent: bool) -> None:
    async def live() -> int:
        with house.services.database.transaction() as session:
            noted(session, "first")
            off_loop = OffLoop(house.services.database)
            waits = asyncio.create_task(off_loop.write(lambda session: noted(session, "second"), urgent=urgent))
            for _ in range(20):
                await asyncio.sleep(0.005)
            assert not waits.done()
        return await waits

    assert asyncio.run(live()) != threading.get_ident()
    assert facts(house, "first", "second") == {"first", "second"}


_HOLDS = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
database.execute("COMMIT")
"""


@ON_SQLITE
def test_while_another_process_writes_the_loop_goes_on(house: House) -> None:
    async def live() -> int:
        off_loop = OffLoop(house.services.database)
        waits = [asyncio.create_task(off_loop.write(lambda session: noted(session, "word"))) for _ in range(3)]
        longest, loop = 0.0, asyncio.get_running_loop()
        for _ in range(20):
            since = loop.time()
            await asyncio.sleep(0.01)
            longest = max(longest, loop.time() - since)
        assert longest < 1.0, "it is SQLite's own patience that takes five"
        assert not any(each.done() for each in waits)
        assert other.stdin is not None
        other.stdin.write("\n")
        other.stdin.close()
        await asyncio.gather(*waits)
        return await off_loop.write(lambda session: noted(session, "alone"))

    file = house.services.database.url.database
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDS, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert asyncio.run(live()) == threading.get_ident()
    assert facts(house, "word", "alone") == {"word", "alone"}


@ON_SQLITE
def test_one_that_fails_has_written_nothing_and_lets_the_next_one_in(house: House) -> None:
    def fail(session: Session) -> None:
        noted(session, "half")
        raise ValueError("no")

    async def live() -> None:
        off_loop = OffLoop(house.services.database)
        for _ in range(2):
            with pytest.raises(ValueError, match="no"):
                await off_loop.write(fail)
        await off_loop.write(lambda session: noted(session, "whole"))

    asyncio.run(live())
    assert facts(house, "half", "whole") == {"whole"}


@ON_SQLITE
def test_others_have_their_turn_between_two_of_them(house: House) -> None:
    turns = list[str]()

    async def other() -> None:
        for _ in range(3):
            turns.append("other")
            await asyncio.sleep(0)

    async def live() -> None:
        off_loop = OffLoop(house.services.database)
        task = asyncio.create_task(other())
        for _ in range(3):
            await off_loop.write(lambda session: turns.append(str(noted(session, "word"))))
        await task

    asyncio.run(live())
    own = str(threading.get_ident())
    assert turns == ["other", own] * 3


def facts(house: House, *words: str) -> set[str]:
    """Those of these that were written."""
    with house.services.database.reading() as session:
        return set(events.facts(session, words))
