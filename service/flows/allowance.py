"""What the limits on sending leave room for (ACCEPTANCE L12).

Each attempt is one row for a limit to count, written in the transaction that opens it, behind one lock: no two workers
count at once, so no stretch of time ever holds more than the limit. All of it is real time: the database's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from service.domain import mail_reasons
from service.domain.limits import Limit
from service.domain.send_limits import for_follow_ups
from service.flows.letting_go import LetGo
from service.flows.services import Services
from service.store import caps, events
from service.store.db import take_locks
from service.store.leaving import Leaving

_WARM_UP = "warm_up"  # the fact that keeps when the first mail left under it


@dataclass(kw_only=True)
class _Window:
    """One limit, and how much of it is used."""

    limit: Limit
    used: int

    def room(self, *, urgent: bool) -> int:
        """How many more may go."""
        return _part(self.limit, urgent=urgent).count - self.used


class Allowance:
    """What may still leave, in one hand-over transaction. Made when every lock but those of alerts is held."""

    def __init__(self, session: Session, services: Services, now: datetime, real_now: datetime) -> None:
        self._session, self._services = session, services
        self._now, self._real_now = now, real_now
        take_locks(session, ["limits:send"])
        self._overall = _overall(session, services, real_now)
        self._domains: dict[str, list[_Window]] = {}

    def put_off(self, mail: Leaving) -> LetGo | None:
        """None: it may go, and is counted. Else it is due again, now or when its domain has room."""
        urgent = mail.kind != "follow_up"
        domain = self._services.domain_key(mail.recipient)
        windows = self._windows(domain)
        if full := [each for each in windows if each.room(urgent=urgent) <= 0]:
            back_at = max(self._back_at(domain, each, urgent=urgent) for each in full)
            return LetGo(
                state="due", reason=mail_reasons.WAITS_FOR_LIMIT, due_at=self._now + (back_at - self._real_now)
            )
        if any(each.room(urgent=urgent) <= 0 for each in self._overall):
            return LetGo(state="due", reason=mail_reasons.WAITS_FOR_LIMIT)
        self._count(domain, windows)
        return None

    def _windows(self, domain: str) -> list[_Window]:
        if domain not in self._domains:
            limits = self._services.send_limits.domain
            self._domains[domain] = _windows(self._session, caps.SEND_DOMAIN, domain, limits, self._real_now)
        return self._domains[domain]

    def _back_at(self, domain: str, window: _Window, *, urgent: bool) -> datetime:
        limit = _part(window.limit, urgent=urgent)
        # As many newer ones as the limit allows: when this one leaves the window, one more may go.
        last = caps.newest(self._session, caps.SEND_DOMAIN, domain, limit.count)
        frees_at = (last or self._real_now) + timedelta(seconds=limit.seconds)
        line = (domain, window.limit, urgent)
        return self._services.pace.next(line, limit, frees_at=frees_at, real_now=self._real_now)

    def _count(self, domain: str, windows: list[_Window]) -> None:
        if self._overall:
            caps.count(self._session, caps.SEND, "", self._real_now)
        if windows:
            caps.count(self._session, caps.SEND_DOMAIN, domain, self._real_now)
        for each in (*self._overall, *windows):
            each.used += 1
        if self._services.send_limits.warm_up and events.fact(self._session, _WARM_UP) is None:
            events.set_fact(self._session, _WARM_UP, {"since": self._real_now.isoformat()})


def worth_taking(session: Session, services: Services, most: int, *, urgent: bool, real_now: datetime) -> int:
    """How many of `most` are worth taking; zero or less: nothing may go now.

    A look without a lock: the hand-over decides.
    """
    windows = _overall(session, services, real_now)
    return min([most, *(each.room(urgent=urgent) for each in windows)])


def forget(session: Session, services: Services, real_now: datetime) -> None:
    """Drop what no limit looks at any more. A warm-up taken out of the settings begins anew when it is back."""
    before = real_now - timedelta(seconds=services.send_limits.longest_seconds)
    caps.forget(session, [caps.SEND, caps.SEND_DOMAIN], before)
    if services.send_limits.warm_up is None:
        events.forget_fact(session, _WARM_UP)


def _overall(session: Session, services: Services, real_now: datetime) -> list[_Window]:
    limits = services.send_limits
    began = events.fact(session, _WARM_UP) if limits.warm_up else None
    warming_for = real_now - datetime.fromisoformat(began["since"]) if began else timedelta(0)
    return _windows(session, caps.SEND, "", limits.overall(warming_for), real_now)


def _windows(session: Session, scope: str, key: str, limits: tuple[Limit, ...], real_now: datetime) -> list[_Window]:
    return [_Window(limit=each, used=caps.used(session, scope, key, each.seconds, real_now)) for each in limits]


def _part(limit: Limit, *, urgent: bool) -> Limit:
    return limit if urgent else for_follow_ups(limit)
