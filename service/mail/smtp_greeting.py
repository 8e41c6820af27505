"""A connection to a mail server, opened, secured and logged in."""

from __future__ import annotations

import asyncio
import base64
import re
import socket
import ssl
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import TypeVar, cast

from aiosmtplib import SMTPException, SMTPResponse, SMTPResponseException
from aiosmtplib.esmtp import parse_esmtp_extensions
from aiosmtplib.protocol import SMTPProtocol

from service.errors import NurtureError
from service.mail.mail_url import MailUrl
from service.mail.oauth import AccessTokens, TokenError
from service.mail.outbound import SendResult
from service.mail.smtp_line import LOST
from service.mail.smtp_replies import broken, down, judge

SILENT = "The mail server did not answer in time."
_T = TypeVar("_T")
_PART, _TOO_SHORT = 8, 3  # letters of a log-in that are looked for together; fewer tell nothing of it
_HOST_NAME = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long to wait, in seconds, for each answer: the minimums of RFC 5321 section 4.5.3.2.

    Log-in as RFC 4954 section 4 says; the dot a little over its 600 s, for a server that answers at the last
    moment has taken the mail. `reset` and `quit` are short: nothing is at stake there.
    """

    connect: float = 30
    greeting: float = 300
    command: float = 300
    tls: float = 60
    auth: float = 180
    data: float = 120
    block: float = 180
    dot: float = 660
    reset: float = 10
    quit: float = 2


class HandOverError(NurtureError):
    """A hand-over ended early; `result` says how. Never leaves the SMTP transport."""

    code, status = "hand-over", 503

    def __init__(self, result: SendResult) -> None:
        super().__init__(result.text)
        self.result = result


@dataclass(frozen=True, kw_only=True)
class Greeted:
    """A transport that is ready for MAIL, and what the server offers: extension -> its words, in small letters."""

    transport: asyncio.Transport
    extensions: Mapping[str, str]


async def greet(
    server: MailUrl, limits: Limits, tls: ssl.SSLContext | None, tokens: AccessTokens | None = None
) -> Greeted:
    """Connect, secure and log in. Raises HandOverError; TLS is never given up for plain text."""
    protocol = await _connect(server, limits, tls if server.tls == "implicit" else None)
    try:
        return await _Greeting(server, limits, protocol, tokens).done(tls if server.tls == "starttls" else None)
    except BaseException:
        if isinstance(protocol.transport, asyncio.WriteTransport):
            protocol.transport.abort()
        raise


class _Greeting:
    def __init__(self, server: MailUrl, limits: Limits, protocol: SMTPProtocol, tokens: AccessTokens | None) -> None:
        self._server = server
        self._limits = limits
        self._protocol = protocol
        self._tokens = tokens
        self._extensions: dict[str, str] = {}
        self._said: list[str] = []  # of user, password or token, encoded

    async def done(self, tls: ssl.SSLContext | None) -> Greeted:
        limits = self._limits
        reply = await self._answer("greeting", self._protocol.read_response(timeout=limits.greeting))
        self._expect("greeting", reply, 220)
        await self._hello()
        if tls is not None:
            await self._secure(tls)
            await self._hello()  # RFC 3207 section 4.2: what was heard before TLS may be an attacker's
        if self._tokens is not None:
            await self._log_in_by_token(self._tokens)
        elif self._server.user:
            await self._log_in()
        transport = cast(
            "asyncio.Transport | None", self._protocol.transport
        )  # another event loop has classes of its own
        if transport is None:
            raise HandOverError(broken(stage="ehlo", text="The connection was lost before the first command."))
        return Greeted(transport=transport, extensions=self._extensions)

    async def _hello(self) -> None:
        reply = await self._command("ehlo", f"EHLO {self._own_name()}", self._limits.command)
        self._expect("ehlo", reply, 250)
        self._extensions, _ = parse_esmtp_extensions(reply.message)

    def _own_name(self) -> str:
        """The full host name, else the address as a literal (RFC 5321 section 4.1.4); never a DNS look-up."""
        name = socket.gethostname()
        transport = self._protocol.transport
        if _HOST_NAME.fullmatch(name) or transport is None:
            return name
        address = str((transport.get_extra_info("sockname") or ("127.0.0.1",))[0]).partition("%")[0]
        return f"[IPv6:{address}]" if ":" in address else f"[{address}]"

    async def _secure(self, tls: ssl.SSLContext) -> None:
        host = self._server.host
        if "starttls" not in self._extensions:
            text = f"The mail server {host} offers no STARTTLS, so nothing was sent to it."
            raise HandOverError(down(stage="starttls", text=text))
        try:
            await self._protocol.start_tls(tls, server_hostname=host, timeout=self._limits.tls)
        except SMTPResponseException as error:
            raise HandOverError(judge(stage="starttls", code=error.code, text=error.message)) from error
        except (OSError, SMTPException) as error:
            raise HandOverError(down(stage="starttls", text=_tls_sentence(host, error))) from error

    async def _log_in(self) -> None:
        user, password = self._server.user, self._server.password
        offered = self._extensions.get("auth", "").upper().split()
        if "PLAIN" in offered:  # RFC 4616
            lines = ["AUTH PLAIN " + self._encoded(f"\0{user}\0{password}")]
        elif "LOGIN" in offered:
            lines = ["AUTH LOGIN", self._encoded(user), self._encoded(password)]
        else:
            text = (
                f"The mail server {self._server.host} offers no log-in by user and password here (AUTH PLAIN, LOGIN)."
            )
            raise HandOverError(down(stage="auth", text=text))
        for line in lines:
            reply = await self._command("auth", line, self._limits.auth)
            self._expect("auth", reply, 235 if line is lines[-1] else 334)

    async def _log_in_by_token(self, tokens: AccessTokens) -> None:
        """XOAUTH2, as Google and Microsoft both describe it. A refused token is not offered again."""
        if "XOAUTH2" not in self._extensions.get("auth", "").upper().split():
            text = f"The mail server {self._server.host} offers no log-in by token here (AUTH XOAUTH2)."
            raise HandOverError(down(stage="auth", text=text))
        try:
            token = await tokens.token()
        except TokenError as error:
            raise HandOverError(down(stage="auth", text=error.english)) from error
        line = "AUTH XOAUTH2 " + self._encoded(f"user={self._server.user}\x01auth=Bearer {token}\x01\x01")
        reply = await self._command("auth", line, self._limits.auth)
        if reply.code == 334:  # what is wrong, in JSON; the refusal itself comes after an empty line
            reply = await self._command("auth", "", self._limits.auth)
        if reply.code != 235:
            tokens.forget(token)
        self._expect("auth", reply, 235)

    def _encoded(self, text: str) -> str:
        self._said.append(base64.b64encode(text.encode()).decode())
        return self._said[-1]

    async def _command(self, stage: str, line: str, limit: float) -> SMTPResponse:
        return await self._answer(stage, self._protocol.execute_command(line.encode(), timeout=limit))

    async def _answer(self, stage: str, answer: Awaitable[_T]) -> _T:
        try:
            return await answer
        except TimeoutError as error:  # aiosmtplib's own time-outs among them
            raise HandOverError(broken(stage=stage, text=SILENT)) from error
        except SMTPResponseException as error:
            text = f"The mail server's answer could not be read: {self._shown(error.message)}"
            raise HandOverError(broken(stage=stage, text=text)) from error
        except (OSError, SMTPException) as error:
            raise HandOverError(broken(stage=stage, text=LOST)) from error

    def _expect(self, stage: str, reply: SMTPResponse, code: int) -> None:
        if reply.code != code:
            private = (self._server.user, self._server.password)
            text = self._shown(reply.message)
            raise HandOverError(judge(stage=stage, code=reply.code, text=text, private=private))

    def _shown(self, text: str) -> str:
        """What the server said, but for an answer that says again what it was told to log in with, or some of that."""
        parts = [each[at : at + _PART] for each in self._said for at in range(max(1, len(each) - _PART + 1))]
        plain = text.lower()
        holds = any(part.lower() in plain for part in parts if len(part) > _TOO_SHORT)
        return "The mail server refused the log-in, in words that hold it." if holds else text


async def _connect(server: MailUrl, limits: Limits, tls: ssl.SSLContext | None) -> SMTPProtocol:
    loop = asyncio.get_running_loop()
    where = f"{server.host}:{server.port}"
    try:
        async with asyncio.timeout(limits.connect):
            _, protocol = await loop.create_connection(
                lambda: SMTPProtocol(loop=loop),
                server.host,
                server.port,
                ssl=tls,
                server_hostname=server.host if tls is not None else None,
            )
    except TimeoutError as error:
        text = f"The mail server {where} could not be reached within {limits.connect:g} seconds."
        raise HandOverError(down(stage="connect", text=text)) from error
    except (socket.gaierror, UnicodeError) as error:
        text = f"The mail server's name {server.host} could not be found."
        raise HandOverError(down(stage="connect", text=text)) from error
    except ssl.SSLError as error:
        raise HandOverError(down(stage="connect", text=_tls_sentence(server.host, error))) from error
    except OSError as error:
        refused = isinstance(error, ConnectionRefusedError)
        text = f"The mail server {where} {'refused the connection' if refused else 'could not be reached'}."
        raise HandOverError(down(stage="connect", text=text)) from error
    return protocol


def _tls_sentence(host: str, error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = error.verify_message.rstrip(".")
        return f"The certificate of the mail server {host} could not be verified: {reason}."
    return f"The mail server {host} could not agree on TLS."
