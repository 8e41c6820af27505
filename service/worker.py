"""The background work of one process: four ticks on APScheduler, a sender on an event loop of its own, and a thread
for each mailbox that is read."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from service.errors import UnavailableError, trace
from service.flows import mailboxes, ticks
from service.flows.reaping import Reaper
from service.flows.sending import Sender, open_sender
from service.flows.services import Services
from service.store.db import NOTIFY_CHANNEL

_POLL_SECONDS = 1.0  # behind the bell and NOTIFY: a wake-up that was missed costs a second
_STOP_SECONDS = 10.0
_STOP_READING_SECONDS = 2.0
log = structlog.get_logger()


class Worker:
    """Starts and stops the background work. `alive` is what /readyz asks where the worker runs inside."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._scheduler = BackgroundScheduler(timezone="UTC")
        self._thread = threading.Thread(target=self._run_loop, name="sender", daemon=True)
        self._loop = asyncio.new_event_loop()
        self._stopping = threading.Event()
        self._readers = [mailboxes.Reader(services, box) for box in mailboxes.boxes(services)]
        self._reading = [
            threading.Thread(target=self._read, args=[reader], name="mailbox", daemon=True) for reader in self._readers
        ]
        self._unlisten: Callable[[], None] = lambda: None
        self._sender: Sender | None = None

    def start(self) -> None:
        """Begin; returns at once."""
        self._unlisten = self._services.bell.listen(self._ring)
        self._thread.start()
        for tick, seconds in (
            (self._plan, ticks.PLAN_SECONDS),
            (Reaper().reap, ticks.REAP_SECONDS),
            (ticks.housekeeping, ticks.HOUSEKEEPING_SECONDS),
        ):
            self._scheduler.add_job(
                _guarded, "interval", [tick, self._services], seconds=seconds, max_instances=1, coalesce=True
            )
        # The send tick only rings: the sender's own loop does the work, and keeps its connections.
        self._scheduler.add_job(self._ring, "interval", seconds=_POLL_SECONDS, max_instances=1, coalesce=True)
        self._scheduler.start()
        for thread in self._reading:  # a slow mail server holds up nobody else
            thread.start()
        if not self._services.database.is_sqlite:
            threading.Thread(target=self._listen, name="listener", daemon=True).start()

    def _plan(self, services: Services) -> int:
        return ticks.plan(services, go_on=lambda: not self._stopping.is_set())

    @property
    def alive(self) -> bool:
        """Are ticks and sender running?"""
        return bool(self._scheduler.running) and self._thread.is_alive()

    def begin_stop(self) -> None:
        """Begin nothing new; returns at once. Safe in a signal handler."""
        self._stopping.set()
        for reader in self._readers:
            reader.stop()
        self._call(lambda sender: sender.stop())

    def stop(self) -> None:
        """Finish what is in flight (within 10 s of `begin_stop`)."""
        self.begin_stop()
        self._unlisten()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
        self._thread.join(_STOP_SECONDS)
        for thread in self._reading:
            if thread.is_alive():  # no longer than this: what it waits for by now may be a name server
                thread.join(_STOP_READING_SECONDS)

    def _read(self, reader: mailboxes.Reader) -> None:
        more = True  # the first look is at once
        try:
            while not self._stopping.wait(0 if more else mailboxes.SECONDS):
                more = bool(_guarded(lambda _: reader.read(), self._services, name="mailbox"))
        finally:
            reader.close()

    def _ring(self) -> None:
        self._call(lambda sender: sender.ring())

    def _call(self, what: Callable[[Sender], None]) -> None:
        """Do something with the sender, in its own loop."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: this worker has stopped
            self._loop.call_soon_threadsafe(lambda: what(self._sender) if self._sender else None)

    def _run_loop(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._send_until_stopped())
        finally:
            self._loop.close()

    async def _send_until_stopped(self) -> None:
        async with open_sender(self._services) as sender:
            self._sender = sender
            if self._stopping.is_set():
                sender.stop()
            await sender.run()

    def _listen(self) -> None:
        """PostgreSQL tells when an advice became due; on a connection of its own, opened again when lost."""
        import psycopg  # noqa: PLC0415 - slow to import, and SQLite needs none of it

        url = self._services.database.url.set(drivername="postgresql").render_as_string(hide_password=False)
        while not self._stopping.is_set():
            try:
                with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
                    connection.execute(f"LISTEN {NOTIFY_CHANNEL}")
                    while not self._stopping.is_set():
                        for _ in connection.notifies(timeout=1.0, stop_after=1):
                            self._ring()
            except psycopg.OperationalError as error:
                log.warning("listening waits for the database", error=type(error).__name__)
                self._stopping.wait(1.0)


def _guarded(tick: Callable[[Services], object], services: Services, name: str = "") -> object:
    """A tick that fails says so and comes again: what it did not do is still due. Returns what it returns."""
    name = name or tick.__name__.strip("_")
    try:
        return tick(services)
    except UnavailableError as error:
        log.warning("tick waits for the database", tick=name, reason=error.english)
    except Exception as error:
        log.error("tick failed", tick=name, error=trace(error))
    return None
