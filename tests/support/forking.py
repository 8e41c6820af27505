"""Processes of the service, forked off one that has imported everything: most of a start is waiting for imports.

What runs is what `nurture` runs, from its first own line on, as a process of its own with its own settings: it may be
stopped, killed and asked for its status like any other. Python starts for real in the acceptance scripts, in
`test_deployment.py`, `test_logs.py` and `test_broken_files.py`, and wherever a test brings a program of its own.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_PRELOAD = ["tests.support.preloaded", "tests.support.forking"]


class Forked:
    """One such process: as much of `subprocess.Popen` as tests use."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        log: Path,
        errors: Path | None = None,
    ) -> None:
        """Start it; what it prints goes to `log`, its standard error too unless `errors` is another file."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(_PRELOAD)
        # A daemon: it ends with the test run, whatever happens to the test.
        self._process = context.Process(target=_become, args=(command, environment, folder, log, errors), daemon=True)
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit status, negative for the signal that ended it; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """The same."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, once there is one. Raises TimeoutExpired after `timeout` seconds."""
        self._process.join(timeout)
        status = self._process.exitcode
        if status is None:
            raise subprocess.TimeoutExpired("nurture", timeout or 0)
        return status

    def send_signal(self, number: int) -> None:
        """Nothing, where it has ended already."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to stop."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


def _become(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path, errors: Path | None
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # as from a terminal, also where these tests run by `nohup`
    _write_to(log, 1, 2)
    if errors is not None:
        _write_to(errors, 2)
    sys.argv = ["nurture", *command]
    from service.cli import main
    from tests.support.compiling import remember_here

    remember_here()
    main()


def _write_to(file: Path, *streams: int) -> None:
    written = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in streams:
        os.dup2(written, stream)
    os.close(written)
