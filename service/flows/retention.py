"""What we keep no longer: once a day, in batches, each row by a rule that docs/privacy.md names (ACCEPTANCE P3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any

import structlog
from sqlmodel import Session
from sqlmodel.sql.expression import SelectOfScalar

from service.flows import privacy, publishing
from service.flows.services import Services
from service.store import events, leads, retention
from service.store.db import real_now

FACT = "retention"
_BATCH = 500
NO_CONSENT, LAST_MAIL = "no_consent", "last_mail"
log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class _Rule:
    """Rows over their time, and what is done with them."""

    old: Callable[[datetime], SelectOfScalar[int]]
    remove: Callable[[Session, Sequence[int]], int]


_EVENTS: Mapping[str, _Rule] = MappingProxyType(
    {
        "timeline": _Rule(old=retention.old_timeline, remove=retention.remove_timeline),
        "answers_of_servers": _Rule(old=retention.old_answers, remove=retention.remove_answers),
        "alerts": _Rule(old=retention.old_alerts, remove=retention.remove_alerts),
        "booking_events": _Rule(old=retention.old_booking_events, remove=retention.remove_booking_events),
        "feedback": _Rule(old=retention.old_feedback, remove=retention.remove_feedback),
        "bookings_of_nobody": _Rule(old=retention.old_bookings_of_nobody, remove=retention.remove_bookings),
        "staff_mails": _Rule(old=retention.old_staff_mails, remove=retention.remove_staff_mails),
    }
)


@dataclass(frozen=True, kw_only=True)
class Report:
    """What is over its time: leads by the rule that ends them, requests of people erased since, and events counted.

    Lead ids and numbers alone, so that it may be kept and shown.
    """

    at: datetime
    dry_run: bool
    leads: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    requests: tuple[int, ...] = ()
    events: Mapping[str, int] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """How many, by rule."""
        found = {why: len(ids) for why, ids in self.leads.items()}
        return found | {"requests": len(self.requests), **self.events}

    def as_json(self) -> dict[str, Any]:
        """One object; `leads` is a list of `{"lead", "why"}`."""
        return {
            "at": self.at.isoformat(),
            "dry_run": self.dry_run,
            "leads": [{"lead": each, "why": why} for why, ids in self.leads.items() for each in ids],
            "requests": list(self.requests),
            "events": dict(self.events),
        }


def look(session: Session, services: Services, now: datetime) -> Report:
    """What a run would remove now; changes nothing."""
    terms = services.retention
    return Report(
        at=now,
        dry_run=True,
        leads={
            NO_CONSENT: tuple(sorted(leads.to_erase(session, now, None))),
            LAST_MAIL: tuple(retention.leads_after_last_mail(session, now - terms.after_last_mail)),
        },
        requests=tuple(retention.requests_of_nobody(session, now - terms.events)),
        events={
            name: retention.count(session, rule.old(_before(session, services, name, now)))
            for name, rule in _EVENTS.items()
        },
    )


def run(services: Services, now: datetime, *, actor: str = "service") -> Report:
    """Remove it, in batches, so that nobody waits long for the writer. Several at once share the work.

    Returns what this run removed, and keeps how much of it in the audit log. A run that is cut short has removed what
    it had come to; the next one goes on.
    """
    # Before the leads, whose events go with them: so a run counts what a look at it did.
    happened = {name: _forget(services, name, rule, now) for name, rule in _EVENTS.items()}
    erased = {
        NO_CONSENT: erase_expired(services, now),
        LAST_MAIL: _erase_after_last_mail(services, now),
    }
    report = Report(
        at=now,
        dry_run=False,
        leads=erased,
        requests=_forget_requests(services, now),
        events=happened,
    )
    with services.database.transaction() as session:
        events.hold_fact(session, FACT)
        events.set_fact(session, FACT, {"day": _day(session, services, now)})
        events.audit(session, actor, "retention run", now, **report.counts())
    services.database.forget_for_good()
    log.info("retention run", **report.counts())
    return report


def erase_expired(services: Services, now: datetime) -> tuple[int, ...]:
    """Erase whoever has no consent and whose time is over; housekeeping does it each minute. Returns lead ids."""
    gone: list[int] = []
    while True:
        with services.database.transaction() as session:
            batch = privacy.erase_expired(session, services, now)
        if not batch:
            return tuple(sorted(gone))
        gone += batch


def daily(services: Services, now: datetime) -> None:
    """Run, unless somebody did on this local day of the practice; before anything is published nothing is there."""
    with services.database.reading() as session:
        if publishing.nothing_published(session):
            return
        done = (events.fact(session, FACT) or {}).get("day")
        today = _day(session, services, now)
    if done != today:
        run(services, now)


def _day(session: Session, services: Services, now: datetime) -> str:
    return services.published.calendar(session).local_day(now).isoformat()


def _before(session: Session, services: Services, name: str, now: datetime) -> datetime:
    """Attempts are dated by real time, as their leases are; the demo's clock is ahead of it."""
    return (real_now(session) if name == "answers_of_servers" else now) - services.retention.events


def _erase_after_last_mail(services: Services, now: datetime) -> tuple[int, ...]:
    """Looked for while others write, for it takes long; then a batch at a time, each looked at once more."""
    before = now - services.retention.after_last_mail
    with services.database.reading() as session:
        due = retention.leads_after_last_mail(session, before)
    gone: list[int] = []
    for start in range(0, len(due), privacy.BATCH):
        batch = due[start : start + privacy.BATCH]
        with services.database.transaction() as session:
            find = partial(retention.leads_after_last_mail, before=before, among=batch)
            gone += privacy.erase_those(session, services, find, "long after the last mail", now)
    return tuple(gone)


def _forget_requests(services: Services, now: datetime) -> tuple[int, ...]:
    gone: list[int] = []
    while True:
        with services.database.transaction() as session:
            batch = retention.requests_of_nobody(session, now - services.retention.events, _BATCH)
            retention.remove_requests(session, batch)
        if not batch:
            return tuple(gone)
        gone += batch


def _forget(services: Services, name: str, rule: _Rule, now: datetime) -> int:
    gone, last = 0, 0
    while True:
        with services.database.transaction() as session:
            old = rule.old(_before(session, services, name, now))
            (number,) = old.selected_columns
            # From the last one on: those before it were looked at, and may be many.
            ids = session.exec(old.where(number > last).order_by(number).limit(_BATCH)).all()
            gone += rule.remove(session, ids) if ids else 0
        if not ids:
            return gone
        last = ids[-1]
