"""Debian's `smtp-sink`, which counts mails and throws them away: quick enough never to be what is measured."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.arrivals import Arrivals, noting_server
from tests.support.running import free_port

ROOT = Path(__file__).resolve().parents[1]
UNPACKED = ROOT / "build/postfix"
HOW = (
    "no smtp-sink here, so a slower server in Python takes the mails of both. To have it without installing anything: "
    "mkdir -p build && cd build && apt-get download postfix && dpkg -x postfix_*.deb postfix"
)
START_SECONDS = 10
_LONGEST_COUNT = 200  # bytes: it writes `sess=… quit=… mesg=…` and a carriage return after each mail


@dataclass(frozen=True, kw_only=True)
class Sink:
    """A running smtp-sink, and the file that it counts in: whoever read along would take turns with who is measured."""

    port: int
    counted: Path

    @property
    def url(self) -> str:
        """The mail URL of the sink."""
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    def taken(self) -> int:
        """How many mails it has taken since it started."""
        found = re.findall(rb"mesg=(\d+)", self.counted.read_bytes()[-_LONGEST_COUNT:])
        return int(found[-1]) if found else 0


@contextmanager
def any_sink() -> Iterator[Sink | Arrivals]:
    """smtp-sink where there is one, else the bench's own server, and one line that says so."""
    program = find_program()
    if program is None:
        print(HOW, file=sys.stderr)
        with noting_server() as server:
            yield server
    else:
        with smtp_sink(program) as sink:
            yield sink


def find_program(name: str = "smtp-sink") -> Path | None:
    """Where smtp-sink, or its like, is: on PATH, in Debian's place for it, or unpacked under build/."""
    on_path = shutil.which(name)
    places = [Path(on_path)] if on_path else []
    places += [Path("/usr/sbin") / name, UNPACKED / "usr/sbin" / name]
    return next((place for place in places if os.access(place, os.X_OK)), None)


@contextmanager
def smtp_sink(program: Path) -> Iterator[Sink]:
    """A sink on loopback, until the block ends."""
    port = free_port()
    command = [str(program), "-c", f"127.0.0.1:{port}", "128"]
    if os.geteuid() == 0:
        command[1:1] = ["-u", "nobody"]  # it refuses to run as root
    with (
        tempfile.NamedTemporaryFile() as counted,
        subprocess.Popen(command, env=_environment(program), stdout=counted) as process,
    ):
        try:
            _wait_until_listening(port, process)
            yield Sink(port=port, counted=Path(counted.name))
        finally:
            process.terminate()


def from_source(mails: int, size: int, port: int) -> float | None:
    """Seconds that Debian's `smtp-source`, which knows no ledger, takes to send as many; None where there is none.

    Ten sessions, each of which keeps its connection, as the service does.
    """
    program = find_program("smtp-source")
    if program is None:
        return None
    command = [str(program), "-d", "-s", "10", "-m", str(mails), "-l", str(size), f"127.0.0.1:{port}"]
    began = time.perf_counter()
    subprocess.run(command, env=_environment(program), check=True)
    return time.perf_counter() - began


def _environment(program: Path) -> dict[str, str]:
    libraries = {"LD_LIBRARY_PATH": str(UNPACKED / "usr/lib/postfix")} if UNPACKED in program.parents else {}
    return os.environ | libraries


def _wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > ends:
                raise SystemExit("smtp-sink does not start") from None
            time.sleep(0.02)
        else:
            return
