"""Whatever goes wrong, in our code or in a library, the log says where and never with what (ACCEPTANCE E6)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.house import ROOT

ADDRESS = "anna.van.den.berg@example.org"
START = """
import asyncio, gc, logging, sys, threading
from service.logs import configure
configure()
address = sys.argv[1]
library = logging.getLogger("some.library")
"""


def lines(program: str) -> list[dict[str, Any]]:
    """What a program of this installation writes, line by line; all of it must be JSON, and tell no address."""
    done = subprocess.run(
        [sys.executable, "-c", START + program, ADDRESS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == ""
    assert "anna" not in done.stderr
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_a_library_is_quoted_without_the_values_it_speaks_of() -> None:
    (line,) = lines('library.warning("Unknown recipient: %r", address)\nlibrary.info("sent to %s", address)')
    assert (line["event"], line["logger"], line["level"]) == ("Unknown recipient: %r", "some.library", "warning")


def test_a_librarys_traceback_is_told_by_class_and_place() -> None:
    (line,) = lines("""
try:
    raise ValueError(address)
except ValueError:
    library.exception("Exception in ASGI application\\n" + address)
""")
    assert (line["event"], line["error"]) == ("Exception in ASGI application", "ValueError at <string>:9")


def test_an_error_that_nobody_caught_is_told_by_class_and_place_wherever_it_was_raised() -> None:
    told = lines("""
def fail():
    raise LookupError(address)
class Ends:
    def __del__(self):
        fail()
thread = threading.Thread(target=fail)
thread.start()
thread.join()
Ends()
async def forgotten():
    task = asyncio.get_running_loop().create_task(later())
    await asyncio.sleep(0)
async def later():
    fail()
asyncio.run(forgotten())
gc.collect()
fail()
""")
    assert [line.get("error", "").partition(" ")[0] for line in told] == ["LookupError"] * 4
    assert {line["event"] for line in told} == {"nobody caught this", "Task exception was never retrieved"}


def test_what_a_library_says_thousands_of_times_a_second_is_told_once_a_second() -> None:
    """As asyncio does where no more files may be opened: a minute of it took thirty megabytes of the disk."""
    told = lines("""
for number in range(5000):
    library.error(f"socket.accept() out of system resource\\n{address} {number}")
library.error("something else")
""")
    assert [line["event"] for line in told].count("something else") == 1
    assert len(told) < 10


def full_disk() -> int:
    """What every write to fails."""
    return os.open("/dev/full", os.O_WRONLY)


def nobody_reads() -> int:
    """A pipe whose other end is closed, as that of a program that has ended."""
    reads, writes = os.pipe()
    os.close(reads)
    return writes


@pytest.mark.parametrize("opened", [full_disk, nobody_reads])
def test_a_line_that_cannot_be_written_keeps_nobody_from_what_it_tells_of(opened: Callable[[], int]) -> None:
    program = """
import structlog
log = structlog.get_logger()
for tell in (log.debug, log.info, log.warning, log.error, log.critical, library.warning):
    tell("attempts settled")
print("done")
"""
    log = opened()
    done = subprocess.run(
        [sys.executable, "-c", START + program, ADDRESS], cwd=ROOT, stdout=subprocess.PIPE, stderr=log, check=False
    )
    os.close(log)
    assert done.stdout == b"done\n"
