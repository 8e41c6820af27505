"""What comes back about a mail becomes the truth of the ledger: each piece of news once, in whatever order it comes.

Under the locks that every withdrawal takes: after a complaint was kept no hand-over begins, and none repeats a mail of
which an event told that it has left (docs/ledger.md).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session

from service.domain import delivery
from service.domain.delivery import State
from service.domain.enrolment import LOOK_AGAIN, ON_ITS_WAY
from service.domain.feedback import Feedback, FeedbackKind
from service.domain.lead import Suppression, SuppressionReason
from service.errors import UnavailableError
from service.flows import alerts, away, consent, feedback_alerts, outcomes, rates, replies
from service.flows.services import Services
from service.store import attempts, consents, enrolments, leads, message_rows, outbox, suppressions
from service.store import feedback as kept
from service.store.db import real_now
from service.store.tables import FeedbackEvent, Lead, Message

UNREADABLE = "unreadable"
"""The raw kind of a genuine call that nobody here can read."""
_CLOCKS_DIFFER = timedelta(seconds=30)  # the provider's and our database's
_NEEDS_NO_ROW = frozenset({FeedbackKind.HARD_BOUNCE, FeedbackKind.COMPLAINED, FeedbackKind.UNSUBSCRIBED})
_CAME_BACK = frozenset({FeedbackKind.HARD_BOUNCE, FeedbackKind.SOFT_BOUNCE, FeedbackKind.REJECTED})
_WRITTEN = frozenset({FeedbackKind.REPLIED, FeedbackKind.AWAY})  # these look themselves whose mail was answered
_LONGEST_WORD, _LONGEST_LINE = 100, 300
_SHORTEST_NAME = 3  # of a local part: shorter ones are in every word
log = structlog.get_logger()


class TooEarlyError(UnavailableError):
    """The mail that this news is about may be known in a moment: it has to come again."""


@dataclass(frozen=True, kw_only=True)
class _About:
    """Whom and what the news is about; lead and message are held, and as they are now.

    `hmac` stands for the address it came from, also where its lead was erased. `ours`: the mail went to the practice.
    """

    message: Message | None = None
    lead: Lead | None = None
    hmac: str | None = None
    ours: bool = False

    @property
    def is_nobody(self) -> bool:
        """Is it about no mail and nobody of ours?"""
        return self.message is None and self.hmac is None


def apply(session: Session, services: Services, feedback: Feedback, now: datetime) -> bool:
    """Keep the news and do what it means. False when it came before: nothing is changed then.

    News about a mail that nobody here knows is kept (a "no" as `unknown`), and nothing is done. Raises TooEarlyError
    where the id that it names may still be on its way to us.
    """
    about = _about(session, services, feedback)
    if about.is_nobody and _may_be_known_soon(session, feedback):
        raise TooEarlyError("the call that handed over the mail may still be answered", "Dit bericht kwam te vroeg.")
    at = _when(feedback, about.message, now)
    # What is about nobody of ours counts in no rate: an account there may send more than our mail.
    others = about.is_nobody and feedback.kind in _NEEDS_NO_ROW
    kind = FeedbackKind.UNKNOWN if others else feedback.kind
    if not kept.add(session, _event(feedback, kind, about.message, at, now)):
        return False
    before = about.message.state if about.message else None
    if about.message is not None:
        _tell_message(session, services, about.message, feedback.kind, at, now)
    if about.ours and feedback.kind not in _WRITTEN:
        if feedback.kind in _CAME_BACK:
            feedback_alerts.tell_staff_mail(session, now)
    elif about.hmac is not None:
        _act(session, services, about, feedback, at, now)
    session.flush()
    if before in {State.UNKNOWN, State.HELD}:
        alerts.review(session, now)  # the last: whoever holds an alert waits for nothing else
    log.info("feedback", source=feedback.source, kind=feedback.kind, message=about.message and about.message.id)
    return True


def keep_unreadable(session: Session, source: str, body: bytes, now: datetime) -> None:
    """A genuine call that nobody here can read: staff are told, for what it said is lost."""
    event = Feedback(source=source, key=f"{UNREADABLE} {_digest(body)}", kind=FeedbackKind.UNKNOWN, raw_kind=UNREADABLE)
    kept.add(session, _event(event, event.kind, None, now, now))
    feedback_alerts.tell_unreadable(session, source, now)


def _about(session: Session, services: Services, feedback: Feedback) -> _About:
    """Leads before messages: the order everybody locks in."""
    tie, public_ids = feedback.tie, [feedback.tie.public_id, feedback.tie.lead_public_id]
    found = kept.message_of(session, tie)
    if found is not None:
        lead = session.get(Lead, found.lead_id) if found.lead_id is not None else None
        addresses = {found.recipient} | ({lead.address} if lead else set())
        held = leads.lock(session, [lead.id] if lead else [], [services.hmac(each) for each in addresses])
        message = kept.hold(session, found.id)
        lead = held.get(lead.id) if lead else None
        if message is not None:
            ours = lead is None or message_rows.is_to_practice(message, lead)
            return _About(message=message, lead=lead, hmac=services.hmac(message.recipient), ours=ours)
        public_ids.insert(0, found.public_id)  # erased while we waited for its lead
    elif tie.lead_public_id is not None and (lead := leads.by_public_id(session, tie.lead_public_id)) is not None:
        hmac = services.hmac(lead.address)
        if lead.id in (held := leads.lock(session, [lead.id], [hmac])):
            return _About(lead=held[lead.id], hmac=hmac)
    return _of_erased(session, services, feedback.kind, public_ids)


def _of_erased(session: Session, services: Services, kind: FeedbackKind, public_ids: list[str | None]) -> _About:
    """The address behind a mail or a lead that was erased; with whoever asked again from it since."""
    erased = next((found for each in public_ids if each and (found := leads.erased(session, each))), None)
    if erased is None or kind not in _NEEDS_NO_ROW:
        return _About()
    again = leads.by_hmac(session, erased.address_hmac, services.hmac)
    held = leads.lock(session, [again.id] if again else [], [erased.address_hmac])
    return _About(lead=held.get(again.id) if again else None, hmac=erased.address_hmac)


def _may_be_known_soon(session: Session, feedback: Feedback) -> bool:
    """Is it known by the provider's own id alone, and may that id be in an answer that nobody has read yet?

    Events can be faster than the answer to the call. Only a mail that was being handed over when it happened can be
    meant, so this ends with the last of those.
    """
    tie = feedback.tie
    if tie.provider_id is None or tie.public_id is not None or feedback.at is None:
        return False
    return outbox.any_in_flight(session, opened_before=feedback.at + _CLOCKS_DIFFER)


def _when(feedback: Feedback, message: Message | None, now: datetime) -> datetime:
    """By the source's word, but not before there was such a mail, nor after now."""
    earliest = message.created_at if message else now - timedelta(days=366)
    return min(max(feedback.at or now, earliest), now)


