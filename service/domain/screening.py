"""Which opt-ins wait for a person before their advice may leave (ACCEPTANCE E2). Nothing is dropped by these rules."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from disposable_email_domains import blocklist

TOO_FAST = timedelta(seconds=2)
"""Nobody reads a form, ticks its box and types an address in less."""


class Held(StrEnum):
    """Why an opt-in is held, in the words staff see beside it."""

    HONEYPOT = "honeypot: het veld dat mensen niet zien was ingevuld"
    TOO_FAST = "te snel: binnen 2 seconden na het openen van het formulier"
    NO_PROOF = "geen rekenproef meegestuurd (ALTCHA)"
    CROWDED = "boven de grens voor alle aanvragen samen"


def held(
    *, trapped: bool, age: timedelta | None, proof_wanted: bool, proven: bool, signed: bool, crowded: bool
) -> Held | None:
    """Why this opt-in waits for a person; None when its advice may leave.

    `age`: how old the form was when it was sent in, None where no token tells. `proven`: it carries a proof of work.
    `signed`: the website's own server vouches for it, so there is no form's age and no proof to look at. `crowded`:
    all opt-ins together are at their cap. A proof of work lets everything go but a filled honeypot: no person sees
    that field, and a machine that fills it can reckon too.
    """
    if trapped:
        return Held.HONEYPOT
    if proven:
        return None
    if not signed and age is not None and age < TOO_FAST:
        return Held.TOO_FAST
    if not signed and proof_wanted:
        return Held.NO_PROOF
    return Held.CROWDED if crowded else None


def is_throw_away(address: str) -> bool:
    """Does a normalised address belong to a service of addresses for one use, or to a part of one?"""
    labels = address.rpartition("@")[2].split(".")
    return any(".".join(labels[start:]) in blocklist for start in range(len(labels) - 1))
