"""Remembers what was refused, without a write to the database for each post of a flood."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import structlog
from sqlmodel import Session

from service.errors import UnavailableError
from service.flows import refused_origins, refused_webhooks
from service.flows.services import Services

_SECONDS = 10.0  # between two writes of one process
_MOST = 20
log = structlog.get_logger()


def keep_origins(session: Session, counts: Mapping[str, int], services: Services) -> None:
    """Websites whose pages posted the form, by origin."""
    del services
    refused_origins.add(session, counts, datetime.now(UTC).date())


def keep_hooks(session: Session, counts: Mapping[str, int], services: Services) -> None:
    """Webhooks that our secret did not sign, by the source they were posted for: one that we know by name."""
    watched = {source for source, secrets in services.webhook_secrets.items() if secrets}
    refused_webhooks.add(session, counts, watched=watched, now=services.clock.now())


class Refusals:
    """Counts them; the first is kept at once, the others with the first that comes ten seconds later."""

    def __init__(
        self, services: Services, keep: Callable[[Session, Mapping[str, int], Services], None] = keep_origins
    ) -> None:
        self._services = services
        self._keep = keep
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._written = -_SECONDS

    def add(self, name: str) -> None:
        """Count one of this name. Never fails: the answer is a refusal either way."""
        with self._lock:
            if name in self._counts or len(self._counts) < _MOST:
                self._counts[name] += 1
            if time.monotonic() - self._written < _SECONDS:
                return
            counts, self._counts, self._written = self._counts, Counter(), time.monotonic()
        try:
            with self._services.database.transaction() as session:
                self._keep(session, counts, self._services)
        except UnavailableError as error:
            log.warning("refusals not kept", reason=error.english)
