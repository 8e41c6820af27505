"""What leads answered, for a person to read: their own mails, and presses on "worse". Each is ticked off once.

The words came to the practice by mail (`desk_mails.py`). They are shown here for as long as that mail is kept, and are
stored nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlmodel import Session

from service.flows import answers, desk_mails
from service.flows.services import Services
from service.store import answers as store
from service.store import events, leads
from service.store.tables import Lead, Message, TimelineEntry

How = Literal["mail", "untied", "worse"]
"""She answered a mail; a mail came from her address that answers none of ours; she pressed "worse"."""
_A_DAY = timedelta(days=1)  # "worse" is told once a day, so its mail may be older than the press
_HOW: dict[str, How] = {store.REPLIED: "mail", store.UNTIED: "untied", store.PRESSED: "worse"}


@dataclass(frozen=True, kw_only=True)
class Told:
    """A mail of ours that told somebody of the practice."""

    recipient: str
    state: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer. `lines` are her own words, empty where they are not (or no longer) kept; `cut`: there was more."""

    at: datetime
    how: How
    subject: str = ""
    lines: tuple[str, ...] = ()
    cut: bool = False
    told: tuple[Told, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OfLead:
    """Everything of one lead that nobody has read, oldest first. `upto`: the last entry of it, to tick off.

    `rests_until`: her follow-ups stand still until then, None where they do not.
    """

    lead: Lead
    upto: int
    rests_until: datetime | None
    answers: tuple[Answer, ...]


def unread(session: Session, services: Services, now: datetime, *, limit: int) -> list[OfLead]:
    """Leads with answers that nobody has read, the longest waiting first; of the `limit` oldest answers."""
    by_lead: dict[int, list[tuple[TimelineEntry, Lead]]] = {}
    for entry, lead in store.unread(session, limit):
        by_lead.setdefault(lead.id, []).append((entry, lead))
    if not by_lead:
        return []
    first = min(entry.at for found in by_lead.values() for entry, _ in found)
    mails = store.mails_to_staff(session, list(by_lead), first - _A_DAY)
    return [
        OfLead(
            lead=found[0][1],
            upto=max(entry.id for entry, _ in found),
            rests_until=answers.lead_rests_until(session, lead_id, now),
            answers=tuple(_answer(session, services, entry, mails) for entry, _ in found),
        )
        for lead_id, found in by_lead.items()
    ]


def count(session: Session) -> int:
    """How many answers nobody has read."""
    return store.count_unread(session)


def mark_read(session: Session, services: Services, lead_id: int, upto: int, *, actor: str, now: datetime) -> bool:
    """A person read all of this lead's answers up to that entry. False where somebody else did so before.

    Raises NotFoundError where the lead was erased. What came after `upto` stays to be read.
    """
    lead = leads.lock_one(session, lead_id, services.hmac)
    if not store.any_unread(session, lead.id, upto):
        return False
    leads.note(session, lead.id, store.READ, now, upto=upto)
    events.audit(session, actor, "answers read", now, lead=lead.id)
    return True


def _answer(session: Session, services: Services, entry: TimelineEntry, mails: Sequence[Message]) -> Answer:
    how = _HOW[entry.kind]
    mine = [each for each in mails if each.lead_id == entry.lead_id and each.cause]
    if how == "worse":
        cause = answers.cause(session, services, entry.lead_id, entry.at)
        mine = [each for each in mine if each.cause == cause]
    else:
        mine = [each for each in mine if desk_mails.brings_words(each) and each.created_at == entry.at]
    words: dict[str, Any] = mine[0].content.get("extra", {}).get("reply", {}) if mine else {}
    return Answer(
        at=entry.at,
        how=how,
        subject=str(words.get("subject", "")),
        lines=tuple(map(str, words.get("lines", ()))),
        cut=bool(words.get("cut")),
        told=tuple(Told(recipient=each.recipient, state=each.state) for each in mine),
    )
