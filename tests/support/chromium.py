"""One Chromium for each process of a test run, whichever modules ask for it: to start one takes a second.

Playwright keeps an event loop running in this thread, and other tests start their own. So its loop is in sight only as
long as somebody has the browser; in between it stands still, and the thread is without one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Error, sync_playwright

from service.flows.chromium import program

# Chromium calls home otherwise: for updates, for lists of bad pages, for a better guess of what is typed.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-first-run",
    "--no-pings",
    # Nobody else is reached, whoever a page asks for. To answer for them instead (`route`) costs each request a way
    # through two more programs, and the browser its cache: a third of what all tests of pages took.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


class NoBrowserError(Exception):
    """There is none to be had here; the message says why, in one line."""


class Chromium:
    """The machine's own, or Playwright's where it was brought; started when it is first lent."""

    def __init__(self) -> None:
        self._manager = sync_playwright()
        with _loop_kept_out_of_sight():
            self._playwright = self._manager.__enter__()
            self._loop = asyncio.get_running_loop()
        self._browser: Browser | None = None

    @contextmanager
    def lent(self) -> Iterator[Browser]:
        """The browser, without a page of whoever had it before; another one where that one broke down.

        Raises NoBrowserError where none starts.
        """
        with self._loop_in_sight():
            if self._browser is None or not self._browser.is_connected():
                self._browser = self._started()
            yield self._browser
            for context in self._browser.contexts:
                context.close()

    def end(self) -> None:
        """End it."""
        with self._loop_in_sight():
            if self._browser is not None:
                self._browser.close()
            self._manager.__exit__(None, None, None)

    def _started(self) -> Browser:
        found = program()
        try:
            return self._playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        except Error as error:
            raise NoBrowserError(error.message.splitlines()[0] if found else "no Chromium on PATH") from None

    @contextmanager
    def _loop_in_sight(self) -> Iterator[None]:
        with _loop_kept_out_of_sight():
            asyncio._set_running_loop(self._loop)
            yield


@contextmanager
def _loop_kept_out_of_sight() -> Iterator[None]:
    """Whatever loop begins to run in this thread meanwhile, afterwards it has none in sight."""
    try:
        yield
    finally:
        asyncio._set_running_loop(None)
