"""What the time of a process goes into: every thread is looked at a few hundred times a second."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

SECONDS = 0.003
SERVICE = str(Path(__file__).resolve().parents[1] / "service") + "/"
WAITING = {"select", "_worker"}  # an idle loop, an idle thread; other waits are worth knowing
DATABASE = {"do_execute", "do_executemany", "do_commit"}


@contextmanager
def sampled(lines: int = 20) -> Iterator[None]:
    """Print at the end where threads were found at work: the shares of all looks, by what the service had called."""
    stop, found = threading.Event(), Counter[str]()
    looks = 0

    def look() -> None:
        nonlocal looks
        while not stop.wait(SECONDS):
            looks += 1
            for number, frame in sys._current_frames().items():  # noqa: SLF001 - documented, for this very purpose
                if number != threading.get_ident() and frame.f_code.co_name not in WAITING:
                    found.update(_names(frame))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
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
