"""The keys that sign links: which mails still rest on each, and giving one up for good.

The suppression key is not among them: it never rotates, for nobody who said no would be recognised under another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from service.errors import NotFoundError, RefusedError
from service.mail.links import fingerprint, key_mark
from service.store import events
from service.store.tables import Message

KEYS, RETIRED = "keys", "retired_keys"
SHORT = 12
"""Digits of a fingerprint that are shown; they tell a dozen keys apart."""


@dataclass(frozen=True, kw_only=True)
class KeyShown:
    """One signing key. `mails` counts those with links of this key whose leads are still known; `signs`: the newest.

    `present` False: its fingerprint is kept, and the key itself is not in the settings.
    """

    fingerprint: str
    signs: bool
    present: bool
    mails: int
    oldest: datetime | None
    newest: datetime | None


def retired(session: Session) -> set[str]:
    """The fingerprints of keys that were given up."""
    return set((events.fact(session, RETIRED) or {}).get("fingerprints", []))


def shown(session: Session, keys: Sequence[str]) -> list[KeyShown]:
    """Every key in use, the one that signs first; then those that are known by their fingerprint alone."""
    made: dict[str, list[datetime]] = {}
    statement = select(Message.content, Message.created_at).where(col(Message.lead_id).is_not(None))
    for content, created_at in session.execute(statement.order_by(col(Message.id)).execution_options(yield_per=1000)):
        if url := content.get("unsubscribe_url"):
            made.setdefault(url.rpartition("/")[2][:4], []).append(created_at)
    found = []
    for number, key in enumerate(dict.fromkeys(keys)):
        mails = made.get(key_mark(key), [])
        found.append(
            KeyShown(
                fingerprint=fingerprint(key),
                signs=number == 0,
                present=True,
                mails=len(mails),
                oldest=min(mails, default=None),
                newest=max(mails, default=None),
            )
        )
    lost = set((events.fact(session, KEYS) or {}).get("signing", [])) - {each.fingerprint for each in found}
    return found + [
        KeyShown(fingerprint=each, signs=False, present=False, mails=0, oldest=None, newest=None)
        for each in sorted(lost)
    ]


def named(session: Session, keys: Sequence[str], beginning: str) -> KeyShown:
    """The key whose fingerprint begins so. NotFoundError where there is none or more than one, RefusedError where
    it is the one that signs."""
    there = shown(session, keys)
    found = [each for each in there if each.fingerprint.startswith(beginning.lower())]
    if len(found) != 1 or not beginning:
        listed = ", ".join(each.fingerprint[:SHORT] for each in there)
        raise NotFoundError(
            f"{beginning!r} names {'several keys' if found else 'no key'}; there are: {listed}",
            f"{beginning!r} hoort bij {'meer sleutels' if found else 'geen sleutel'}; er zijn: {listed}",
        )
    if found[0].signs:
        raise RefusedError(
            "this key signs the links of every new mail; put a newer one in front of it first (nurture keys rotate)",
            "deze sleutel ondertekent de links van elke nieuwe mail; zet er eerst een nieuwere voor "
            "(nurture keys rotate)",
        )
    return found[0]


def retire(session: Session, key: KeyShown, now: datetime, *, actor: str) -> None:
    """Give a key up: a start without it is no mistake any more, and links that it signed are forgeries from then on."""
    known = events.hold_fact(session, KEYS)
    if known is not None:
        events.set_fact(session, KEYS, known | {"signing": sorted(set(known["signing"]) - {key.fingerprint})})
    events.set_fact(session, RETIRED, {"fingerprints": sorted(retired(session) | {key.fingerprint})})
    events.audit(session, actor, "key retired", now, key=key.fingerprint[:SHORT], mails=key.mails)
