"""Today's mails: what the first page of the studio tells of them, in counts alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlmodel import Session

from service.flows import brake
from service.flows.results import titles
from service.flows.services import Services
from service.store import today as store

_LISTED = 3  # moments at which mails are still to leave


@dataclass(frozen=True, kw_only=True)
class Sent:
    """How many mails of a step left today. `title` is what staff know it by."""

    title: str
    count: int


@dataclass(frozen=True, kw_only=True)
class SequenceToday:
    """One sequence today: what left by step, in the order of the steps, and how many are still to leave."""

    sequence: str
    title: str
    sent: tuple[Sent, ...]
    to_come: int

    @property
    def count(self) -> int:
        """How many left."""
        return sum(each.count for each in self.sent)


@dataclass(frozen=True, kw_only=True)
class Coming:
    """So many mails of a sequence are to leave at this moment, or as soon as may be where it has passed."""

    at: datetime
    title: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Today:
    """All sequences with anything today, and the next moments at which mails leave."""

    sequences: tuple[SequenceToday, ...]
    next: tuple[Coming, ...]

    @property
    def sent(self) -> int:
        """How many left."""
        return sum(each.count for each in self.sequences)

    @property
    def to_come(self) -> int:
        """How many are still to leave."""
        return sum(each.to_come for each in self.sequences)


def today(session: Session, services: Services, now: datetime) -> Today:
    """The practice's own day, from midnight to midnight."""
    calendar = services.published.calendar(session)
    day = calendar.local_day(now)
    begins, ends = (calendar.instant(each, time()) for each in (day, day + timedelta(days=1)))
    left = store.left(session, begins, ends)
    coming = store.coming(session, ends, brake.state(session))
    live = {each.sequence.name: each.sequence.title for each in services.published.live_sequences(session)}
    found = []
    for name in sorted({name for name, _ in (*left, *coming)}):
        subjects = titles(session, services, name)
        keys = list(subjects)
        mine = {key or (keys[0] if keys else ""): count for (sequence, key), count in left.items() if sequence == name}
        order = sorted(mine, key=lambda key: (keys.index(key) if key in keys else len(keys), key))
        found.append(
            SequenceToday(
                sequence=name,
                title=live.get(name, name),
                sent=tuple(Sent(title=subjects.get(key, key), count=mine[key]) for key in order),
                to_come=sum(count for (sequence, _), count in coming.items() if sequence == name),
            )
        )
    soonest = sorted((at, live.get(name, name), count) for (name, at), count in coming.items())[:_LISTED]
    return Today(
        sequences=tuple(found), next=tuple(Coming(at=at, title=title, count=count) for at, title, count in soonest)
    )
