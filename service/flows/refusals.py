"""Who turns us away by policy: one domain, which is paused, or so many that it must be us. And when that is over.

A policy is never the lead's fault, so nobody is suppressed. A pause grows with each refusal after it ended, as the
delays of a refused mail do; then one mail finds out for all that wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from service.flows import alerts, backlog, channel
from service.flows.services import Services
from service.mail.transport import SendResult
from service.store import domain_pauses, outbox
from service.store.attempts import PRIMARY
from service.store.domain_pauses import BY_FALLBACK, DOWN, FALLBACK_REFUSED, REFUSED
from service.store.leaving import Leaving
from service.store.tables import DomainPause, Message

_REFUSED = (REFUSED, FALLBACK_REFUSED)
_SEVERAL = 3  # domains
_WITHIN = timedelta(hours=1)


def turned_away(
    session: Session, services: Services, message: Message, way: str, result: SendResult, now: datetime
) -> datetime | None:
    """A domain refused this mail by policy. Returns until when it is paused; None when so many did that it is us.

    A domain is paused for both ways out: its no is not got round. That it is us is known of one way only, whose name
    and addresses they refuse; the other may still be welcome.
    """
    domain_pauses.hold(session)
    key, refused = services.domain_key(message.recipient), _refused(way)
    rows = domain_pauses.of(session, [key, REFUSED, FALLBACK_REFUSED])
    us, pause = rows.get(refused), rows.get(key)
    if us is not None and us.strikes:
        return None
    if pause is None:
        pause = DomainPause(key=key, strikes=0, since=now, until=now)
        session.add(pause)
    if now >= pause.until:  # the mails in flight together are refused for one reason, not for several
        pause.strikes += 1
        pause.until = now + services.retries.delay(pause.strikes)
    session.flush()
    long_ago = now - _WITHIN
    since = max([long_ago, *(row.since for row in rows.values() if row.key in _REFUSED)])
    together = domain_pauses.begun_after(session, since)
    said = f"{message.id}: {result.code}{f' {result.enhanced}' if result.enhanced else ''}"
    if len(together) >= _SEVERAL:
        _it_is_us(session, refused, us, together, said, now)
        return None
    alerts.tell(
        session,
        _cause(key),
        dutch=f"Een domein van ontvangers weigert onze mail om zijn beleid (bericht {said}). Mail daarheen "
        "wacht, en we proberen het steeds opnieuw.",
        english=f"a domain of recipients refuses our mail by policy (message {said}); mail to it waits, and we keep "
        "trying",
        now=now,
    )
    return pause.until


def taken(session: Session, services: Services, mails: Sequence[tuple[str, str]], now: datetime) -> bool:
    """Mail to these recipients was taken, each by its way: nothing is held against domains or ways any more. Was there
    anything?"""
    ways = {(services.domain_key(recipient), way) for recipient, way in mails}
    known = domain_pauses.of(session, [key for key, way in ways for key in _about(key, way)])
    told = [each for each in sorted(ways) if _stands([known[key] for key in _about(*each) if key in known], now)]
    for key, way in told:
        _was_taken(session, services, key, way, now)
    return bool(told)


def _about(key: str, way: str) -> list[str]:
    return [key, _refused(way), *_told(way)]


def _told(way: str) -> list[str]:
    return [DOWN, BY_FALLBACK] if way == PRIMARY else [DOWN]


def _was_taken(session: Session, services: Services, key: str, way: str, now: datetime) -> None:
    refused = _refused(way)
    domain_pauses.hold(session)
    rows = domain_pauses.of(session, _about(key, way))
    if key in rows:
        _forget(session, rows[key], now)
    us = rows.get(refused)
    if us is not None and us.strikes:
        us.strikes = 0  # the row stays: who refused before it began counts no more
        if services.open_fallback is None:
            backlog.way_out_again(session, services, refused, now)
        else:
            alerts.mended(session, refused, now)  # mail may have left by the other way: this was no gap
    # Told by a sender that found out nothing since, and may be gone.
    if any(row.until <= now for row in rows.values() if row.key in _told(way)):
        channel.mended(session, services, way, now)


def forget_old(session: Session, services: Services, now: datetime) -> None:
    """What is over though no mail shows it: the alert about a first way out that works again, and domains that nothing
    was sent to for so long after their pause that no mail can be waiting for them."""
    domain_pauses.hold(session)
    channel.review(session, now)
    for pause in domain_pauses.ended_before(session, now - services.retries.give_up):
        _forget(session, pause, now)


@dataclass(frozen=True, kw_only=True)
class PutOff:
    """What becomes of a mail that may not go to its domain now: `until` is when to look again, None is never."""

    until: datetime | None


class Watch:
    """Which domains of one group of mails are paused, and which of them have their one mail that tries."""

    def __init__(self, session: Session, services: Services, messages: Sequence[Leaving], now: datetime) -> None:
        self._keys = {message.recipient: services.domain_key(message.recipient) for message in messages}
        keys = set(self._keys.values())
        self._services, self._now = services, now
        self._pauses = domain_pauses.of(session, keys)
        self._trying: set[str] = set()
        if any(pause.until <= now for pause in self._pauses.values()):
            domain_pauses.hold(session)  # of two groups at once one sees what the other began
            self._pauses = domain_pauses.of(session, keys)
            self._trying = {services.domain_key(recipient) for recipient in outbox.recipients_in_flight(session)}

    def put_off(self, message: Leaving) -> PutOff | None:
        """None when the mail may go; it then counts as the one that tries, where its domain was paused."""
        key = self._keys[message.recipient]
        pause = self._pauses.get(key)
        if pause is None:
            return None
        until = pause.until
        if until <= self._now:
            if key not in self._trying:
                self._trying.add(key)
                return None
            until = self._now + self._services.retries.first
        waits_since = max(message.planned_at, pause.since)
        return PutOff(until=until if until <= waits_since + self._services.retries.give_up else None)


def _refused(way: str) -> str:
    return REFUSED if way == PRIMARY else FALLBACK_REFUSED


def _it_is_us(
    session: Session, refused: str, us: DomainPause | None, together: list[DomainPause], said: str, now: datetime
) -> None:
    """The channel rests instead of the domains; each of them is tried with one mail when it goes on."""
    for pause in together:
        pause.until = now
    if us is None:
        us = DomainPause(key=refused, strikes=0, since=now, until=now)
        session.add(us)
    us.strikes, us.since, us.until = 1, now, now
    alerts.tell(
        session,
        refused,
        dutch=f"Meer dan een paar domeinen weigeren onze mail om hun beleid (het laatst bericht {said}). "
        "Waarschijnlijk ligt het aan ons: kijk met nurture doctor. Er gaat niets verloren; we proberen het steeds "
        "met één mail.",
        english=f"several domains refuse our mail by policy (last message {said}), so it is probably us: see nurture "
        "doctor; nothing is lost, we keep trying with one mail at a time",
        now=now,
    )


def _stands(rows: Iterable[DomainPause], now: datetime) -> bool:
    return any(
        row.key not in domain_pauses.ABOUT_US
        or (row.key in _REFUSED and row.strikes > 0)
        or (row.key not in _REFUSED and row.until <= now)
        for row in rows
    )


def _forget(session: Session, pause: DomainPause, now: datetime) -> None:
    alerts.mended(session, _cause(pause.key), now)
    session.delete(pause)


def _cause(key: str) -> str:
    return f"domain-refuses:{key[:8]}"
