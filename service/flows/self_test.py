"""Once a day the service presses its own way out, as a mail program would (RFC 8058), and tells staff when it is shut.

The lead it does that for is made for the occasion and gone a moment later. Its address lies in `.invalid` (RFC 2606),
it asked for nothing and agreed to nothing: so there is no mail to it, no receipt of it, and it counts nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
import structlog
from sqlmodel import Session, col, delete

from service.domain.lead import SuppressionReason
from service.flows import alerts
from service.flows.published import NAMES
from service.flows.services import Services
from service.mail.links import new_public_id
from service.store import events, leads, sequences, suppressions
from service.store.db import real_now
from service.store.tables import Lead, TimelineEntry

EVERY, AFTER_A_FAULT = timedelta(days=1), timedelta(hours=1)
_LONG_OVER = timedelta(minutes=1)  # by then a test has come to its end, or never will
_DOMAIN = "self-test.invalid"
_FACT, _CAUSE = "self_test", "self-test"
_BY_HAND = "self_test_by_hand"
_SECONDS = 10.0
log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Why the way out is shut, as the end of a sentence."""

    english: str
    dutch: str


def run_where_due(services: Services) -> None:
    """Test the way out where it is time to: each day of real time, each hour while it is shut. One process does it.

    Where it is tested no more, what was told of it is over: nobody would find that it works again.
    """
    if not services.self_test:
        with services.database.transaction() as session:
            alerts.mended(session, _CAUSE, services.clock.now())
        return
    with services.database.transaction() as session:
        lead = _begin(session, services)
    if lead is None:
        return
    fault = _press(_link(services, lead))
    with services.database.transaction() as session:
        fault = fault or _not_here(session, services, lead.address)
        _end(session, services, lead.address, fault)


def press_now(services: Services) -> Fault | None:
    """Test it once, whatever the time, for a person who looks: None when it works. Others may look at the same time.

    Nobody else is told, and nothing of it stays. Something must be published, or no page can be shown.
    """
    with services.database.transaction() as session:
        tests, now = _by_hand(session), real_now(session)
        for address, began in tests.copy().items():
            if now - datetime.fromisoformat(began) > _LONG_OVER:  # it never came to its end
                _remove(session, services, address)
                del tests[address]
        lead = _made_up(session, services)
        events.set_fact(session, _BY_HAND, {"tests": tests | {lead.address: now.isoformat()}})
    fault = _press(_link(services, lead))
    with services.database.transaction() as session:
        tests = _by_hand(session)
        fault = fault or _not_here(session, services, lead.address)
        _remove(session, services, lead.address)
        if left := {address: began for address, began in tests.items() if address != lead.address}:
            events.set_fact(session, _BY_HAND, {"tests": left})
        else:
            events.forget_fact(session, _BY_HAND)
    return fault


def _by_hand(session: Session) -> dict[str, str]:
    """Tests of people that were begun, each by its address: when that was. Nobody else changes them meanwhile."""
    return dict((events.hold_fact(session, _BY_HAND) or {}).get("tests", {}))


def _link(services: Services, lead: Lead) -> str:
    return f"{services.base_url}/u/{services.keyring.sign('u', lead.public_id)}"


def _begin(session: Session, services: Services) -> Lead | None:
    """The lead to test with; None where it is not time yet. Whoever else looks now finds it begun.

    Before anything is published no mail with a link can have left, and no page can be shown.
    """
    if sequences.live(session, "practice", NAMES["practice"]) is None:
        return None
    kept = events.hold_fact(session, _FACT)
    now = real_now(session)
    if kept:
        again = AFTER_A_FAULT if kept["faulty"] else EVERY
        if timedelta(0) <= now - datetime.fromisoformat(kept["at"]) < again:  # not by a clock that was ahead
            return None
    if kept and kept["address"]:  # that test never came to its end
        _remove(session, services, kept["address"])
    lead = _made_up(session, services)
    faulty = bool(kept and kept["faulty"])
    events.set_fact(session, _FACT, {"at": now.isoformat(), "address": lead.address, "faulty": faulty})
    return lead


def _made_up(session: Session, services: Services) -> Lead:
    moment = services.clock.now()
    lead = Lead(
        public_id=new_public_id(),
        address=f"{new_public_id().lower()}@{_DOMAIN}",
        created_at=moment,
        erase_at=moment + EVERY,
    )
    session.add(lead)
    session.flush()
    return lead


def _press(url: str) -> Fault | None:
    """The post of a mail program: no cookie, nothing followed, nothing read of the body. No transaction is open."""
    form = {"List-Unsubscribe": "One-Click"}
    try:
        with httpx.stream("POST", url, data=form, timeout=_SECONDS, follow_redirects=False) as answer:
            status, headers = answer.status_code, answer.headers
    except httpx.TimeoutException:
        return Fault(
            english=f"no answer within {_SECONDS:.0f} seconds", dutch=f"geen antwoord in {_SECONDS:.0f} seconden"
        )
    except httpx.HTTPError as error:
        kind = type(error).__name__
        return Fault(english=f"it cannot be reached ({kind})", dutch=f"niet te bereiken ({kind})")
    if status != httpx.codes.OK:
        return Fault(
            english=f"it answered {status} instead of 200", dutch=f"het antwoord was {status} in plaats van 200"
        )
    unwanted = next((name for name in ("Location", "Set-Cookie") if name in headers), None)
    if unwanted:
        return Fault(
            english=f"something in between adds {unwanted} to the answer",
            dutch=f"iets onderweg zet {unwanted} bij het antwoord",
        )
    return None


def _not_here(session: Session, services: Services, address: str) -> Fault | None:
    """Somebody answered well; None where that was us, who keep the withdrawal."""
    hmac = services.hmac(address)
    kept = suppressions.of(session, [hmac]).get(hmac, [])
    if any(each.reason == SuppressionReason.UNSUBSCRIBE for each in kept):
        return None
    return Fault(
        english="it answered 200, but nothing was withdrawn here: another installation answers there",
        dutch="het antwoord was goed, maar hier is niets afgemeld: daar antwoordt een andere installatie",
    )


def _end(session: Session, services: Services, address: str, fault: Fault | None) -> None:
    kept = events.hold_fact(session, _FACT) or {}
    _remove(session, services, address)
    events.set_fact(session, _FACT, {**kept, "address": None, "faulty": fault is not None})
    now = services.clock.now()
    if fault is None:
        alerts.mended(session, _CAUSE, now)
        return
    log.error("self-test failed", fault=fault.english)
    alerts.tell(
        session,
        _CAUSE,
        dutch=f"Afmelden met één klik werkt niet: {fault.dutch}. Open {services.base_url}/healthz in een browser. "
        "Klopt NURTURE_BASE_URL, en het certificaat en de proxy ervoor? De dienst probeert het elk uur opnieuw.",
        english=f"unsubscribing with one click does not work: {fault.english}. Open {services.base_url}/healthz in a "
        "browser; check NURTURE_BASE_URL, the certificate, and the proxy in front. It is tried again each hour.",
        now=now,
    )


def _remove(session: Session, services: Services, address: str) -> None:
    """All that a test leaves; nothing of it is kept, as nobody stands behind it."""
    lead = leads.by_address(session, address)
    hmac = services.hmac(address)
    leads.lock(session, [lead.id] if lead else [], [hmac])
    suppressions.lift(session, hmac, SuppressionReason.UNSUBSCRIBE)
    if lead is not None:
        session.exec(delete(TimelineEntry).where(col(TimelineEntry.lead_id) == lead.id))
        session.exec(delete(Lead).where(col(Lead.id) == lead.id))
