"""The processes of one installation, and the end of one of them at a random moment."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from tests.support.house import House
from tests.support.running import Process, Running, free_port, http, wait_for
from tests.support.waiting import listeners


@dataclass(kw_only=True)
class Fleet:
    """What runs, oldest first. On SQLite one process that serves and sends; on PostgreSQL two and three apart."""

    running: Running
    ports: Sequence[int]
    commands: list[tuple[str, ...]]
    alive: list[tuple[tuple[str, ...], Process]] = field(default_factory=list)
    killed: list[float] = field(default_factory=list)  # when a process that sends was killed, seconds since the epoch

    def start(self) -> None:
        """Start everything, and wait until the website answers."""
        for command in self.commands:
            self.alive.append((command, self.running.launch(*command)))
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Until every website says that it may take traffic; where the worker is inside, it runs too."""
        for port in self.ports:
            self._wait_for(partial(_ready, port), "a website that is ready")

    def wait_until_working(self, house: House) -> None:
        """Until there is somebody to kill who has work in hand: a website that answers, and two of the workers."""
        if house.services.database.is_sqlite:
            self.wait_until_ready()
            return
        self._wait_for(lambda: len(listeners(house)) >= 2, "two workers that listen")
        self._wait_for(lambda: any(_ready(port) for port in self.ports), "a website that is ready")

    def kill_one(self, chance: random.Random) -> None:
        """SIGKILL one of the three oldest, so that those that are only starting are spared, and start it again."""
        self._kill([chance.choice(self.alive[:3])])

    def kill_all(self) -> None:
        """SIGKILL them all at once, and start them again."""
        self._kill(list(self.alive))

    def _kill(self, chosen: Sequence[tuple[tuple[str, ...], Process]]) -> None:
        for command, process in chosen:
            assert process.poll() is None, self._said(command, process)
            if "--no-worker" not in command:
                self.killed.append(time.time())
            process.kill()
        for command, process in chosen:
            process.wait(20)
            self.alive.remove((command, process))
            self.alive.append((command, self.running.launch(*command)))

    def _wait_for(self, look: Callable[[], bool], what: str) -> None:
        try:
            wait_for(look, what, 120)
        except AssertionError as error:
            said = "\n".join(self._said(*each) for each in self.alive)
            raise AssertionError(f"{error}; meanwhile:\n{said}") from None

    def _said(self, command: Sequence[str], process: Process) -> str:
        state = "runs" if process.poll() is None else f"ended by itself with {process.returncode}"
        return f"{' '.join(command)} {state}; at last: {self.running.log_of(process)[-800:]}"

    def end(self) -> list[int]:
        """Ask each to stop, and wait. Returns their exit statuses."""
        for _, process in self.alive:
            process.terminate()
        return [process.wait(60) for _, process in self.alive]


def _ready(port: int) -> bool:
    with contextlib.suppress(OSError):
        return http("GET", f"http://127.0.0.1:{port}/readyz").status == 200
    return False


def fleet(running: Running) -> Fleet:
    """The processes that fit the database."""
    if running.database_url.startswith("sqlite"):
        return Fleet(running=running, ports=[running.port], commands=[("serve", "--port", str(running.port))])
    ports = [running.port, free_port()]
    webs = [("serve", "--no-worker", "--port", str(port)) for port in ports]
    return Fleet(running=running, ports=ports, commands=[*webs, *[("worker",)] * 3])
