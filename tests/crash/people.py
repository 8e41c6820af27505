"""Those who opt in, press "yes" and unsubscribe while processes die: over kept connections, again until answered."""

from __future__ import annotations

import email
import email.policy
import http.client
import json
import queue
import random
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from urllib.parse import urlsplit

from tests.support.running import link_in

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
_PATIENCE = 300.0  # seconds until somebody gives up, and the storm fails; a busy machine takes a minute for a start


class Browser:
    """One person's connection: kept open, and after an error or a 5xx the request goes again, to the next port."""

    def __init__(self, ports: Sequence[int], chance: random.Random) -> None:
        self._ports = list(ports)
        chance.shuffle(self._ports)
        self._line: http.client.HTTPConnection | None = None

    def post(self, path: str, kind: str, body: str, **headers: str) -> int:
        """The status of the first answer below 500. Raises TimeoutError when there is none."""
        ends, status = time.monotonic() + _PATIENCE, 0
        while time.monotonic() < ends:
            try:
                status = self._once(path, body, {"Content-Type": kind} | headers)
            except (OSError, http.client.HTTPException):
                status = 503
            if status < 500:
                return status
            self._move_on()
            time.sleep(0.05)
        raise TimeoutError(f"no answer to POST {path[:3]} for {_PATIENCE:.0f} s; the last was {status}")

    def leave(self) -> None:
        """Close the connection."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _once(self, path: str, body: str, headers: dict[str, str]) -> int:
        if self._line is None:
            self._line = http.client.HTTPConnection("127.0.0.1", self._ports[0], timeout=10)
        self._line.request("POST", path, body, headers)
        answer = self._line.getresponse()
        answer.read()
        return answer.status

    def _move_on(self) -> None:
        self.leave()
        self._ports.append(self._ports.pop(0))


class People:
    """`promised` are the addresses that were answered 202; `silenced` when each was told "no more mail" (epoch)."""

    def __init__(self, ports: Sequence[int], seed: int, *, posters: int, pause: float) -> None:
        self.promised: set[str] = set()
        self.silenced: dict[str, float] = {}
        self._ports, self._seed, self._pause = ports, seed, pause
        self._presses: queue.SimpleQueue[tuple[str, bytes] | None] = queue.SimpleQueue()
        self._leaving: queue.PriorityQueue[tuple[float, str, str]] = queue.PriorityQueue()
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(posters + 2)
        self._lives: list[Future[None]] = [
            *(self._pool.submit(self._live, self._opt_in, number) for number in range(posters)),
            self._pool.submit(self._live, self._press, posters),
            self._pool.submit(self._live, self._unsubscribe, posters + 1),
        ]

    def got_advice(self, address: str, data: bytes) -> None:
        """She may press the button in it."""
        self._presses.put((address, data))

    def leaves(self, address: str, token: str, when: float) -> None:
        """This lead unsubscribes by a mail program's one click, at `when` (epoch)."""
        self._leaving.put((when, address, token))

    def check(self) -> None:
        """Raise what went wrong in any of these lives, if anything did."""
        for life in self._lives:
            if life.done():
                life.result()

    def stop(self) -> None:
        """Whoever is waiting for an answer still gets it. Raises what went wrong in any of these lives."""
        self._stop.set()
        self._presses.put(None)
        self._pool.shutdown()
        for life in self._lives:
            life.result()

    def _live(self, act: Callable[[Browser, random.Random], None], number: int) -> None:
        chance = random.Random(self._seed * 1000 + number)
        browser = Browser(self._ports, chance)
        try:
            while not self._stop.is_set():
                act(browser, chance)
        finally:
            browser.leave()

    def _opt_in(self, browser: Browser, chance: random.Random) -> None:
        address = f"new-{uuid.uuid4().hex}@example.org"
        body = {"email": address, "topic": "lage-rug", "consent_advice": True, "consent_follow_up": True}
        key = {"Idempotency-Key": uuid.uuid4().hex}
        status = browser.post("/api/opt-ins", JSON, json.dumps(body), **key)
        assert status == 202, status
        self.promised.add(address)
        self._stop.wait(chance.random() * 2 * self._pause)

    def _press(self, browser: Browser, chance: random.Random) -> None:
        asked = self._presses.get()
        if asked is None:
            return
        address, data = asked
        mail = email.message_from_bytes(data, policy=email.policy.default)
        assert browser.post(urlsplit(link_in(mail, "c")).path, FORM, "") == 200
        if chance.random() < 0.3:
            self.leaves(address, urlsplit(link_in(mail, "u")).path.rpartition("/")[2], time.time() + chance.random())

    def _unsubscribe(self, browser: Browser, _chance: random.Random) -> None:
        try:
            when, address, token = self._leaving.get(timeout=0.2)
        except queue.Empty:
            return
        self._stop.wait(when - time.time())
        assert browser.post(f"/u/{token}", FORM, "List-Unsubscribe=One-Click") == 200
        self.silenced[address] = time.time()
