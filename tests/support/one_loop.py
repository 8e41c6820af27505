"""One event loop for every request of a test run, as a process of the service has one for all of its own.

A client of Starlette's that is not told otherwise starts a thread, a loop in it and the threads behind that for each
request, and ends them all: a third of what a request costs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from anyio.from_thread import start_blocking_portal
from starlette.testclient import TestClient


@contextmanager
def one_loop() -> Iterator[None]:
    """Whoever asks a website within the process meanwhile does so by this loop."""
    with start_blocking_portal("asyncio") as portal, pytest.MonkeyPatch.context() as patch:
        patch.setattr(TestClient, "portal", portal)
        yield
