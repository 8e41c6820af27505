"""Webhooks that were refused because they were not signed by our secret: counted by source and day, and nothing else.

Anybody may post there, so nothing of what was sent is kept: a number for each source that we know by name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta

from sqlmodel import Session

from service.flows import alerts
from service.store import events

_FACT = "refused_webhooks"
_SHOWN = timedelta(days=7)
MANY = 20
"""Of a source in a day: then its secret is wrong, or somebody tries to get in."""


def add(session: Session, counted: Mapping[str, int], *, watched: Collection[str], now: datetime) -> None:
    """Count refusals by source, and tell somebody where one of the `watched`, which have a secret, had many today."""
    day = now.date()
    kept = _kept(events.hold_fact(session, _FACT), day)
    for source, count in counted.items():
        days = kept.setdefault(source, {})
        days[day.isoformat()] = days.get(day.isoformat(), 0) + count
        if source in watched and days[day.isoformat()] >= MANY:
            alerts.tell(
                session,
                f"webhook-refused:{source}",
                dutch=f"Vandaag zijn veel berichten van {source} geweigerd: de handtekening klopt niet. Bounces, "
                "klachten of afspraken komen zo niet binnen. Vergelijk het geheim in "
                f"NURTURE_WEBHOOK_SECRETS_{source.upper()} met dat bij {source}.",
                english=f"many webhooks of {source} were refused today: the signature is wrong, so bounces, complaints "
                f"or bookings do not come in; compare the secret in NURTURE_WEBHOOK_SECRETS_{source.upper()} with "
                f"the one at {source}",
                now=now,
            )
    events.set_fact(session, _FACT, {"sources": kept})


def counts(session: Session, day: date) -> dict[str, int]:
    """How many were refused in the last week, by source."""
    return {source: sum(days.values()) for source, days in _kept(events.fact(session, _FACT), day).items()}


def review(session: Session, now: datetime) -> None:
    """A source of which none was refused today is well again."""
    standing = [each.cause for each in events.open_alerts(session) if each.cause.startswith("webhook-refused:")]
    if standing:
        kept = _kept(events.fact(session, _FACT), now.date())
        for cause in standing:
            if now.date().isoformat() not in kept.get(cause.partition(":")[2], {}):
                alerts.mended(session, cause, now)


def _kept(fact: dict[str, dict[str, dict[str, int]]] | None, day: date) -> dict[str, dict[str, int]]:
    """By source and day, without what is too old to be shown."""
    oldest = (day - _SHOWN).isoformat()
    sources = (fact or {"sources": {}})["sources"]
    left = {source: {on: count for on, count in days.items() if on > oldest} for source, days in sources.items()}
    return {source: days for source, days in left.items() if days}
