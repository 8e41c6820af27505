"""Remembers which websites were refused, without a write to the database for each post of a flood."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import UTC, datetime

import structlog

from service.errors import UnavailableError
from service.flows import refused_origins
from service.flows.services import Services

_SECONDS = 10.0  # between two writes of one process
_MOST = 20
log = structlog.get_logger()


class Refusals:
    """Counts refused origins; the first is kept at once, the others with the first that comes ten seconds later."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._written = -_SECONDS

    def add(self, origin: str) -> None:
        """Count one. Never fails: the answer is a refusal either way."""
        with self._lock:
            origin = refused_origins.told(origin)
            if origin in self._counts or len(self._counts) < _MOST:
                self._counts[origin] += 1
            if time.monotonic() - self._written < _SECONDS:
                return
            counts, self._counts, self._written = self._counts, Counter(), time.monotonic()
        try:
            with self._services.database.transaction() as session:
                refused_origins.add(session, counts, datetime.now(UTC).date())
        except UnavailableError as error:
            log.warning("refused origins not kept", reason=error.english)
