"""The service's usual log lines are written, as they cost something, but nobody reads them during a bench."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path

from service import logs


@contextmanager
def logging_to_nowhere() -> Iterator[None]:
    """Log as `nurture serve` does, into the void."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        with redirect_stderr(nowhere):
            logs.configure()
        yield