def _event(
    feedback: Feedback, kind: FeedbackKind, message: Message | None, at: datetime, now: datetime
) -> FeedbackEvent:
    return FeedbackEvent(
        source=feedback.source,
        key=_digest(feedback.key.encode("utf-8", "replace")),
        kind=kind.value,
        raw_kind=(_without_addresses(feedback.raw_kind, message) or "")[:_LONGEST_WORD],
        message_id=message.id if message else None,
        status=feedback.status,
        diagnostic=_without_addresses(feedback.diagnostic, message),
        at=at,
        received_at=now,
    )


def _tell_message(
    session: Session, services: Services, message: Message, kind: FeedbackKind, at: datetime, now: datetime
) -> None:
    """Its state becomes what the news says, where that is stronger; whatever was to happen with it does not."""
    told = delivery.told(State(message.state), message.reason, kind)
    if told is None:
        return
    if message.state == State.HANDED_OVER:
        attempts.close_told(session, message.id, real_now(session))
    message.first_handed_at = message.first_handed_at or at
    outcomes.end(session, services, message, told.state, told.reason, now)
    if message.kind == "follow_up" and message.enrolment_id is not None and message.state not in ON_ITS_WAY:
        session.flush()
        enrolments.look_again(session, [message.enrolment_id], now, LOOK_AGAIN)


