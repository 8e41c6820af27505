"""What two versions of a mail may be said to differ by: in honest words, for few bookings say little."""

from __future__ import annotations

from dataclasses import dataclass

from service.domain.shares import Share
from service.flows.results import MailResult, compare

FEWEST = 30
"""Mails below which nothing is said of a share: one booking more would make it another."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """A sentence in both languages."""

    dutch: str
    english: str


def compared(one: MailResult, other: MailResult) -> Said:
    """How the bookings of two versions of one step compare."""
    if min(one.accepted, other.accepted) < FEWEST:
        return Said(
            dutch=f"Te weinig om iets te zeggen: {one.variant} ging naar {_people(one)} en {other.variant} naar "
            f"{_people(other)}. Wacht tot het er bij allebei minstens {FEWEST} zijn.",
            english=f"Too few to say anything: {one.variant} went to {one.accepted} and {other.variant} to "
            f"{other.accepted}. Wait until both are at {FEWEST} or more.",
        )
    if compare(one, other):
        better, less = sorted((one, other), key=lambda each: each.booked / each.accepted, reverse=True)
        return Said(
            dutch=f"{better.variant} brengt meer pijnchecks dan {less.variant}, en meer dan toeval verklaart.",
            english=f"{better.variant} brings more pain checks than {less.variant}, and more than chance explains.",
        )
    return Said(
        dutch=f"Nog geen verschil te zien tussen {one.variant} en {other.variant}: het kan toeval zijn.",
        english=f"No difference to be seen yet between {one.variant} and {other.variant}: it may be chance.",
    )


def how_sure(mail: MailResult) -> Said:
    """So many of so many, and between which shares the truth lies 19 times out of 20 (Wilson, 1927)."""
    dutch = f"{mail.booked} van de {mail.accepted} {'boekte' if mail.booked == 1 else 'boekten'} een pijncheck"
    if mail.accepted < FEWEST:
        return Said(
            dutch=f"{dutch}.",
            english=f"{mail.booked} of {mail.accepted} booked a pain check.",
        )
    low, high = (round(100 * each) for each in Share(count=mail.booked, of=mail.accepted).interval)
    return Said(
        dutch=f"{dutch}: waarschijnlijk {low} tot {high} op de 100.",
        english=f"{mail.booked} of {mail.accepted} booked a pain check: probably {low} to {high} in 100.",
    )


def _people(mail: MailResult) -> str:
    return "1 persoon" if mail.accepted == 1 else f"{mail.accepted} mensen"
