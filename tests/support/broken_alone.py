"""`python -m tests.support.broken_alone`: what reading each broken file by itself takes, as JSON.

What is read is a folder with the shipped content and one broken file in it, up to its mail compiled and tried out, as
the process does that mails are compiled in (`service/mail/compile_child.py`); here each file has a process of its own.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from service.flows.content import read_content
from service.mail.compile import compile_mail
from service.mail.try_out import try_out
from tests.support.broken import ALONE, FILES, expected, place, put
from tests.support.folders import content_copy
from tests.support.measured import within

SECONDS = 3
"""ACCEPTANCE M5."""


def look(content: Path, name: str) -> None:
    """Read and compile one broken file. AssertionError where it is told of nothing that is expected."""
    found = read_content(content)
    problems = list(found.problems)
    if name.endswith(".md"):
        mail, more = compile_mail(name.removesuffix(".md"), found.templates)
        problems += [*more, *(try_out(mail) if mail else [])]
    lines = set(expected("en").read_text(encoding="utf-8").splitlines())
    if any(line.startswith(place(name)) for line in lines):
        assert any(str(each) in lines for each in problems), name


def waste_time(content: Path) -> None:
    """Never ends: what the limit on time is tried with."""
    while content:
        pass


def waste_memory(content: Path) -> None:
    """More than there may be: what the measure of memory is tried with."""
    assert b"x" * 320_000_000
    assert content


def main() -> None:
    """Measure every file, and the two that must fail."""
    with tempfile.TemporaryDirectory() as folder:
        content = content_copy(Path(folder))
        works: dict[str, tuple[Callable[[], None], int]] = {
            "waste_time": (partial(waste_time, content), 1),
            "waste_memory": (partial(waste_memory, content), SECONDS),
        }
        took = {name: within(work, seconds=seconds) for name, (work, seconds) in works.items()}
        for name in FILES:
            before = (content / name).read_bytes() if name in ALONE else None
            put(content, name)
            took[name] = within(partial(look, content, name), seconds=SECONDS)
            if before is None:
                (content / place(name)).unlink()
            else:
                (content / name).write_bytes(before)
    json.dump({name: dataclasses.asdict(each) for name, each in took.items()}, sys.stdout)


if __name__ == "__main__":
    main()
