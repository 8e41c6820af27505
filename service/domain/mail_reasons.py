"""Why a mail stands where it does. Its row keeps that in Dutch, and staff read it in Dutch or in English."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from service.domain.lead_words import ROADS
from service.domain.screening import Held

# not yet
WINDOW_IS_SHUT = "wacht op het verzendvenster"
ONE_A_DAY = "vandaag ging er al een vervolgmail"
PAUSED = "gepauzeerd"
PRACTICE_IS_CLOSED = "de praktijk is dicht"
WAITS_FOR_CONNECTION = "wacht op de verbinding"
WAITS_FOR_LIMIT = "wacht op de verzendlimiet"
WAITS_FOR_ITS_WAY = "wacht op de weg waarlangs hij misschien al ging"
AGAIN_BY_ITSELF = "onbekend of het aankwam; opnieuw"
AGAIN_BY_STAFF = "opnieuw, op verzoek van de praktijk"
# until staff decide
BACKLOG = "achterstand: wacht op akkoord"
RESTORED = "teruggezet: misschien al verstuurd"
RESTORED_UNKNOWN = "teruggezet: onbekend of het aankwam"
UNKNOWN = "onbekend of het aankwam"
CANNOT_BE_MADE = "deze mail kan niet worden gemaakt"
# never
TOO_LATE = "te laat geworden"
BOOKED = "afspraak gemaakt"
RUN_ENDED = "de reeks is gestopt"
UNSUBSCRIBED = "afgemeld"
NO_CONSENT = "geen toestemming meer"
COMPLAINT = "klacht over mail van ons"
NO_SUCH_ADDRESS = "het adres bestaat niet"
DROPPED = "vervallen"
GIVEN_UP = "steeds opnieuw geweigerd"
DOMAIN_REFUSES = "het domein van de ontvanger weigert onze mail"
# gone
ARRIVED_BY_STAFF = "aangekomen, zegt de praktijk"
BACK_NO_MAILBOX = "teruggekomen: het adres bestaat niet"
BACK_NOT_NOW = "teruggekomen: de mailbox is vol of nam het nu niet aan"
BACK_NOT_FROM_US = "geweigerd om de inhoud, de afzender of de lijst van de provider"
UNWANTED = "door de ontvanger als ongewenst gemeld"

_LATER = "later opnieuw"
_ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        WINDOW_IS_SHUT: "waits for the send window",
        ONE_A_DAY: "a follow-up left today already",
        PAUSED: "paused",
        PRACTICE_IS_CLOSED: "the practice is closed",
        WAITS_FOR_CONNECTION: "waits for the connection",
        WAITS_FOR_LIMIT: "waits for the send limit",
        WAITS_FOR_ITS_WAY: "waits for the way out by which it may have left",
        AGAIN_BY_ITSELF: "unknown whether it arrived; again",
        AGAIN_BY_STAFF: "again, as the practice asked",
        BACKLOG: "backlog: waits for approval",
        RESTORED: "restored: may have been sent",
        RESTORED_UNKNOWN: "restored: unknown whether it arrived",
        UNKNOWN: "unknown whether it arrived",
        CANNOT_BE_MADE: "this mail cannot be made",
        Held.HONEYPOT: "honeypot: the field that people do not see was filled in",
        Held.TOO_FAST: "too fast: within 2 seconds of opening the form",
        Held.NO_PROOF: "no proof of work came along (ALTCHA)",
        Held.CROWDED: "above the cap of all opt-ins together",
        TOO_LATE: "too late by now",
        BOOKED: "an appointment was made",
        RUN_ENDED: "the sequence was ended",
        UNSUBSCRIBED: "unsubscribed",
        NO_CONSENT: "no consent any more",
        COMPLAINT: "a complaint about mail of ours",
        NO_SUCH_ADDRESS: "the address does not exist",
        DROPPED: "let go",
        GIVEN_UP: "refused time and again",
        DOMAIN_REFUSES: "the recipient's domain refuses our mail",
        ARRIVED_BY_STAFF: "it arrived, the practice says",
        BACK_NO_MAILBOX: "came back: the address does not exist",
        BACK_NOT_NOW: "came back: the mailbox is full, or did not take it now",
        BACK_NOT_FROM_US: "refused for its content, its sender or the provider's list",
        UNWANTED: "reported as unwanted by its recipient",
    }
)


def later(answer: int | str) -> str:
    """It goes again after this answer: the code of a reply, or the stage at which none came."""
    return f"{_LATER} ({answer})"


def in_both(kept: str) -> tuple[str, str]:
    """What a row keeps, in Dutch and in English. What a mail server said stays as it is.

    A mail that was cancelled by a "no" keeps the road by which that came.
    """
    if kept in _ENGLISH:
        return kept, _ENGLISH[kept]
    if kept in ROADS:
        return ROADS[kept]
    if kept.startswith(f"{_LATER} ("):
        return kept, f"again later{kept.removeprefix(_LATER)}"
    return kept, kept
