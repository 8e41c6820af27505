"""HTTP/1.1 over kept connections, and exact about one thing: how far a request came before it failed.

httpx hides that, and costs twenty times the processor (bench/RESULTS.md). h11 reads and writes the protocol.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import h11

from service.errors import NurtureError
from service.mail.providers.values import HttpAnswer, HttpRequest

_PIECE = 64 * 1024
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, kw_only=True)
class HttpLimits:
    """How long to wait, in seconds, and how much of an answer to read, in bytes.

    `idle` is less than the usual servers keep a connection; whoever uses one that just went cannot tell what arrived.
    """

    connect: float = 10
    write: float = 30
    answer: float = 60
    idle: float = 15
    most_bytes: int = 256 * 1024


class NotReachedError(NurtureError):
    """No connection, or no TLS: not a byte of the request left. `english` says why, without the request."""

    code, status = "not-reached", 503


class NotSentError(NurtureError):
    """The connection went before the last byte of the request did, so nobody can have acted on it."""

    code, status = "not-sent", 503


class NoAnswerError(NurtureError):
    """The request left, and no answer that could be read came back: what became of it is unknown."""

    code, status = "no-answer", 503


@dataclass(kw_only=True)
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    state: h11.Connection
    last_used: float = 0.0

    @property
    def is_usable(self) -> bool:
        return not (self.reader.at_eof() or self.writer.transport.is_closing())


class HttpClient:
    """Keeps connections open between requests, the last used first. Bound to the event loop that uses it first."""

    def __init__(self, limits: HttpLimits | None = None) -> None:
        self._limits = limits or HttpLimits()
        self._tls: ssl.SSLContext | None = None
        self._idle: dict[str, list[_Connection]] = {}
        self._closed = False

    async def send(self, request: HttpRequest) -> HttpAnswer:
        """The answer, whatever it says. Raises NotReachedError, NotSentError or NoAnswerError."""
        parts = urlsplit(request.url)
        server = f"{parts.scheme}://{parts.netloc}"
        connection = await self._written(server, parts, request)
        try:
            async with asyncio.timeout(self._limits.answer):
                answer = await self._read(connection)
        except TimeoutError as error:
            connection.writer.transport.abort()
            raise NoAnswerError(f"{parts.netloc} did not answer in time.") from error
        except (OSError, h11.ProtocolError) as error:
            connection.writer.transport.abort()
            raise NoAnswerError(f"{parts.netloc} broke off before it had answered.") from error
        except BaseException:
            connection.writer.transport.abort()
            raise
        self._keep(server, connection)
        return answer

    async def close(self) -> None:
        """Let go of all connections; those in use are closed when they come back."""
        self._closed = True
        idle, self._idle = self._idle, {}
        for connection in (each for several in idle.values() for each in several):
            connection.writer.transport.abort()

    async def _written(self, server: str, parts: SplitResult, request: HttpRequest) -> _Connection:
        """The connection on which the whole request left. A kept one that went meanwhile is replaced once."""
        kept = await self._kept(server)
        connection = kept or await self._connect(parts)
        try:
            await self._write(connection, _head(request, parts), request.body)
        except NotSentError:
            connection.writer.transport.abort()
            if kept is None:
                raise
            connection = await self._connect(parts)
            await self._write(connection, _head(request, parts), request.body)
        except BaseException:
            connection.writer.transport.abort()
            raise
        return connection

    async def _kept(self, server: str) -> _Connection | None:
        several = self._idle.get(server, [])
        while several:
            connection = several.pop()
            is_good = False
            try:
                is_fresh = time.monotonic() - connection.last_used < self._limits.idle
                is_good = is_fresh and connection.is_usable and await _is_silent(connection.reader)
            finally:
                if not is_good:
                    connection.writer.transport.abort()
            if is_good:
                return connection
        return None

    def _keep(self, server: str, connection: _Connection) -> None:
        state = connection.state
        is_over = state.our_state is h11.DONE and state.their_state is h11.DONE and not state.trailing_data[0]
        if self._closed or not connection.is_usable or not is_over:
            connection.writer.transport.abort()
            return
        state.start_next_cycle()
        connection.last_used = time.monotonic()
        self._idle.setdefault(server, []).append(connection)

    async def _connect(self, parts: SplitResult) -> _Connection:
        tls = await self._context() if parts.scheme == "https" else None
        host = parts.hostname or ""
        try:
            async with asyncio.timeout(self._limits.connect):
                reader, writer = await asyncio.open_connection(
                    host, parts.port or _PORTS[parts.scheme], ssl=tls, server_hostname=host if tls is not None else None
                )
        except TimeoutError as error:
            raise NotReachedError(f"{parts.netloc} could not be reached in time.") from error
        except ssl.SSLCertVerificationError as error:
            reason = error.verify_message.rstrip(".")
            raise NotReachedError(f"The certificate of {parts.netloc} could not be verified: {reason}.") from error
        except (socket.gaierror, UnicodeError) as error:
            raise NotReachedError(f"The name {parts.hostname} could not be found.") from error
        except OSError as error:
            refused = isinstance(error, ConnectionRefusedError)
            what = "refused the connection" if refused else "is out of reach"
            raise NotReachedError(f"{parts.netloc} {what}.") from error
        # A full buffer is one byte, so that `drain` returns only when the kernel has all: see `_write`.
        writer.transport.set_write_buffer_limits(high=1, low=0)
        return _Connection(reader=reader, writer=writer, state=h11.Connection(h11.CLIENT))

    async def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = await asyncio.to_thread(ssl.create_default_context)  # reads a hundred certificates
        return self._tls

    async def _write(self, connection: _Connection, head: h11.Request, body: bytes) -> None:
        """All but the last byte is in the kernel before that one goes: up to then nobody has a whole request."""
        state, writer = connection.state, connection.writer
        pieces = [state.send(head) or b""]
        if body:
            pieces.append(state.send(h11.Data(data=body)) or b"")
        pieces.append(state.send(h11.EndOfMessage()) or b"")
        whole = b"".join(pieces)
        try:
            async with asyncio.timeout(self._limits.write):
                writer.write(whole[:-1])
                await writer.drain()
        except OSError as error:  # TimeoutError among them
            raise NotSentError("The connection was lost before the request was sent.") from error
        if not connection.is_usable:
            raise NotSentError("The connection was lost before the request was sent.")
        writer.write(whole[-1:])

    async def _read(self, connection: _Connection) -> HttpAnswer:
        state, status, body = connection.state, 0, b""
        headers: Mapping[str, str] = {}
        while True:
            event = state.next_event()
            if event is h11.NEED_DATA:
                state.receive_data(await connection.reader.read(_PIECE))
            elif isinstance(event, h11.Response):
                status, headers = event.status_code, _headers(event)
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
                if len(body) > self._limits.most_bytes:
                    connection.writer.transport.abort()  # what it is to say stands at the beginning
                    return HttpAnswer(status=status, headers=headers, body=body[: self._limits.most_bytes])
            elif isinstance(event, h11.EndOfMessage):
                return HttpAnswer(status=status, headers=headers, body=body)
            elif isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
                raise ConnectionResetError("no answer")


async def _is_silent(reader: asyncio.StreamReader) -> bool:
    """Did nothing come while nobody asked? A server that lets go of a connection may say so first (408, RFC 9110
    section 15.5.9), and that is no answer to the request that is sent next.
    """
    try:
        async with asyncio.timeout(0):
            await reader.read(1)
    except TimeoutError:
        return True
    except OSError:
        pass
    return False


def _head(request: HttpRequest, parts: SplitResult) -> h11.Request:
    headers = [
        ("Host", parts.netloc),
        *request.headers.items(),
        ("Accept-Encoding", "identity"),  # an answer is read as it comes, and cannot grow
        ("User-Agent", "nurture"),
        ("Content-Length", str(len(request.body))),
    ]
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return h11.Request(method=request.method, target=target, headers=headers)


def _headers(event: h11.Response) -> Mapping[str, str]:
    return {bytes(name).decode("ascii"): bytes(value).decode("latin-1") for name, value in event.headers}
