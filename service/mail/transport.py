"""What a transport is: a mail goes in as bytes, and what became of it comes out. The file transport lives here too."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import secrets
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Literal, Protocol

from service.errors import ProblemsError
from service.mail.mail_url import MailUrl, check_mail_url, parse_mail_url

__all__ = [
    "FileTransport",
    "OutboundMail",
    "Outcome",
    "Scope",
    "SendResult",
    "Transport",
    "check_mail_url",
    "open_transport",
    "redact",
]

Scope = Literal["recipient", "domain", "channel"]

_WORD = r"[^\s<>()\[\]:;,\"'@=]+"
# With the @ also as it stands in links (%40) and in return paths that hold an address (=).
_ADDRESS = re.compile(rf"""(?:"[^"]*"|{_WORD})(?:@{_WORD}|(?:%40|=){_WORD}\.{_WORD})""")
_NOT_IN_AN_ADDRESS = re.compile(r"[^\x21-\x7e]|[<>]")
_LONGEST_TEXT = 200
_MOST_LOOKED_AT = 2000  # the search takes quadratic time, and a server may answer with kilobytes


class Outcome(StrEnum):
    """What became of a hand-over.

    ACCEPTED: the other side took it. RETRY: not taken, may be later. INVALID: never will be, this mail to this
    recipient. SUPPRESSED: the provider itself blocks the address. UNKNOWN: it may or may not have been taken.
    DOWN: our side of the channel (login, TLS, network, disk) is at fault; nothing was handed over.
    """

    ACCEPTED = "accepted"
    RETRY = "retry"
    INVALID = "invalid"
    SUPPRESSED = "suppressed"
    UNKNOWN = "unknown"
    DOWN = "down"


@dataclass(frozen=True, kw_only=True)
class OutboundMail:
    """One mail for one recipient, as the exact bytes to hand over.

    `sender` is the envelope's return path ("" is the null path, RFC 5321 section 4.5.5), `data` the whole message
    with CRLF line ends. Raises ValueError for what could smuggle a command or a second mail: blanks, controls or
    angle brackets in an address, bare CR or LF in the message (RFC 5321 section 2.3.8).
    """

    sender: str
    recipient: str
    data: bytes
    message_id: str
    idempotency_key: str

    def __post_init__(self) -> None:
        if _NOT_IN_AN_ADDRESS.search(self.sender) or _NOT_IN_AN_ADDRESS.search(self.recipient) or not self.recipient:
            raise ValueError("an envelope address holds characters that cannot go into an SMTP command")
        if not self.data.count(b"\r\n") == self.data.count(b"\r") == self.data.count(b"\n"):
            raise ValueError("the message holds a bare CR or LF")
        if not self.data.endswith(b"\r\n"):
            raise ValueError("the message does not end with CRLF")


@dataclass(frozen=True, kw_only=True)
class SendResult:
    """The outcome of one hand-over and what the other side said.

    `stage` is where it ended (`connect`, `mail`, `rcpt`, `dot`, `write`, ...), `code` the SMTP or HTTP status,
    `enhanced` the RFC 3463 code. `hard` says that the recipient's mailbox does not exist; never set for policy,
    full mailboxes or faults of ours. `scope` says whom a refusal is about. `text` never holds an address.
    """

    outcome: Outcome
    stage: str
    code: int | None = None
    enhanced: str | None = None
    text: str = ""
    provider_id: str | None = None
    hard: bool = False
    scope: Scope = "recipient"

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", redact(self.text)[:_LONGEST_TEXT])


class Transport(Protocol):
    """Hands mails over; bound to the event loop of its first `send`."""

    @property
    def name(self) -> str:
        """A word for logs and metrics: `file`, `smtp`."""

    @property
    def capacity(self) -> int:
        """How many sends at a time make sense; more than that only wait for each other."""

    @property
    def remembers(self) -> timedelta | None:
        """How long the other side recognises an idempotency key it was given; None: it knows none."""

    async def send(self, mail: OutboundMail) -> SendResult:
        """Hand over one mail. Returns what became of it, whatever that is; raises only CancelledError."""

    async def check(self) -> SendResult | None:
        """None when a mail could be handed over now, else what is in the way. Sends nothing; never raises."""

    async def close(self) -> None:
        """Say goodbye and let go of all connections; never raises."""


def redact(text: str) -> str:
    """The text on one line, without controls, and with `<address>` for all that looks like an address."""
    plain = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    if len(plain) > _MOST_LOOKED_AT:
        plain = plain[:_MOST_LOOKED_AT].rpartition(" ")[0]  # half an address would not be seen as one
    return _ADDRESS.sub("<address>", plain).replace("<<address>>", "<address>")


def open_transport(url: str) -> Transport:
    """The transport for a mail URL; nothing is connected yet. Raises ProblemsError for a URL that cannot work."""
    parsed, problems = parse_mail_url(url)
    if not isinstance(parsed, MailUrl):
        raise ProblemsError(problems)
    if parsed.directory is not None:
        return FileTransport(parsed.directory)
    # Not at the top: smtp.py stands on the values of this file, and aiosmtplib is loaded only by who needs it.
    from service.mail.smtp import SmtpTransport  # noqa: PLC0415

    return SmtpTransport(parsed)


class FileTransport:
    """Stands for the leads' mailboxes: each hand-over becomes one `.eml` of the exact bytes, whole or not at all.

    Names and modification times both sort in the order of arrival. A repeat is a file of its own, as it would be
    a second mail in a mailbox.
    """

    name = "file"
    remembers: timedelta | None = None
    capacity = 1  # one after the other, or the order of arrival would be up to the disk

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._turn = asyncio.Lock()
        self._last = 0

    async def send(self, mail: OutboundMail) -> SendResult:
        """ACCEPTED once the file is on the disk; DOWN when it cannot be written (disk full, no permission)."""
        async with self._turn:
            self._last = max(time.time_ns(), self._last + 1)
            name = f"{self._last:020d}-{secrets.token_hex(4)}.eml"
            try:
                await asyncio.to_thread(_write_whole, self._directory, name, mail.data, self._last)
            except OSError as error:
                return _cannot_write(error)
        return SendResult(outcome=Outcome.ACCEPTED, stage="write", text="written", provider_id=name)

    async def check(self) -> SendResult | None:
        """DOWN when the directory cannot be made or written to; what is written for it is gone again at once."""
        try:
            await asyncio.to_thread(_try_to_write, self._directory)
        except OSError as error:
            return _cannot_write(error)
        return None

    async def close(self) -> None:
        """Nothing is kept open."""


def _cannot_write(error: OSError) -> SendResult:
    reason = error.strerror or type(error).__name__
    text = f"The mail could not be written to its directory: {reason}."
    return SendResult(outcome=Outcome.DOWN, stage="write", text=text, scope="channel")


def _try_to_write(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=directory) as file:
        file.write(b"x")


def _write_whole(directory: Path, name: str, data: bytes, arrived: int) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    half = directory / f".{name}.tmp"
    try:
        with half.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # The file system's own clock is too coarse: two mails of one millisecond would tie.
        os.utime(half, ns=(arrived, arrived))
        half.replace(directory / name)
    except BaseException:
        with contextlib.suppress(OSError):
            half.unlink(missing_ok=True)
        raise
    # From here the mail can be read, so a failure to make its name durable must not have it sent again.
    with contextlib.suppress(OSError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
