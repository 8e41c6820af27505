"""From a mail URL to the transport that hands mails over. The file transport lives here too."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from service.errors import ProblemsError
from service.mail.mail_url import MailUrl, check_mail_url, parse_mail_url
from service.mail.outbound import OutboundMail, Outcome, Scope, SendResult, Transport, redact

if TYPE_CHECKING:
    from service.mail.dkim import DkimSigner

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


def open_transport(url: str, signer: DkimSigner | None = None) -> Transport:
    """The transport for a mail URL; nothing is connected yet. Raises ProblemsError for a URL that cannot work.

    `signer` signs what leaves as our own bytes; a provider behind an API signs what it makes of them.
    """
    parsed, problems = parse_mail_url(url)
    if not isinstance(parsed, MailUrl):
        raise ProblemsError(problems)
    # Not at the top: what stands on aiosmtplib, h11 or cryptography is loaded only by who needs it.
    if parsed.provider is not None and parsed.account is not None:
        from service.mail.api_transport import ApiTransport  # noqa: PLC0415

        return ApiTransport(parsed.provider, parsed.account)
    if signer is not None:
        from service.mail.dkim import SignedTransport  # noqa: PLC0415

        return SignedTransport(_open_own(parsed), signer)
    return _open_own(parsed)


def _open_own(parsed: MailUrl) -> Transport:
    if parsed.directory is not None:
        return FileTransport(parsed.directory)
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
