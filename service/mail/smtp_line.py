"""The line to a mail server once it is greeted: what was written is in the kernel, replies come one by one.

aiosmtplib greets, secures and logs in; its protocol loses replies that come together, as they do after PIPELINING.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import NamedTuple

LOST = "The connection to the mail server was lost."
_MOST_REPLIES = 100  # that nobody reads
_BUFFER = 4096  # bytes; the event loop's own is so large that each read would ask the system for memory
_LONGEST_REPLY = 32 * 1024  # bytes of all its lines; a server that never ends one is given up


class LineError(Exception):
    """The connection is gone, or what the server says is no reply."""


class Reply(NamedTuple):
    """A whole reply: the lines of one that has several are joined by line feeds, without their codes."""

    code: int
    text: str


class SmtpLine(asyncio.BufferedProtocol):
    """Takes an open transport over from another protocol."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._buffer = memoryview(bytearray(_BUFFER))  # TLS fills it by slices, and that of a bytearray is a copy
        self._unread = b""
        self._lines: list[str] = []
        self._replies: deque[Reply] = deque()
        self._error: LineError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._ends_at = 0.0  # in the loop's time: when who waits has waited long enough
        self._timer: asyncio.TimerHandle | None = None
        self._is_full = False
        # A full buffer is one byte, so that `written` ends only when the kernel has all.
        transport.set_write_buffer_limits(high=1, low=0)  # 0 would be full when empty, with TLS
        transport.set_protocol(self)

    @property
    def is_open(self) -> bool:
        """Did the connection still stand when the event loop last looked?"""
        return self._error is None and not self._transport.is_closing()

    @property
    def has_more(self) -> bool:
        """Is there a reply, or an end, that nobody has read?"""
        return bool(self._replies) or self._error is not None

    @property
    def has_left(self) -> bool:
        """Is all that was written in the kernel's hands? False, for good, where the line broke before it was.

        Behind TLS true a little too early, and never too late.
        """
        return not self._is_full

    def write(self, data: bytes) -> None:
        """Hand bytes to the kernel, or to the buffer where it takes no more now. LineError where nothing of it left."""
        if self.is_open:
            self._transport.write(data)
        if not self.is_open:  # the kernel would not have it, none of it
            raise self._error or LineError(LOST)

    async def written(self, seconds: float) -> None:
        """Wait until the kernel has all of it, or the server is heard meanwhile. TimeoutError."""
        ends = self._loop.time() + seconds
        while self._is_full and not self.has_more:
            try:
                await self._wake(ends)
            except TimeoutError:
                if self._is_full:  # and not emptied at the last moment
                    raise

    async def reply(self, seconds: float) -> Reply:
        """The next whole reply, however it comes. TimeoutError; LineError where none can come any more."""
        ends = self._loop.time() + seconds
        while not self._replies:
            if self._error is not None:
                raise self._error
            await self._wake(ends)
        return self._replies.popleft()

    def forget(self) -> None:
        """Whatever a server says between two mails answers none of them."""
        self._replies.clear()

    def close(self) -> None:
        """Send what is written, and close."""
        self._transport.close()

    def drop(self) -> None:
        """Close at once, whatever was still to be written."""
        self._transport.abort()

    async def _wake(self, ends: float) -> None:
        """Wait until something happened, or it is that time. One timer serves many waits: most end long before."""
        self._ends_at = ends
        if self._timer is None or self._timer.when() > self._ends_at:
            self._arm()
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._ends_at, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._waiter is None or self._waiter.done():
            return
        if self._loop.time() < self._ends_at:
            self._arm()
        else:
            self._waiter.set_exception(TimeoutError())

    def get_buffer(self, _sizehint: int) -> memoryview:
        """Where what comes is put, until the next call."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take whole replies out of what came. Once one was none, nothing is read any more."""
        *lines, self._unread = (self._unread + self._buffer[:nbytes]).split(b"\n")
        for line in lines:
            if self._error is None:
                self._take_line(line)
        if len(self._unread) + sum(map(len, self._lines)) > _LONGEST_REPLY:
            self._fail(LineError("The mail server's answer could not be read: it does not end."))
        self._told()

    def _take_line(self, line: bytes) -> None:
        code, text = line[:3], line[4:].strip(b" \t\r").decode("utf-8", "surrogateescape")
        if not code.isdigit():
            self._fail(LineError("The mail server's answer could not be read: it has no code."))
            return
        if len(self._replies) > _MOST_REPLIES:
            self._fail(LineError("The mail server says more than it was asked."))
        if line[3:4] == b"-":  # more of it follows
            self._lines.append(text)
            return
        if self._lines:
            text = "\n".join((*self._lines, text))
            self._lines = []
        self._replies.append(Reply(int(code), text))

    def _fail(self, error: LineError) -> None:
        """For good: who is not understood could go on for as long as the connection stands."""
        self._error = self._error or error
        self._transport.abort()
        self._told()

    def eof_received(self) -> bool:
        """A server that says no more is not talked to either."""
        self._fail(LineError(LOST))
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """What waits for an answer waits in vain."""
        error = LineError(LOST)
        error.__cause__ = exc
        self._fail(error)
        if self._timer is not None:
            self._timer.cancel()

    def pause_writing(self) -> None:
        """The kernel takes no more now."""
        self._is_full = True

    def resume_writing(self) -> None:
        """The kernel has all of it."""
        self._is_full = False
        self._told()

    def _told(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
