"""The advice once more, for somebody who cannot find it: through the ledger, as every other mail."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlmodel import Session

from service.domain.delivery import State
from service.domain.lead import Kind, SuppressionReason, may_receive
from service.errors import RefusedError
from service.flows import messages, opt_in_caps, resolving
from service.flows.services import Services
from service.store import events, leads, message_rows, suppressions
from service.store.db import notify_sender
from service.store.tables import Lead

Sent = Literal["again", "let go"]
"""Once more beside the one that left, or the very one that waited for a person."""
_UNDER_WAY = frozenset({State.DUE, State.LEASED, State.HANDED_OVER})
_WAITS = frozenset({State.HELD, State.UNKNOWN})


def send(session: Session, services: Services, lead: Lead, now: datetime, *, actor: str) -> Sent:
    """Send the newest advice again: the same revision, name and links, so that its buttons do what they did.

    Where it waits for a person, that is decided (`resolving.resolve`). Else a mail of its own goes, at most once a
    day, under the caps of the address. Raises RefusedError where it may not, or cannot.
    """
    lead = leads.lock_one(session, lead.id, services.hmac)
    hers = message_rows.of_lead(session, lead.id)
    advices = [each for each in hers if each.kind == Kind.ADVICE]
    if not advices:
        raise RefusedError("there is no advice to send again", "Er is geen advies om opnieuw te sturen.")
    last = advices[-1]
    if last.state in _WAITS:
        resolving.resolve(session, services, [last.id], "resend", actor=actor, now=now)
        return "let go"
    if last.state in _UNDER_WAY:
        raise RefusedError("the advice is on its way already", "Het advies is al onderweg.")
    day = services.published.calendar(session).local_day(now)
    copies = f"advice-again:{last.id}:"
    cause = f"{copies}{day.isoformat()}"
    if message_rows.has_cause(session, cause):
        raise RefusedError(
            "the advice was sent again today already", "Het advies is vandaag al een keer opnieuw gestuurd."
        )
    if any((each.cause or "").startswith(copies) and each.state in _UNDER_WAY | _WAITS for each in hers):
        raise RefusedError(  # while nothing can leave, each day's copy would leave at once when it can
            "the advice was sent again before, and that mail has not left yet",
            "Het advies is al opnieuw gestuurd, en die mail wacht nog tot hij weg mag.",
        )
    _check(session, services, lead, now)
    again = messages.add_again(session, services, lead, last, cause=cause, now=now)
    opt_in_caps.count(session, opt_in_caps.of_advice(services, lead.address, held=False), now)
    leads.note(session, lead.id, "advice_again", now, message=again.id)
    events.audit(session, actor, "advice sent again", now, lead=lead.id, message=again.id)
    notify_sender(session)
    return "again"


def _check(session: Session, services: Services, lead: Lead, now: datetime) -> None:
    """Raise RefusedError where the address gets no mail, or has had as much as it may."""
    hmac = services.hmac(lead.address)
    standing = suppressions.of(session, [hmac]).get(hmac, [])
    why = may_receive(Kind.SERVICE, suppressions=standing, has_follow_up_consent=False, now=now)
    if why == SuppressionReason.COMPLAINT:
        raise RefusedError(
            "a mail of ours was reported as unwanted: this address gets none any more",
            "Een mail van ons is als ongewenst gemeld. Dit adres krijgt geen mail meer.",
        )
    if why is not None:
        raise RefusedError(
            "the address did not exist: it gets no mail for now", "Het adres bestond niet. Het krijgt nu geen mail."
        )
    opt_in_caps.take_turn(session)
    caps = opt_in_caps.Caps(session, services, [(lead.address, None)], now)
    if opt_in_caps.is_full(session, caps.full(lead.address, None), now):
        raise RefusedError(
            "this address had as many mails as it may get for now (NURTURE_OPT_IN_LIMITS)",
            "Dit adres kreeg zoveel mail als het voorlopig mag krijgen. Probeer het later nog eens.",
        )
