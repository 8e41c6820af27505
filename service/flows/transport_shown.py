"""How mail leaves and what comes back, as staff may see it: no user, password or key is in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import Session

from service.domain.limits import Limit
from service.domain.send_limits import WARM_UP_DAYS, grown
from service.flows import brake, mailboxes, refused_webhooks
from service.flows.doctor_mail import Way
from service.flows.services import Services
from service.mail.providers import PROVIDERS
from service.store import domain_pauses, events, hand_overs
from service.store.domain_pauses import BY_FALLBACK, DOWN

_FAULTS = 5
BOOKING_SOURCES = ("calcom", "calendly", "generic")
State = Literal["none", "file", "down", "fallback", "ok"]


@dataclass(frozen=True, kw_only=True)
class WayShown:
    """One way out: `word` is how tests name it, `place` where it goes, without any secret."""

    word: str
    kind: Literal["file", "server", "provider"]
    place: str
    secured: bool
    in_use: bool


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A try that was not taken: when, at which stage, and the other side's code."""

    at: datetime
    stage: str
    code: str
    outcome: str


@dataclass(frozen=True, kw_only=True)
class BoxShown:
    """A mailbox that is read; `fault`: it could not be, lately."""

    name: str
    host: str
    fault: bool


@dataclass(frozen=True, kw_only=True)
class HookShown:
    """Somebody who tells us of mails or bookings: whether a secret is set, and how often one was refused lately."""

    source: str
    is_set: bool
    refused: int


@dataclass(frozen=True, kw_only=True)
class TransportShown:
    """All of it. `warm_up`: how many mails may leave today while the sender warms up, None where it does not."""

    ways: tuple[WayShown, ...]
    state: State
    paused: bool
    sender: str
    signed_by: str  # the DKIM selector, "" for none
    everyone: tuple[Limit, ...]
    domain: tuple[Limit, ...]
    warm_up: int | None
    last_accepted: datetime | None
    faults: tuple[Fault, ...]
    boxes: tuple[BoxShown, ...]
    hooks: tuple[HookShown, ...]


def shown(session: Session, services: Services, real_now: datetime) -> TransportShown:
    """As it stands now. It asks nobody outside."""
    state = state_of(session, services)
    causes = {each.cause for each in events.open_alerts(session)}
    refused = refused_webhooks.counts(session, services.clock.now().date())
    held = brake.state(session)
    return TransportShown(
        ways=tuple(_way(way, state) for way in services.ways),
        state=state,
        paused=held.all_mail or held.follow_ups,
        sender=services.mail_from,
        signed_by=services.dkim.selector if services.dkim else "",
        everyone=services.send_limits.everyone,
        domain=services.send_limits.domain,
        warm_up=_warm_up(session, services, real_now),
        last_accepted=hand_overs.last_accepted_at(session),
        faults=tuple(
            Fault(
                at=each.closed_at or each.opened_at,
                stage=each.stage or "",
                code=each.enhanced or (str(each.code) if each.code else ""),
                outcome=each.outcome or "",
            )
            for each in hand_overs.last_faults(session, _FAULTS)
        ),
        boxes=tuple(
            BoxShown(name=each.name, host=each.mailbox.host, fault=f"mailbox-unreachable:{each.name}" in causes)
            for each in mailboxes.boxes(services)
        ),
        hooks=tuple(_hooks(services, refused)),
    )


def state_of(session: Session, services: Services) -> State:
    """Which way mail goes now, in a word."""
    rows = domain_pauses.of(session, [DOWN, BY_FALLBACK])
    if DOWN in rows:
        return "down"
    if BY_FALLBACK in rows and rows[BY_FALLBACK].strikes:
        return "fallback"
    if not services.ways:
        return "none"
    return "file" if services.ways[0].url.directory is not None else "ok"


def _way(way: Way, state: State) -> WayShown:
    url = way.url
    fallback = way.word == "mail-fallback"
    in_use = state != "down" and fallback == (state == "fallback")
    if url.provider is not None:
        return WayShown(word=way.word, kind="provider", place=url.scheme, secured=True, in_use=in_use)
    if url.directory is not None:
        return WayShown(word=way.word, kind="file", place="", secured=True, in_use=in_use)
    place = f"{url.host}:{url.port}"
    return WayShown(word=way.word, kind="server", place=place, secured=url.tls != "none", in_use=in_use)


def _warm_up(session: Session, services: Services, real_now: datetime) -> int | None:
    first_day = services.send_limits.warm_up
    if first_day is None:
        return None
    began = events.fact(session, "warm_up")
    warming_for = real_now - datetime.fromisoformat(began["since"]) if began else timedelta(0)
    if warming_for >= timedelta(days=WARM_UP_DAYS):
        return None
    return grown(first_day, max(warming_for.days, 0))


def _hooks(services: Services, refused: dict[str, int]) -> list[HookShown]:
    """Those of the providers in use, those with a secret, and whoever was refused."""
    used = {way.url.scheme for way in services.ways if way.url.provider is not None}
    names = [*PROVIDERS, *BOOKING_SOURCES]
    return [
        HookShown(source=name, is_set=bool(services.webhook_secrets.get(name)), refused=refused.get(name, 0))
        for name in names
        if name in used or services.webhook_secrets.get(name) or refused.get(name)
    ]
