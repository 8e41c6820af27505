"""The SMTP connections kept open between mails: a new one costs several round trips, with TLS the most of a mail."""

from __future__ import annotations

import asyncio
import ssl
import time

from service.mail.mail_url import MailUrl
from service.mail.oauth import AccessTokens
from service.mail.smtp_connection import SmtpConnection
from service.mail.smtp_greeting import HandOverError, Limits, greet
from service.mail.smtp_replies import down

_FRESH_ENOUGH = 5.0  # seconds in which a server is not asked again whether it is still there
_LONGEST_IDLE = 60.0  # less than the usual servers' own limit (Postfix 100 s, RFC 5321 asks 300 s)
_MOST_MAILS = 1000  # Exim's default; where a server allows fewer, MAIL is refused for now, and goes by a new one


class SmtpPool:
    """Connections ready for MAIL, the last used first, so that a surplus grows old and goes."""

    def __init__(self, server: MailUrl, limits: Limits) -> None:
        self._server = server
        self._limits = limits
        self._tokens = AccessTokens(server.oauth) if server.oauth is not None else None
        self._tls: ssl.SSLContext | None = None
        self._idle: list[SmtpConnection] = []
        self._sweep: asyncio.TimerHandle | None = None
        self._closed = False

    async def take(self) -> SmtpConnection:
        """A kept connection that still answers, else a fresh one. Raises HandOverError when none can be had."""
        while self._idle:
            connection = self._idle.pop()
            try:
                if self._is_fresh(connection) or await self._answers(connection):
                    return connection
            except BaseException:
                connection.drop()
                raise
            connection.leave()
        return await self.open()

    async def open(self) -> SmtpConnection:
        """A fresh connection, verified and logged in. Raises HandOverError."""
        if self._tls is None and self._server.tls != "none":
            try:
                self._tls = await asyncio.to_thread(ssl.create_default_context, cafile=self._server.ca)
            except OSError as error:
                text = "The file of the mail URL's ca= cannot be used."
                raise HandOverError(down(stage="connect", text=text)) from error
        greeted = await greet(self._server, self._limits, self._tls, self._tokens)
        return SmtpConnection(self._server, self._limits, greeted)

    def give_back(self, connection: SmtpConnection) -> None:
        """Keep a connection for the next mail, or let it go when it has done enough."""
        if self._closed or not connection.is_open or connection.mails >= _MOST_MAILS:
            connection.leave()
            return
        connection.last_used = time.monotonic()
        self._idle.append(connection)
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(_LONGEST_IDLE, self._let_old_ones_go)

    async def close(self) -> None:
        """Say goodbye on all kept connections; those in use are closed when they come back."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        idle, self._idle = self._idle, []
        await asyncio.gather(*(connection.quit() for connection in idle))

    def _is_fresh(self, connection: SmtpConnection) -> bool:
        """Need it not be asked?"""
        idle = time.monotonic() - connection.last_used
        return connection.is_open and not connection.needs_reset and idle <= _FRESH_ENOUGH

    async def _answers(self, connection: SmtpConnection) -> bool:
        idle = time.monotonic() - connection.last_used
        return connection.is_open and idle <= _LONGEST_IDLE and await connection.reset()

    def _let_old_ones_go(self) -> None:
        self._sweep = None
        now = time.monotonic()
        old = [connection for connection in self._idle if now - connection.last_used >= _LONGEST_IDLE]
        self._idle = [connection for connection in self._idle if connection not in old]
        for connection in old:
            connection.leave()
        if self._idle:
            self._sweep = asyncio.get_running_loop().call_later(_LONGEST_IDLE / 4, self._let_old_ones_go)
