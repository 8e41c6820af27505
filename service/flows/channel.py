"""Is a way out open? After a fault of ours it rests, and one mail at a time finds out whether it works again."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlmodel import Session

from service.flows import alerts, backlog
from service.flows.services import Services
from service.mail.transport import SendResult
from service.store import domain_pauses
from service.store.attempts import PRIMARY
from service.store.domain_pauses import BY_FALLBACK, DOWN
from service.store.tables import DomainPause

_QUIET = timedelta(minutes=10)  # twice the longest rest: by then every sender has tried again
_REST_SECONDS = (5, 15, 60, 300)
_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        DOWN: (
            "De mail gaat nu niet de deur uit ({said}). Er gaat niets verloren; we proberen het steeds opnieuw.",
            "mail cannot be handed over ({said}); nothing is lost, we keep trying",
        ),
        BY_FALLBACK: (
            "De mail gaat nu langs NURTURE_MAIL_FALLBACK_URL, want NURTURE_MAIL_URL werkt niet ({said}).",
            "mail goes by NURTURE_MAIL_FALLBACK_URL now, for NURTURE_MAIL_URL does not work ({said})",
        ),
    }
)


class Channel:
    """What one sender knows of one of its transports: whether it rests after a fault of ours, and for how long.

    Kept in memory: of several workers each finds out with a mail of its own. Bound to one event loop.
    """

    def __init__(self) -> None:
        self.probing = asyncio.Lock()
        self._faults = 0
        self._proven = False  # until a mail was taken: the alert of a sender before this one may still stand
        self._rests_until = 0.0
        self._asked_for = 0.0  # the other side's own word on it
        self._is_checked = False  # since the last fault

    @property
    def is_open(self) -> bool:
        """May a hand-over begin now?"""
        return asyncio.get_running_loop().time() >= max(self._rests_until, self._asked_for)

    @property
    def is_faulty(self) -> bool:
        """Did the last mail fail by a fault of ours? Then a single one goes, under `probing`."""
        return self._faults > 0

    @property
    def wants_check(self) -> bool:
        """Is its rest over, and did nobody ask yet, without a mail, whether it works again?"""
        return self.is_open and self.is_faulty and not self._is_checked

    @property
    def is_proven(self) -> bool:
        """Was a mail taken since the last fault? Before that, no more than one at a time is risked."""
        return self._proven and not self._faults

    @property
    def is_turn_of_urgent(self) -> bool:
        """Who tries after a fault, by turns: an advice that alone meets it would be the one that tries each time."""
        return self._faults % 2 == 1

    def note(self, *, fault: bool, rest: timedelta | None = None) -> bool:
        """Learn whether a mail met a fault of the channel. True when the channel works again: its alert is over.

        `rest` is how long the other side asks to be left alone, after a fault; it may lengthen the channel's own rest.
        """
        if fault:
            self._proven = self._is_checked = False
            time = asyncio.get_running_loop().time()
            if rest is not None:
                self._asked_for = max(self._asked_for, time + rest.total_seconds())
            if time >= self._rests_until:  # the mails in flight together all fail of one fault
                self._rests_until = time + _REST_SECONDS[min(self._faults, len(_REST_SECONDS) - 1)]
                self._faults += 1
            return False
        mended = not self.is_proven
        self._faults, self._proven, self._rests_until = 0, True, 0.0  # what was asked for stands
        return mended

    def passed(self) -> None:
        """A check found nothing in the way: now a mail may try, unless one failed meanwhile."""
        self._is_checked = self.is_open


def tell(session: Session, causes: Collection[str], result: SendResult, now: datetime) -> None:
    """One alert for as long as nothing can be handed over, and one for as long as it goes by the second way."""
    domain_pauses.hold(session)
    rows = domain_pauses.of(session, causes)
    said = f"{result.stage}{f' {result.code}' if result.code else ''}: {result.text}"
    for cause in causes:
        row = rows.get(cause)
        if row is None:
            row = DomainPause(key=cause, strikes=0, since=now, until=now)
            session.add(row)
        row.strikes += 1
        row.until = now + _QUIET  # a mail that another sender hands over after that shows that it is over
        dutch, english = _WORDS[cause]
        alerts.tell(session, cause, dutch=dutch.format(said=said), english=english.format(said=said), now=now)


def mended(session: Session, services: Services, name: str, now: datetime) -> None:
    """A mail left by this way: what stood against it is over, whichever process told it.

    The first way is well when nobody met a fault of it for a while: one that comes and goes is told once.
    """
    domain_pauses.hold(session)
    rows = domain_pauses.of(session, [DOWN, BY_FALLBACK])
    if DOWN in rows:
        session.delete(rows[DOWN])
    backlog.way_out_again(session, services, DOWN, now)
    if name == PRIMARY and BY_FALLBACK in rows:
        rows[BY_FALLBACK].strikes = 0
        _end_by_fallback(session, rows[BY_FALLBACK], now)


def review(session: Session, now: datetime) -> None:
    """The first way may be well for long by now, and have had no mail since."""
    domain_pauses.hold(session)
    row = domain_pauses.of(session, [BY_FALLBACK]).get(BY_FALLBACK)
    if row is not None:
        _end_by_fallback(session, row, now)


def _end_by_fallback(session: Session, row: DomainPause, now: datetime) -> None:
    if row.strikes == 0 and row.until <= now:
        session.delete(row)
        alerts.mended(session, BY_FALLBACK, now)  # mail left all the while: no gap
