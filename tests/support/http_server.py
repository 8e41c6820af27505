"""A real HTTP server on loopback that misbehaves on request, for whatever stands in for somebody's API.

    with HttpServer(answer, faults=[HttpFault(stage="answer", cut=True, times=1)]) as server: ...

It runs on an event loop in a thread of its own, so that plain and asyncio tests, and other processes, can use it.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import h11

Stage = Literal["connect", "body", "answer"]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request: header names in lower case. `connection` counts from 1."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: int


@dataclass(frozen=True, kw_only=True)
class Said:
    """One answer."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(kw_only=True)
class HttpFault:
    """What goes wrong at one stage, in this order: wait `delay` seconds, answer `said`, close when `cut`.

    `connect`: before a byte is read. `body`: with the head read, in the middle of the body. `answer`: the request was
    read whole, and given to the API when `keep` (it acted, and nobody was told). `times`: how often (None: always).
    """

    stage: Stage
    said: Said | None = None
    cut: bool = False
    delay: float = 0
    times: int | None = None
    keep: bool = True


class HttpServer:
    """`asked` is what came whole, oldest first; `connections` counts; `faults` may change any time."""

    def __init__(self, api: Callable[[Asked], Said], *, faults: list[HttpFault] | None = None) -> None:
        self.faults = faults or []
        self.asked: list[Asked] = []
        self.connections = 0
        self.most_at_once = 0
        self.latency = 0.0
        self._now = 0
        self._api = api
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._open: set[asyncio.Task[None]] = set()
        self.port = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def in_hand(self) -> int:
        """How many requests are being answered just now."""
        return self._now

    def __enter__(self) -> HttpServer:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=256)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self.connections += 1
        try:
            with contextlib.suppress(ConnectionError, h11.RemoteProtocolError, asyncio.CancelledError):
                await self._dialogue(reader, writer, self.connections)
        finally:
            self._open.discard(task)
            writer.transport.abort()

    async def _dialogue(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        state = h11.Connection(h11.SERVER)
        while True:
            if await self._misbehave("connect", state, writer):
                return
            asked = await self._request(state, reader, writer, number)
            if asked is None:
                return
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            try:
                if self.latency:
                    await asyncio.sleep(self.latency)
                fault = self._fault("answer")
                if fault is None or fault.keep:
                    self.asked.append(asked)
                    said = self._api(asked)
                if fault is not None and await self._act(fault, state, writer):
                    return
                if fault is None or fault.said is None:
                    _write(state, writer, said)
            finally:
                self._now -= 1
            await writer.drain()
            if state.our_state is not h11.DONE:
                return
            state.start_next_cycle()

    async def _request(
        self, state: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> Asked | None:
        head: h11.Request | None = None
        body = bytearray()
        while True:
            event = state.next_event()
            if event is h11.NEED_DATA:
                data = await reader.read(65_536)
                if not data and head is None:
                    return None
                state.receive_data(data)
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
                if await self._misbehave("body", state, writer):
                    return None
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                headers = {bytes(name).decode(): bytes(value).decode("latin-1") for name, value in head.headers}
                method, target = bytes(head.method).decode(), bytes(head.target).decode()
                return Asked(method=method, target=target, headers=headers, body=bytes(body), connection=number)
            elif isinstance(event, h11.ConnectionClosed):
                return None

    async def _misbehave(self, stage: Stage, state: h11.Connection, writer: asyncio.StreamWriter) -> bool:
        fault = self._fault(stage)
        return fault is not None and await self._act(fault, state, writer)

    async def _act(self, fault: HttpFault, state: h11.Connection, writer: asyncio.StreamWriter) -> bool:
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.said is not None:
            _write(state, writer, fault.said)
            await writer.drain()
        return fault.cut

    def _fault(self, stage: Stage) -> HttpFault | None:
        for fault in self.faults:
            if fault.stage == stage and fault.times != 0:
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None


def _write(state: h11.Connection, writer: asyncio.StreamWriter, said: Said) -> None:
    headers = [*said.headers.items(), ("content-length", str(len(said.body)))]
    writer.write(state.send(h11.Response(status_code=said.status, headers=headers)) or b"")
    writer.write(state.send(h11.Data(data=said.body)) or b"")
    writer.write(state.send(h11.EndOfMessage()) or b"")
