"""The service as processes of its own, driven from outside: by HTTP, by the CLI, and by the mails it writes."""

from __future__ import annotations

import contextlib
import email
import email.policy
import email.utils
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage, Message
from pathlib import Path
from typing import Any, TypeVar

from tests.support.forking import Forked

ROOT = Path(__file__).resolve().parents[2]
Process = subprocess.Popen[bytes] | Forked
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back over HTTP; redirects are not followed."""

    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        """A redirect is an answer to look at."""


_opener = urllib.request.build_opener(_Stay)


def http(
    method: str,
    url: str,
    *,
    data: object = None,
    form: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """One request; `data` goes as JSON, `form` urlencoded."""
    body, sent = None, dict(headers or {})
    if data is not None:
        body = json.dumps(data).encode()
        sent.setdefault("Content-Type", "application/json")
    elif form is not None:
        body = urllib.parse.urlencode(form).encode()
        sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
    try:
        with _opener.open(urllib.request.Request(url, data=body, method=method, headers=sent), timeout=60) as got:
            return Answer(status=got.status, headers=got.headers, body=got.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(status=error.code, headers=error.headers, body=error.read())


def wait_for(look: Callable[[], _T], what: str, seconds: float = 60) -> _T:
    """The first thing found that is not empty; AssertionError when there is none in time."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        with contextlib.suppress(OSError):
            if found := look():
                return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


@dataclass(kw_only=True)
class Running:
    """One installation in a folder of its own, with as many processes as a test starts."""

    folder: Path
    database_url: str
    port: int
    env: dict[str, str] = field(default_factory=dict)
    processes: list[Process] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where the web process listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def outbox(self) -> Path:
        """Where the file transport writes."""
        return self.folder / "outbox"

    def environment(self) -> dict[str, str]:
        """The settings of every process of this installation."""
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("NURTURE_")},
            "NURTURE_DEMO": "1",
            "NURTURE_DATA_DIR": str(self.folder / "data"),
            "NURTURE_DATABASE_URL": self.database_url,
            "NURTURE_MAIL_URL": f"file:{self.outbox}",
            "NURTURE_MAIL_FROM": "Solid Performance <advies@praktijk.example>",
            "NURTURE_BASE_URL": self.url,
            "NURTURE_CONTENT_DIR": str(ROOT),
            **self.env,
        }

    def start(self, *command: str) -> Process:
        """Start one process, `serve` on our port unless told otherwise, and wait until it may be used."""
        command = command or ("serve", "--port", str(self.port))
        process = self.launch(*command)
        if command[0] == "serve":
            wait_for(lambda: http("GET", f"{self.url}/readyz").status == 200, f"ready; log:\n{self.logs()}")
        return process

    def launch(self, *command: str, program: str = "", **env: str) -> Process:
        """Start one process and wait for nothing. `program` is what Python runs instead, `env` what is set besides."""
        log = self.folder / f"{len(self.processes)}.log"
        environment = {**self.environment(), "PYTHONPATH": str(ROOT), **env}
        process: Process
        if program:
            with log.open("wb") as written:
                process = subprocess.Popen(
                    [sys.executable, "-c", program, *command],
                    cwd=self.folder,
                    env=environment,
                    stdout=written,
                    stderr=written,
                )
        else:
            process = Forked(command, environment=environment, folder=self.folder, log=log)
        self.processes.append(process)
        return process

    def cli(self, *command: str) -> subprocess.CompletedProcess[str]:
        """One command, to its end. Raises TimeoutExpired, the command being killed, when that takes a minute."""
        environment = {**self.environment(), "PYTHONPATH": str(ROOT)}
        with tempfile.TemporaryDirectory() as folder:  # what it prints is not for the folder that tests search
            out, err = Path(folder, "out"), Path(folder, "err")
            process = Forked(command, environment=environment, folder=self.folder, log=out, errors=err)
            try:
                status = process.wait(60)
            finally:
                process.kill()
            return subprocess.CompletedProcess(command, status, out.read_text("utf-8"), err.read_text("utf-8"))

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End every process that was started."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(number)
                process.wait(20)

    def log_of(self, process: Process) -> str:
        """All that one process wrote."""
        return (self.folder / f"{self.processes.index(process)}.log").read_text(errors="replace")

    def logs(self) -> str:
        """All that the processes wrote."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def opt_in(self, address: str, **fields: object) -> Answer:
        """The website's form, both boxes ticked."""
        given: dict[str, object] = {"topic": "lage-rug", "consent_advice": True, "consent_follow_up": True}
        return http("POST", f"{self.url}/api/opt-ins", data={"email": address} | given | fields)

    def clock(self, **wish: str) -> dict[str, Any]:
        """Move the demo's clock."""
        answer = http("POST", f"{self.url}/demo/clock", data=wish)
        assert answer.status == 200, answer.text
        moved: dict[str, Any] = answer.json()
        return moved

    def mails(self, to: str) -> list[EmailMessage]:
        """What arrived for one address, oldest first."""
        paths = sorted(self.outbox.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        mails = [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in paths]
        return [mail for mail in mails if email.utils.parseaddr(str(mail["to"]))[1] == to]

    def first_mail(self, to: str) -> EmailMessage:
        """The advice, as soon as it is there."""
        return wait_for(lambda: self.mails(to), f"the advice for {to}; log:\n{self.logs()}")[0]


def text_of(mail: EmailMessage) -> str:
    """The text part."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def link_in(mail: EmailMessage, purpose: str) -> str:
    """The mail's own link of one purpose, from its text part."""
    found = re.search(rf"^https?://\S+/{purpose}/[A-Za-z0-9_-]+", text_of(mail), re.MULTILINE)
    assert found, f"no /{purpose}/ link in {mail['subject']}"
    return found[0]


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def installation(folder: Path, database_url: str, **env: str) -> Iterator[Running]:
    """An installation whose processes end with the block."""
    running = Running(folder=folder, database_url=database_url, port=free_port(), env=env)
    try:
        yield running
    finally:
        running.stop()
