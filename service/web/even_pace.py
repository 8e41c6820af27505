"""Answers that leave at the same moment whatever was done for them: how long it took tells nothing (ACCEPTANCE E1)."""

from __future__ import annotations

import math
import time
from datetime import timedelta


def seconds_left(elapsed: float, pace: timedelta) -> float:
    """Until the next whole `pace` since the request began, in seconds; 0 where there is no pace to keep."""
    step = pace.total_seconds()
    return max(0.0, math.ceil(elapsed / step) * step - elapsed) if step else 0.0


def hold(began: float, pace: timedelta) -> None:
    """Wait for that moment. `began` is of `time.monotonic`. Everything is committed by then, and no lock is held."""
    time.sleep(seconds_left(time.monotonic() - began, pace))
