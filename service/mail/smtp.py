"""The SMTP transport: mails over kept connections, and for each the truth about what became of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from service.mail.mail_url import MailUrl
from service.mail.outbound import OutboundMail, SendResult
from service.mail.smtp_connection import SmtpConnection
from service.mail.smtp_greeting import HandOverError, Limits
from service.mail.smtp_pool import SmtpPool


class SmtpTransport:
    """Hands mails to one SMTP server (RFC 5321) with verified TLS, at most `capacity` at a time.

    Cut or silent before the final dot: RETRY. After it: UNKNOWN. No connection, no TLS, no log-in, or refused
    before a recipient was named: DOWN. A cancelled send drops its connection; whether the mail was taken is then
    as unknown as after a cut. Bound to the event loop of the first `send`.
    """

    name = "smtp"
    remembers: timedelta | None = None

    def __init__(self, server: MailUrl, *, limits: Limits | None = None, connections: int | None = None) -> None:
        self.capacity = connections or server.connections
        self._slots = asyncio.Semaphore(self.capacity)
        self._pool = SmtpPool(server, limits or Limits())
        self._loop: asyncio.AbstractEventLoop | None = None

    async def send(self, mail: OutboundMail) -> SendResult:
        """Hand over one mail, waiting for a free connection first."""
        self._bind()
        async with self._slots:
            try:
                return await self._hand_over(mail)
            except HandOverError as error:
                return error.result

    async def check(self) -> SendResult | None:
        """Connect, secure and log in on a fresh connection (a kept one would tell of a log-in long ago)."""
        self._bind()
        async with self._slots:
            try:
                self._pool.give_back(await self._pool.open())
            except HandOverError as error:
                return error.result
        return None

    async def close(self) -> None:
        """QUIT on the kept connections, without insisting on an answer."""
        await self._pool.close()

    async def _hand_over(self, mail: OutboundMail) -> SendResult:
        connection = await self._pool.take()
        kept = connection.mails > 0
        try:
            result = await self._use(connection, mail)
        except HandOverError as error:
            if not kept or error.result.stage != "mail":
                raise
            result = error.result
        if kept and result.stage == "mail" and (result.code is None or 400 <= result.code < 500):
            # A server may leave a kept connection at any time (RFC 5321 section 3.8), or take no more mails on it. That
            # is no refusal of this mail, and before MAIL was answered nothing of it was there to be taken.
            connection.leave()
            return await self._use(await self._pool.open(), mail)
        return result

    async def _use(self, connection: SmtpConnection, mail: OutboundMail) -> SendResult:
        try:
            result = await connection.hand_over(mail)
        except BaseException:
            connection.drop()
            raise
        self._pool.give_back(connection)
        return result

    def _bind(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise RuntimeError("an SMTP transport belongs to the event loop that used it first")