def _act(session: Session, services: Services, about: _About, feedback: Feedback, at: datetime, now: datetime) -> None:
    """What the news means for the lead; where she was erased, for her address."""
    match feedback.kind:
        case FeedbackKind.HARD_BOUNCE:
            _no_mailbox(session, services, about, feedback, at, now)
            rates.after_hard_bounce(session, services, now)
        case FeedbackKind.SOFT_BOUNCE if about.lead is not None:
            _note(session, about, feedback, "soft_bounce", now)
            gone_at = delivery.counts_as_hard(kept.soft_bounces(session, about.lead.id, about.lead.address))
            if gone_at is not None:
                _no_mailbox(session, services, about, feedback, gone_at, now)
        case FeedbackKind.REJECTED:
            _note(session, about, feedback, "rejected", now)
            feedback_alerts.tell_rejected(session, feedback.source, now)
        case FeedbackKind.COMPLAINED:
            _suppress(session, services, about, feedback, SuppressionReason.COMPLAINT, now, now)
            rates.after_complaint(session, services, now)
        case FeedbackKind.UNSUBSCRIBED if about.lead is not None:
            consent.withdraw(session, services, about.lead, _road(feedback), now)
        case FeedbackKind.UNSUBSCRIBED if about.hmac is not None:
            consent.withdraw_erased(session, services, about.hmac, now)
        case FeedbackKind.REPLIED if about.lead is not None:
            replies.arrived(session, services, about.lead, about.message, feedback, now)
        case FeedbackKind.AWAY if about.lead is not None:
            away.arrived(session, services, about.lead, about.message, feedback, now)


def _no_mailbox(
    session: Session, services: Services, about: _About, feedback: Feedback, at: datetime, now: datetime
) -> None:
    """Nothing for 30 days from then on; where those are over she may have been mailed since, and nothing is done.

    Nor where she pressed the button of a mail since: then the mailbox is there.
    """
    if about.lead is not None and consents.proven_after(session, about.lead.id, at):
        return
    rule = Suppression.following(SuppressionReason.HARD_BOUNCE, now=at)
    if rule.until is not None and rule.until > now:
        _suppress(session, services, about, feedback, SuppressionReason.HARD_BOUNCE, at, now)


def _suppress(
    session: Session,
    services: Services,
    about: _About,
    feedback: Feedback,
    why: SuppressionReason,
    at: datetime,
    now: datetime,
) -> None:
    if about.hmac is None:
        return
    suppressions.add(session, about.hmac, Suppression.following(why, now=at), now)
    if about.lead is not None:
        outcomes.end_runs_of(session, services, about.lead.id, now, why=why, **_details(about, feedback))


def _note(session: Session, about: _About, feedback: Feedback, what: str, now: datetime) -> None:
    if about.lead is not None:
        leads.note(session, about.lead.id, what, now, **_details(about, feedback))


def _details(about: _About, feedback: Feedback) -> dict[str, int | str]:
    return {"source": feedback.source} | ({"message": about.message.id} if about.message else {})


def _road(feedback: Feedback) -> str:
    """How a "no" came, as a receipt names it."""
    return "by mail" if feedback.source in {"replies", "bounces"} else "by the mail provider"


def _without_addresses(text: str | None, message: Message | None) -> str | None:
    """One line of what a server said, without whom it is about, and without what could steer a terminal."""
    if text is None:
        return None
    plain = "".join(character if character.isprintable() else " " for character in text)
    line = " ".join("…" if _names_somebody(word) else word for word in plain.split())
    local = message.recipient.partition("@")[0] if message else ""
    if len(local) >= _SHORTEST_NAME:
        line = re.sub(re.escape(local), "…", line, flags=re.IGNORECASE)
    return line[:_LONGEST_LINE] or None


def _names_somebody(word: str) -> bool:
    """Does an address stand in it, a link, or an address as VERP writes them (`anna=example.org`)?"""
    return "@" in word or "://" in word or "." in word.partition("=")[2]


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
