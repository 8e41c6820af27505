"""How quick the service is to start and to answer, beside what importing its libraries costs on the same machine.

Run by `make bench`. Wanted: `--help` within 0.5 s; ready within 3 s; under 150 MB; an advice handed over within 1 s
of its opt-in; an unsubscribe answered within 1 s. Exit status 1 where one of them does not hold.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]
NURTURE = [sys.executable, "-m", "service"]
LIBRARIES = "import fastapi, sqlmodel, uvicorn"
TIMES = 5


def main() -> int:
    """Print each figure with its ratio; the number of those that are not as wanted decides the status."""
    yardstick = statistics.median(taken(lambda: run([sys.executable, "-c", LIBRARIES])) for _ in range(TIMES))
    print(f"yardstick: {yardstick:.2f} s for python -c '{LIBRARIES}' (median of {TIMES})\n")
    missed = 0

    def tell(what: str, seconds: float, wanted: float) -> None:
        nonlocal missed
        missed += seconds >= wanted
        verdict = "ok" if seconds < wanted else "MISSED"
        print(f"{what:<38}{seconds:>7.3f} s {seconds / yardstick:>7.2f} x   wanted < {wanted:g} s   {verdict}")

    tell("nurture --help", statistics.median(taken(lambda: run([*NURTURE, "--help"])) for _ in range(TIMES)), 0.5)
    with tempfile.TemporaryDirectory() as folder:
        with serving(Path(folder)) as (_, _, seconds):
            tell("serve, on a new database", seconds, 3)
        with serving(Path(folder)) as (client, process, seconds):
            tell("serve, on a database in use", seconds, 3)
            advices = [taken(partial(opt_in, client, Path(folder), n)) for n in range(TIMES)]
            tell("opt-in to advice handed over, slowest", max(advices), 1)
            presses = [taken(partial(press, client, mail)) for mail in (Path(folder) / "outbox").glob("*.eml")]
            tell("one-click unsubscribe, slowest", max(presses), 1)
            missed += tell_memory(process.pid)
    return 1 if missed else 0


def taken(work: Callable[[], object]) -> float:
    """Seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def run(command: list[str]) -> None:
    """Run to the end, in silence."""
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[tuple[httpx.Client, subprocess.Popen[bytes], float]]:
    """`nurture serve` with its data in this folder, and the seconds until it was ready."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NURTURE_")} | {
        "PYTHONPATH": str(ROOT),
        "NURTURE_DATA_DIR": str(folder / "data"),
        "NURTURE_DATABASE_URL": f"sqlite:///{folder / 'nurture.db'}",
        "NURTURE_MAIL_URL": f"file:{folder / 'outbox'}",
        "NURTURE_MAIL_FROM": "advies@praktijk.example",
        "NURTURE_BASE_URL": base,
    }
    with (folder / "log").open("wb") as log:
        command, began = [*NURTURE, "serve", "--port", str(port)], time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        with httpx.Client(base_url=base, timeout=10) as client:
            while process.poll() is None:
                with contextlib.suppress(httpx.TransportError):
                    if client.get("/readyz").is_success:
                        break
                time.sleep(0.01)
            else:
                raise SystemExit((folder / "log").read_text())
            yield client, process, time.perf_counter() - began
    finally:
        process.terminate()
        process.wait(20)


def opt_in(client: httpx.Client, folder: Path, number: int) -> None:
    """Ask for the advice, and wait until it lies in its mailbox."""
    body = {"email": f"lead{number}@example.org", "topic": "lage-rug", "consent_advice": True}
    client.post("/api/opt-ins", json=body).raise_for_status()
    while len(list((folder / "outbox").glob("*.eml"))) <= number:
        time.sleep(0.002)


def press(client: httpx.Client, mail: Path) -> None:
    """What a mail program posts to the way out in a mail (RFC 8058)."""
    url = mail.read_text().partition("List-Unsubscribe: <")[2].partition(">")[0]
    client.post(url, data={"List-Unsubscribe": "One-Click"}).raise_for_status()


def tell_memory(pid: int) -> bool:
    """Print the resident memory of a process; True where it is too much, False also where it cannot be seen."""
    status = Path(f"/proc/{pid}/status")
    found = re.search(r"^VmRSS:\s+(\d+) kB", status.read_text() if status.exists() else "", re.MULTILINE)
    used = int(found[1]) / 1000 if found else float("nan")
    verdict = "not to be seen here" if not found else "ok" if used < 150 else "MISSED"
    print(f"{'memory of serve, worker inside':<38}{used:>6.0f} MB             wanted < 150 MB {verdict}")
    return used >= 150


if __name__ == "__main__":
    sys.exit(main())
