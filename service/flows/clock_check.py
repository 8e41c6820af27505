"""A worker whose machine has another time than the database: it leaves follow-ups to others until it is right again.

Only PostgreSQL can tell: on SQLite all workers are on one machine, and there is no second clock to ask.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from service.domain.clock import RealClock
from service.flows import alerts
from service.flows.services import Services
from service.store import events, outbox
from service.store.db import real_now

TOLERANCE = timedelta(minutes=5)
_MINUTE = timedelta(minutes=1)
_CAUSE, _FACT = "clock-differs", "clock_differs"
_LEAP, _STANDS, _HOUSE_KEPT = timedelta(days=31), timedelta(days=1), "house_kept"


def is_wrong(session: Session, services: Services, now: datetime, moment: datetime | None = None) -> bool:
    """Is this machine's `now` more than five minutes from the database's? Never for the demo's clock.

    `moment` is the database's time, where the caller has just asked for it.
    """
    if services.database.is_sqlite or not isinstance(services.clock, RealClock):
        return False
    return abs((moment or real_now(session)) - now) > TOLERANCE


def right(session: Session, services: Services, now: datetime, moment: datetime | None = None) -> datetime:
    """This machine's `now`, or the database's where it is wrong; `moment` as above."""
    return (moment or real_now(session)) if is_wrong(session, services, now, moment) else now


def now(session: Session, services: Services) -> datetime:
    """As `right`, of this moment: for what a lead does, by which mails are dated."""
    return right(session, services, services.clock.now())


def right_now(services: Services) -> datetime:
    """The same by a look of its own: by what is dated so, people are erased and mail is passed over for its age."""
    with services.database.reading() as session:
        return now(session, services)


def has_leapt(session: Session, services: Services, now: datetime) -> bool:
    """Did time go on by more than a month since this was last asked, or within the last day? Asked each minute.

    Nobody ran for so long; or this is a clock that is wrong, where there is no second one to ask, and somebody will set
    it right. Until it has stood for a day nothing may go for its age that cannot be brought back. The demo's leaps.
    """
    if not isinstance(services.clock, RealClock):
        return False
    leapt_at = _leapt_at(events.hold_fact(session, _HOUSE_KEPT), now)
    events.set_fact(session, _HOUSE_KEPT, {"at": now.isoformat(), "leapt_at": leapt_at})
    return leapt_at is not None


def seems_to_have_leapt(services: Services) -> bool:
    """The same for whoever only looks, also before anybody else asked."""
    now = services.clock.now()
    with services.database.reading() as session:
        return isinstance(services.clock, RealClock) and _leapt_at(events.fact(session, _HOUSE_KEPT), now) is not None


def _leapt_at(kept: dict[str, Any] | None, now: datetime) -> str | None:
    if kept is None:
        return None
    leapt_at = now.isoformat() if now - datetime.fromisoformat(kept["at"]) > _LEAP else kept["leapt_at"]
    stands = leapt_at and timedelta(0) <= now - datetime.fromisoformat(leapt_at) < _STANDS
    return leapt_at if stands else None


def held_back(session: Session, services: Services, now: datetime, moment: datetime) -> outbox.Paused:
    """What this worker may not hand over: what the brake holds back, and no follow-up while its clock is wrong."""
    paused = outbox.paused(session)
    return replace(paused, follow_ups=True) if is_wrong(session, services, now, moment) else paused


def tell(session: Session, services: Services, now: datetime) -> bool:
    """Whether this worker's clock is wrong; tells it once.

    A wrong one says so again each minute, as of the database's time, so that any worker that is right can see when
    the last of them has stopped: then it is mended.
    """
    wrong = is_wrong(session, services, now)
    said = events.fact(session, _FACT)
    if not wrong and said is None:
        return False
    moment = real_now(session)
    silence = None if said is None else abs(moment - datetime.fromisoformat(said["at"]))  # it may have been ahead
    if wrong and (silence is None or silence >= _MINUTE):
        events.hold_fact(session, _FACT)
        events.set_fact(session, _FACT, {"at": moment.isoformat()})
        alerts.tell(
            session,
            _CAUSE,
            dutch="De klok van een computer die mail verstuurt loopt meer dan vijf minuten verkeerd. Die computer "
            "verstuurt geen vervolgmails tot de klok weer goed staat; het gevraagde advies gaat door.",
            english=f"a worker's clock is off by {_minutes(now - moment)} minutes; it sends no follow-ups until it "
            "is right again, advice goes on",
            now=moment,
        )
    elif not wrong and silence is not None and silence >= 3 * _MINUTE and events.hold_fact(session, _FACT) == said:
        events.forget_fact(session, _FACT)
        alerts.mended(session, _CAUSE, moment)
    return wrong


def _minutes(off: timedelta) -> int:
    return round(off.total_seconds() / 60)
