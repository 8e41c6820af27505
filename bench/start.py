"""How fast the service starts and answers: figures of this machine now, beside a bare FastAPI import in the same run.

Run by `make bench`. Loopback alone, files in a temporary folder, one process at a time.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from statistics import median

import httpx

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 3
BARE = "import fastapi, sqlmodel, uvicorn"


def main() -> None:
    """Print each figure, its goal, and its ratio to the bare import where that says something."""
    bare = _median(lambda: _seconds([sys.executable, "-c", BARE]))
    helped = _median(lambda: _seconds([sys.executable, "-m", "service", "--help"]))
    print(f"python -c '{BARE}'      {bare:.2f} s")
    print(f"nurture --help          {helped:.2f} s   goal 0.5 s   {helped / bare:.1f} x the bare import")
    with tempfile.TemporaryDirectory() as folder:
        first = _serve(Path(folder))
        again = [_serve(Path(folder)) for _ in range(ROUNDS)]
    print(f"serve, empty database   {first[0]:.2f} s   ready; schema made and content published")
    ready, memory, advice, unsubscribe = (median(values) for values in zip(*again, strict=True))
    print(f"serve, ready            {ready:.2f} s   goal 3 s     {ready / bare:.1f} x the bare import")
    print(f"memory at rest          {memory:.0f} MB   goal 150 MB")
    print(f"opt-in to hand-over     {advice:.2f} s   goal 1 s")
    print(f"one-click unsubscribe   {unsubscribe:.2f} s   goal 1 s")


def _median(work: Callable[[], float]) -> float:
    return median(work() for _ in range(ROUNDS))


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - began


def _serve(folder: Path) -> tuple[float, float, float, float]:
    """Seconds until ready, resident MB then, seconds from an opt-in to its mail in the outbox, and for its /u/ post."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url, outbox = f"http://127.0.0.1:{port}", folder / "outbox"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NURTURE_")} | {
        "NURTURE_DATA_DIR": str(folder),
        "NURTURE_MAIL_URL": f"file:{outbox}",
        "NURTURE_BASE_URL": url,
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "service", "serve", "--port", str(port)]
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL)
    try:
        _until(lambda: httpx.get(f"{url}/readyz").status_code == 200)
        ready = time.perf_counter() - began
        status = Path(f"/proc/{process.pid}/status").read_text()
        memory = int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1]) / 1024
        before = len(list(outbox.glob("*.eml")))
        asked = time.perf_counter()
        body = {"email": f"bench{time.time_ns()}@example.org", "topic": "lage-rug", "consent_advice": True}
        httpx.post(f"{url}/api/opt-ins", json=body).raise_for_status()
        _until(lambda: len(list(outbox.glob("*.eml"))) > before)
        advice = time.perf_counter() - asked
        mail = max(outbox.glob("*.eml")).read_text()
        way_out = mail.partition("\nList-Unsubscribe: <")[2].partition(">")[0]
        pressed = time.perf_counter()
        httpx.post(way_out, data={"List-Unsubscribe": "One-Click"}).raise_for_status()
        return ready, memory, advice, time.perf_counter() - pressed
    finally:
        process.terminate()
        process.wait(20)


def _until(found: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        with suppress(httpx.HTTPError):
            if found():
                return
        time.sleep(0.005)
    raise SystemExit("nothing within 60 s")


if __name__ == "__main__":
    main()
