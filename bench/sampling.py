"""What a sender's time goes into: its statements are counted, its threads looked at a few hundred times a second."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from sqlalchemy import Engine, event

SECONDS = 0.003
SERVICE = str(Path(__file__).resolve().parents[1] / "service") + "/"
WAITING = {"select", "_worker"}  # an idle loop, an idle thread; other waits are worth knowing
DATABASE = {"do_execute", "do_executemany", "do_commit"}


@contextmanager
def sampled(engine: Engine, mails: int, lines: int = 20) -> Iterator[None]:
    """Print at the end what each mail asked of the database, and where threads were found: shares of all looks.

    The shares are of wall time, summed over the threads, and a function has its callees' with its own. How often the
    database was asked does not depend on what else the machine was doing.
    """
    stop, found, asked = threading.Event(), Counter[str](), Counter[str]()
    looks = 0

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked["transactions" if statement.startswith("BEGIN") else "statements"] += 1

    def look() -> None:
        nonlocal looks
        while not stop.wait(SECONDS):
            looks += 1
            for number, frame in sys._current_frames().items():  # noqa: SLF001 - documented, for this very purpose
                if number != threading.get_ident() and frame.f_code.co_name not in WAITING:
                    found.update(_names(frame))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        stop.set()
        thread.join()
        event.remove(engine, "before_cursor_execute", note)
        for what, often in asked.items():
            print(f"{often / mails:5.1f} {what} a mail", file=sys.stderr)
        for name, count in found.most_common(lines):
            print(f"{100 * count / max(looks, 1):5.1f} %  {name}", file=sys.stderr)


def _names(frame: FrameType | None) -> set[str]:
    """The functions of the service on this stack, once each; what the database was asked counts by itself."""
    names: set[str] = set()
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith(SERVICE):
            names.add(f"{code.co_filename.removeprefix(SERVICE)} {code.co_qualname}")
        elif code.co_name in DATABASE:
            names.add(f"(the database: {code.co_name})")
        frame = frame.f_back
    return names
