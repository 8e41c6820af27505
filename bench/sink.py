"""Debian's `smtp-sink`, which counts mails and throws them away: quick enough never to be what is measured."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
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


@dataclass(kw_only=True)
class Sink:
    """A running smtp-sink."""

    port: int
    mails: int = 0

    @property
    def url(self) -> str:
        """The mail URL of the sink."""
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    def taken(self) -> int:
        """How many mails it has taken since it started."""
        return self.mails


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


def find_program() -> Path | None:
    """Where smtp-sink is: on PATH, in Debian's place for it, or unpacked under build/."""
    on_path = shutil.which("smtp-sink")
    places = [Path(on_path)] if on_path else []
    places += [Path("/usr/sbin/smtp-sink"), UNPACKED / "usr/sbin/smtp-sink"]
    return next((place for place in places if os.access(place, os.X_OK)), None)


@contextmanager
def smtp_sink(program: Path) -> Iterator[Sink]:
    """A sink on loopback, until the block ends."""
    sink = Sink(port=free_port())
    command = [str(program), "-c", f"127.0.0.1:{sink.port}", "128"]
    if os.geteuid() == 0:
        command[1:1] = ["-u", "nobody"]  # it refuses to run as root
    libraries = {"LD_LIBRARY_PATH": str(UNPACKED / "usr/lib/postfix")} if UNPACKED in program.parents else {}
    with subprocess.Popen(command, env=os.environ | libraries, stdout=subprocess.PIPE) as process:
        reader = threading.Thread(target=_count, args=(process, sink), daemon=True)
        reader.start()
        try:
            _wait_until_listening(sink.port, process)
            yield sink
        finally:
            process.terminate()
            reader.join(10)


def _count(process: subprocess.Popen[bytes], sink: Sink) -> None:
    """It writes `sess=… quit=… mesg=…` and a carriage return after each mail."""
    assert process.stdout is not None
    rest = b""
    while data := os.read(process.stdout.fileno(), 65_536):
        *whole, rest = (rest + data).split(b"\r")
        for found in re.finditer(rb"mesg=(\d+)", b" ".join(whole)):
            sink.mails = int(found[1])


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
