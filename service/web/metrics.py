"""What Prometheus may read: requests counted here, the ledger looked at when asked."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from service.errors import UnavailableError
from service.flows.services import Services
from service.store import reports

_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})


class Metrics:
    """The figures of one process, in a registry of its own. Labels are states and routes, never people."""

    def __init__(self, services: Services) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "nurture_requests", "Requests answered.", ["method", "route", "status"], registry=self._registry
        )
        self._registry.register(_Ledger(services))

    def count(self, method: str, route: str, status: int) -> None:
        """One request; `status` 0 where the client left without an answer."""
        self._requests.labels(method if method in _METHODS else "other", route, str(status)).inc()

    def text(self) -> bytes:
        """Everything, in Prometheus's text format."""
        return generate_latest(self._registry)


class _Ledger(Collector):
    def __init__(self, services: Services) -> None:
        self._services = services

    def describe(self) -> list[Metric]:
        """Nothing beforehand: the database is not asked before somebody looks."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The ledger as it is now; only `nurture_database_up 0` where the database does not answer."""
        up = GaugeMetricFamily("nurture_database_up", "Whether the database answered.")
        try:
            with self._services.database.reading() as session:
                now = self._services.clock.now()
                states = reports.states(session)
                attempts = reports.attempts(session)
                enrolments = reports.enrolment_states(session)
                oldest = reports.oldest_due_at(session, now)
        except UnavailableError:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        messages = GaugeMetricFamily("nurture_messages", "Messages in the ledger.", labels=["kind", "state"])
        for (kind, state), number in states.items():
            messages.add_metric([kind, state], number)
        yield messages
        tries = GaugeMetricFamily("nurture_attempts", "Attempts, by way out.", labels=["channel", "outcome"])
        for (channel, outcome), number in attempts.items():
            tries.add_metric([channel, outcome], number)
        yield tries
        runs = GaugeMetricFamily("nurture_enrolments", "Enrolments.", labels=["state"])
        for state, number in enrolments.items():
            runs.add_metric([state], number)
        yield runs
        lag = GaugeMetricFamily("nurture_due_lag_seconds", "How long the mail that waits longest has been due.")
        lag.add_metric([], (now - oldest).total_seconds() if oldest else 0)
        yield lag
