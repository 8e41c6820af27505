"""Answers that leave at the same moment whatever was done for them: how long it took tells nothing (ACCEPTANCE E1)."""

from __future__ import annotations

import math
import time
from asyncio import sleep
from datetime import timedelta

from starlette.responses import Response
from starlette.types import Receive, Scope, Send


def seconds_left(elapsed: float, pace: timedelta) -> float:
    """Until the next whole `pace` since the request began, in seconds; 0 where there is no pace to keep."""
    step = pace.total_seconds()
    return max(0.0, math.ceil(elapsed / step) * step - elapsed) if step else 0.0


class Paced(Response):
    """An answer that waits for that moment. Everything is committed by then; no lock is held, and no thread."""

    def __init__(self, answer: Response, *, began: float, pace: timedelta) -> None:
        """`began` is of `time.monotonic`."""
        super().__init__(bytes(answer.body), status_code=answer.status_code)
        self.raw_headers = answer.raw_headers
        self._began, self._pace = began, pace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait, then answer."""
        await sleep(seconds_left(time.monotonic() - self._began, self._pace))
        await super().__call__(scope, receive, send)
