"""Each Monday at eight the owner gets last week's figures: counts alone, nothing of any lead.

The mail is a row of the ledger, once for each week and recipient, so that many workers make one. A service that was
down, or whose clock jumped, tells the newest week alone: nobody wants four of these at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlmodel import Session

from service.domain.calendar import Calendar
from service.flows import answers_to_read, results, weekly_words
from service.flows.drafts import WEEKLY
from service.flows.messages import add_service_mail
from service.flows.published import NAMES
from service.flows.services import Services
from service.store import bookings, events, message_rows, sequences
from service.store.db import notify_sender

AT = time(8)
_WEEK = timedelta(days=7)
_FACT = "weekly_mail"


@dataclass(frozen=True, kw_only=True)
class _Due:
    """The week to tell of, by its Monday, and since when that has been due."""

    monday: date
    since: datetime

    @property
    def cause(self) -> str:
        """Such as `week:2026-W48` (ISO 8601, section 5.2.4): once for each recipient."""
        year, week, _ = self.monday.isocalendar()
        return f"week:{year}-W{week:02}"


def send_where_due(services: Services, now: datetime) -> bool:
    """Put last week's mail into the outbox where it is time to, and nobody did. Returns whether it did.

    Not before anything is published, nor about a week that was over by then.
    """
    if not services.weekly_mail:
        return False
    with services.database.reading() as session:
        if not {(kind, NAMES[kind]) for kind in ("mails", "practice")} <= sequences.live_ids(session).keys():
            return False
        due = _newest(services.published.calendar(session), now)
        kept = _begun(events.fact(session, _FACT), now)
        if kept and (kept["told"] == due.cause or due.since <= datetime.fromisoformat(kept["from"])):
            return False
        if not services.published.has_mail(session, services.published.live_service_mails(session), WEEKLY):
            return False  # a content folder of before there was this mail
    if kept is None:
        _begin(services, now)
        return False
    with services.database.reading() as session:  # counted before the transaction: it may take a second
        week = _week(session, services, due)
    with services.database.transaction() as session:
        return _send(session, services, due, week, now)


def _newest(calendar: Calendar, now: datetime) -> _Due:
    """The last Monday at eight that has passed, on the practice's clock, and the week before it."""
    day = calendar.local_day(now)
    monday = day - timedelta(days=day.weekday())
    if calendar.instant(monday, AT) > now:
        monday -= _WEEK
    return _Due(monday=monday - _WEEK, since=calendar.instant(monday, AT))


def _begin(services: Services, now: datetime) -> None:
    """From here on: whoever switches this on in mid-week gets the first one on the next Monday."""
    with services.database.transaction() as session:
        if _begun(events.hold_fact(session, _FACT), now) is None:
            events.set_fact(session, _FACT, {"from": now.isoformat(), "told": None})


def _begun(kept: dict[str, Any] | None, now: datetime) -> dict[str, Any] | None:
    """Since when weeks are told; None where nobody began, or by a clock that was ahead."""
    return kept if kept and datetime.fromisoformat(kept["from"]) <= now else None


def _week(session: Session, services: Services, due: _Due) -> dict[str, Any]:
    """What the mail is filled in with."""
    calendar = services.published.calendar(session)
    before, begins, ends = (calendar.instant(due.monday + _WEEK * number, time()) for number in (-1, 0, 1))
    found = results.results(session, services, begins, ends)
    earlier = {each.sequence: each for each in results.results(session, services, before, begins)}
    return {
        "name": weekly_words.name(due.monday),
        "lines": [line for each in found for line in weekly_words.lines(each, earlier.get(each.sequence))],
        "note": weekly_words.note(found),
        "waiting": weekly_words.waiting(
            requests=bookings.count_open(session),
            to_read=answers_to_read.count(session),
            mails=sum(message_rows.count_in(session, ("held", "unknown")).values()),
        ),
        "url": f"{services.base_url}/studio/results?weeks=4",
    }


def _send(session: Session, services: Services, due: _Due, week: dict[str, Any], now: datetime) -> bool:
    kept = events.hold_fact(session, _FACT) or {}
    told = kept.get("told") == due.cause or message_rows.has_cause(session, due.cause)
    events.set_fact(session, _FACT, {**kept, "told": due.cause})
    if told:  # by another worker meanwhile, or before the clock was set back
        return False
    _, practice = services.published.live_practice(session)
    for recipient in dict.fromkeys(services.alert_to or practice.staff):
        add_service_mail(
            session,
            services,
            cause=due.cause,
            template=WEEKLY,
            recipient=recipient,
            now=now,
            extra={"week": week},
        )
    notify_sender(session)
    return True
