"""Receipts of who agreed to what and took it back, and whether their chain is unbroken (ACCEPTANCE C9)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import JsonValue
from sqlmodel import Session

from service.domain import evidence
from service.store import events, leads, receipts
from service.store.db import real_now
from service.store.tables import ReceiptEntry

_FACT, _EVERY = "receipts_made_up", timedelta(days=1)
_BATCH = 500


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """One consent given, or one taken back: the evidence, and what proves that it stood so from the beginning.

    `version` and `wording` are None where the form stated no version. `at` is when it was given or taken back, in UTC.
    What only a consent given has is None for a withdrawal. `consent` is the number that a withdrawal shares with
    what it ends.
    """

    position: int  # in the chain, from 1
    kind: evidence.Kind
    consent: int
    address: str
    purpose: str  # "advice" or "follow_up"
    source: str  # given: "form" or "confirmation"; withdrawn: by which road
    at: datetime
    effective: bool | None  # False: a box that counted only with the button in the mail
    version: str | None
    wording: str | None
    topic: str | None
    form: str | None
    page: str | None
    follow_up_ticked: bool | None
    asked_at: datetime | None
    document: str
    salt: str
    digest: str
    previous: str  # the chain value one place before
    chain: str

    def as_json(self) -> dict[str, JsonValue]:
        """The evidence as it was digested, and beside it what it can be proved with; `docs/consent.md` tells how."""
        facts: dict[str, JsonValue] = json.loads(self.document)
        proof: dict[str, JsonValue] = {
            "document": self.document,
            "salt": self.salt,
            "digest": self.digest,
            "previous": self.previous,
            "chain": self.chain,
        }
        return {"position": self.position, **facts, "proof": proof}


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """How many receipts there were, and the chain value of the last: who keeps it elsewhere sees later what was cut."""

    count: int
    chain: str

    def __str__(self) -> str:
        return f"{self.count}:{self.chain}"


@dataclass(frozen=True, kw_only=True)
class Broken:
    """The first place at which the chain does not hold, and what is wrong there."""

    position: int
    english: str
    dutch: str


@dataclass(frozen=True, kw_only=True)
class Verified:
    """The whole chain, looked at link by link."""

    end: Anchor
    blanked: int  # receipts of leads who were erased
    broken: Broken | None


def of_lead(session: Session, lead_id: int) -> list[Receipt]:
    """A lead's receipts, oldest first; none once the lead was erased."""
    return [_receipt(session, entry) for entry in receipts.of_lead(session, lead_id)]


def verify(session: Session, expected: Anchor | None = None) -> Verified:
    """Walk the chain to its first fault. `expected` is an end that was noted earlier: it must still be on the way.

    Without it nobody can tell that the newest receipts were cut off, or that all of them were written anew.
    """
    end, blanked = Anchor(count=0, chain=evidence.BEGIN), 0
    with closing(receipts.walk(session)) as entries:
        for entry in entries:
            broken = _fault(entry, end) or _other_than_noted(entry, expected)
            if broken:
                return Verified(end=end, blanked=blanked, broken=broken)
            end = Anchor(count=entry.id, chain=entry.chain)
            blanked += entry.document is None
    return Verified(end=end, blanked=blanked, broken=_cut_off(end, expected))


def make_up(session: Session) -> int:
    """Once a day: write the receipts of consents that code of before the receipts took while an upgrade was rolled out.

    Returns how many: a batch at most, and where there may be more the next call goes on. It takes leads, so its
    transaction holds nothing else yet; the lock of the chain is the last one.
    """
    last, now = events.hold_fact(session, _FACT), real_now(session)
    if last and timedelta(0) <= now - datetime.fromisoformat(last["at"]) < _EVERY:  # not by a clock that was ahead
        return 0
    lacking = receipts.lacking(session, _BATCH)
    held = leads.lock(session, lacking.values(), [])
    if len(lacking) < _BATCH:
        events.set_fact(session, _FACT, {"at": now.isoformat()})
    session.flush()
    return receipts.write_missing(session, [each for each, lead in lacking.items() if lead in held])


def _fault(entry: ReceiptEntry, end: Anchor) -> Broken | None:
    position = end.count + 1
    if entry.id != position:
        return Broken(
            position=position,
            english=f"receipt {position} is missing: the next one there is, is {entry.id}",
            dutch=f"bewijs {position} ontbreekt: het eerstvolgende is {entry.id}",
        )
    if entry.document is not None and not _is_what_was_digested(entry):
        return _changed(position)
    if entry.chain != evidence.chain(end.chain, entry.id, entry.kind, entry.digest):
        return Broken(
            position=position,
            english=f"receipt {position} does not follow the one before it: it was replaced or moved",
            dutch=f"bewijs {position} sluit niet aan op het vorige: het is vervangen of verplaatst",
        )
    return None if entry.document is None or _fits_its_columns(entry) else _changed(position)


def _changed(position: int) -> Broken:
    return Broken(
        position=position,
        english=f"receipt {position} was changed: it no longer says what it was written with",
        dutch=f"bewijs {position} is veranderd: er staat niet meer in wat er eerst stond",
    )


def _is_what_was_digested(entry: ReceiptEntry) -> bool:
    try:
        return evidence.digest(entry.salt or "", entry.document or "") == entry.digest
    except ValueError:  # the salt is no hexadecimal: somebody wrote there
        return False


def _fits_its_columns(entry: ReceiptEntry) -> bool:
    """The columns beside the evidence say whose it is: a receipt moved to another lead is no proof."""
    facts: Mapping[str, object] = json.loads(entry.document or "")
    return (facts["kind"], facts["consent"], facts["lead"]) == (entry.kind, entry.consent_id, entry.lead_id)


def _other_than_noted(entry: ReceiptEntry, expected: Anchor | None) -> Broken | None:
    if expected is None or entry.id != expected.count or entry.chain == expected.chain:
        return None
    return Broken(
        position=entry.id,
        english=f"receipt {entry.id} has another chain value than you noted: the chain was written anew",
        dutch=f"bewijs {entry.id} heeft een andere ketenwaarde dan je noteerde: de keten is opnieuw geschreven",
    )


def _cut_off(end: Anchor, expected: Anchor | None) -> Broken | None:
    if expected is None or expected.count <= end.count:
        return None
    return Broken(
        position=end.count + 1,
        english=f"there were {expected.count} receipts and now there are {end.count}: the end was cut off, "
        "or an older backup was put back",
        dutch=f"er waren {expected.count} bewijzen en nu zijn er {end.count}: het eind is afgeknipt, "
        "of er is een oudere back-up teruggezet",
    )


def _receipt(session: Session, entry: ReceiptEntry) -> Receipt:
    facts = json.loads(entry.document or "{}")
    asked_at = facts.get("asked_at")
    return Receipt(
        position=entry.id,
        kind=facts["kind"],
        consent=facts["consent"],
        address=facts["address"],
        purpose=facts["purpose"],
        source=facts["source"],
        at=datetime.fromisoformat(facts["at"]),
        effective=facts.get("effective"),
        version=facts.get("version"),
        wording=facts.get("wording"),
        topic=facts.get("topic"),
        form=facts.get("form"),
        page=facts.get("page"),
        follow_up_ticked=facts.get("follow_up_ticked"),
        asked_at=datetime.fromisoformat(asked_at) if asked_at else None,
        document=entry.document or "",
        salt=entry.salt or "",
        digest=entry.digest,
        previous=receipts.chain_before(session, entry.id),
        chain=entry.chain,
    )
