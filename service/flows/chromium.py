"""A headless Chromium that draws HTML, driven over its DevTools pipe: no port, no script in the page, no network.

The pipe carries JSON messages that end in a zero byte (Chromium's `--remote-debugging-pipe`: it reads from descriptor 3
and writes to 4). Everything has one deadline; at the end the process group is killed and the profile folder is gone.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from service.errors import UnavailableError

# The first, made to draw what nobody watches, takes a third of what the others take.
_PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_SECONDS = 120.0
_TALLEST = 16_000
"""Pixels: what a picture of Chromium holds at most."""
_FLAGS = (
    "--headless",
    "--remote-debugging-pipe",
    "--hide-scrollbars",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


def program() -> str | None:
    """The path of the machine's Chromium or Chrome, or None."""
    return next(filter(None, map(shutil.which, _PROGRAMS)), None)


@contextmanager
def opened(path: str, *, seconds: float = _SECONDS) -> Iterator[Chromium]:
    """A running Chromium that is gone afterwards. UnavailableError when it does not answer in time, here or in use."""
    with tempfile.TemporaryDirectory(prefix="nurture-pictures-", ignore_cleanup_errors=True) as folder:
        ours_in, theirs_out = _pipe()
        theirs_in, ours_out = _pipe()
        arguments = [path, *_FLAGS, f"--user-data-dir={folder}/profile"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")  # Chromium refuses to start as root with it, as in a container
        null = os.open(os.devnull, os.O_RDWR)
        process = os.posix_spawn(
            path,
            [*arguments, "about:blank"],
            {name: value for name, value in os.environ.items() if not name.startswith("NURTURE_")} | {"HOME": folder},
            file_actions=[
                (os.POSIX_SPAWN_DUP2, found, number)
                for number, found in enumerate((null, null, null, theirs_in, theirs_out))
            ],
            setpgroup=0,
        )
        for descriptor in (null, theirs_in, theirs_out):
            os.close(descriptor)
        try:
            yield Chromium(_Pipe(ours_in, ours_out, time.monotonic() + seconds), Path(folder))
        finally:
            os.close(ours_in)
            os.close(ours_out)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process, signal.SIGKILL)
            os.waitpid(process, 0)


class Chromium:
    """One running browser, with one page."""

    def __init__(self, pipe: _Pipe, folder: Path) -> None:
        self._pipe = pipe
        self._file = folder / "page.html"
        target = pipe.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = str(pipe.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        self._ask("Page.enable")
        self._ask("Emulation.setScriptExecutionDisabled", value=True)

    def picture(self, html: str, *, width: int, dark: bool = False) -> bytes:
        """The whole page as a PNG, `width` CSS pixels wide and as tall as it is."""
        self._file.write_text(html, encoding="utf-8")
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._ask("Emulation.setEmulatedMedia", features=[scheme])
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=600, deviceScaleFactor=1, mobile=False)
        self._ask("Page.navigate", url=self._file.as_uri())
        self._pipe.wait_for("Page.loadEventFired")
        tall = min(int(self._ask("Page.getLayoutMetrics")["cssContentSize"]["height"]), _TALLEST)
        clip = {"x": 0, "y": 0, "width": width, "height": tall, "scale": 1}
        shot = self._ask("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        return base64.b64decode(shot["data"])

    def _ask(self, method: str, **parameters: object) -> dict[str, Any]:
        return self._pipe.ask(method, session=self._session, **parameters)


class _Pipe:
    """Questions and answers, in order; events are kept until somebody waits for them."""

    def __init__(self, reads: int, writes: int, deadline: float) -> None:
        self._reads, self._writes, self._deadline = reads, writes, deadline
        self._buffer = b""
        self._number = 0
        self._events: list[str] = []

    def ask(self, method: str, *, session: str = "", **parameters: object) -> dict[str, Any]:
        """The result of one command. UnavailableError when it is refused or late."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        line = json.dumps(message | ({"sessionId": session} if session else {})).encode() + b"\0"
        try:
            os.write(self._writes, line)
        except BrokenPipeError:
            raise _ended() from None
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise _failed(f"it refused {method}", f"het weigerde {method}")
                return dict(answer.get("result", {}))

    def wait_for(self, event: str) -> None:
        """Until this event has come; it counts once."""
        while event not in self._events:
            self._next()
        self._events.remove(event)

    def _next(self) -> Mapping[str, Any]:
        while b"\0" not in self._buffer:
            left = self._deadline - time.monotonic()
            if left <= 0 or not select.select([self._reads], [], [], left)[0]:
                raise _failed("it did not answer in time", "het gaf niet op tijd antwoord")
            read = os.read(self._reads, 1 << 16)
            if not read:
                raise _ended()
            self._buffer += read
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        if "id" not in message:
            self._events.append(str(message.get("method")))
        return message


def _pipe() -> tuple[int, int]:
    """A pipe whose ends are no small numbers: those are taken in the child."""
    ends = os.pipe()
    moved = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends)
    for end in ends:
        os.close(end)
    return moved[0], moved[1]


def _ended() -> UnavailableError:
    return _failed("it ended by itself", "het stopte vanzelf")


def _failed(english: str, dutch: str) -> UnavailableError:
    return UnavailableError(
        f"Chromium could not draw the pictures: {english}", f"Chromium kon de plaatjes niet maken: {dutch}"
    )
