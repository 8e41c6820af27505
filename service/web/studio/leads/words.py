"""What happened to a lead, and how things stand, in the plain words of whoever reads: Dutch or English."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from service.domain.lead_words import ROADS, dutch_words
from service.domain.staff import StaffLanguage

Pair = tuple[str, str]  # Dutch, English

STATES: Mapping[str, tuple[str, Pair]] = MappingProxyType(
    {
        "due": ("waits", ("Staat klaar", "Ready to go")),
        "leased": ("waits", ("Gaat nu weg", "Leaving now")),
        "handed_over": ("waits", ("Gaat nu weg", "Leaving now")),
        "accepted": ("good", ("Verstuurd", "Sent")),
        "delivered": ("good", ("Aangekomen", "Arrived")),
        "bounced": ("bad", ("Kwam terug", "Came back")),
        "complained": ("bad", ("Als ongewenst gemeld", "Reported as unwanted")),
        "cancelled": ("", ("Vervallen", "Dropped")),
        "skipped": ("", ("Overgeslagen", "Skipped")),
        "held": ("waits", ("Wacht op jullie", "Waits for you")),
        "failed": ("bad", ("Mislukt", "Failed")),
        "unknown": ("waits", ("Misschien aangekomen", "May have arrived")),
    }
)
"""What became of a mail: whether that is well, and its word."""

_ANSWERS: Mapping[str, Pair] = MappingProxyType(
    {
        "better": ("het gaat beter", "it is better"),
        "same": ("het is hetzelfde gebleven", "it is the same"),
        "worse": ("het gaat slechter", "it is worse"),
    }
)
_ANSWERED = frozenset({"answered", "replied"})
_HAPPENED: Mapping[str, tuple[str, Pair]] = MappingProxyType(
    {
        "confirmed": ("yes", ("Drukte op de knop in de mail: ja, stuur mij het vervolg", "Pressed the button: yes")),
        "booking_pressed": ("date", ("Ging naar de pagina om een afspraak te maken", "Went on to make an appointment")),
        "pain_check_requested": ("date", ("Vroeg een pijncheck aan", "Asked for a pain check")),
        "pain_check_answered": ("date", ("De aanvraag voor een pijncheck is afgehandeld", "The request was answered")),
        "booked": ("date", ("Afspraak voor de pijncheck genoteerd", "An appointment was noted")),
        "booking_cancelled": ("date", ("De afspraak is afgezegd", "The appointment was cancelled")),
        "replied": ("talk", ("Schreef zelf terug", "Wrote back")),
        "away": ("wait", ("Antwoordde vanzelf: afwezig", "Answered automatically: away")),
        "paused": ("wait", ("De mails staan even stil, op eigen verzoek", "The mails wait, as asked for")),
        "resumed": ("yes", ("De mails gaan weer verder", "The mails go on")),
        "answers_changed": ("form", ("Veranderde antwoorden op de vragen", "Changed answers")),
        "withdrawn": ("no", ("Meldde zich af: geen vervolgmails meer", "Said no: no more follow-ups")),
        "complaint": ("no", ("Meldde een mail van ons als ongewenst", "Reported a mail of ours as unwanted")),
        "hard_bounce": ("no", ("Het mailadres bestaat niet", "The address does not exist")),
        "soft_bounce": ("no", ("Een mail kwam terug; later lukt het misschien wel", "A mail came back for now")),
        "rejected": ("no", ("Een mail is geweigerd, niet om deze lead", "A mail was refused, not for this lead")),
        "throw_away_address": ("form", ("Het adres is een wegwerpadres", "The address is a throw-away one")),
        "message_resolved": ("mail", ("De praktijk besloot over een mail", "The practice decided about a mail")),
        "advice_again": ("mail", ("De praktijk stuurde het advies opnieuw", "The practice sent the advice again")),
    }
)


class Teller:
    """Says things in one language, and moments in the practice's zone.

    `personal`: what the lead answered may be told. Else only that she did: by a mail or by a button is one and the
    same then, for of the buttons it is "worse" alone after which the mails wait.
    """

    def __init__(self, language: StaffLanguage, zone: ZoneInfo, *, personal: bool) -> None:
        self.language = language
        self._zone = zone
        self._personal = personal

    def say(self, pair: Pair) -> str:
        """Of the two, the one that is read."""
        return pair[0] if self.language == "nl" else pair[1]

    def at(self, moment: datetime) -> str:
        """A moment within a sentence, such as "di 17 mrt 2026 om 10:00"."""
        form = "EEE d MMM yyyy 'om' HH:mm" if self.language == "nl" else "EEE d MMM yyyy, HH:mm"
        return format_datetime(moment, form, tzinfo=self._zone, locale="nl" if self.language == "nl" else "en_GB")

    def word(self, stored: str) -> str:
        """A word of the database."""
        return dutch_words(stored) if self.language == "nl" else stored.replace("_", " ")

    def source(self, stored: str) -> str:
        """By which road something came."""
        return self.say(ROADS[stored]) if stored in ROADS else self.word(stored)

    def pause(self, reason: str) -> str:
        """Why her mails wait."""
        return self.word("reply" if reason == "worse" and not self._personal else reason)

    def happened(self, kind: str, details: Mapping[str, Any]) -> tuple[str, str, str]:
        """One entry of the timeline: its sign, its words, and how it came."""
        if kind in _ANSWERED and not self._personal:
            return "talk", self.say(("Gaf antwoord", "Answered us")), ""
        if kind == "answered":
            helped = _ANSWERS.get(str(details.get("helped")), ("?", "?"))
            return "talk", self.say((f"Antwoordde: {helped[0]}", f"Answered: {helped[1]}")), ""
        sign, pair = _HAPPENED.get(kind, ("form", (dutch_words(kind).capitalize(), kind.replace("_", " "))))
        how = ", ".join(
            self.source(str(details[name])) for name in ("source", "outcome", "choice") if details.get(name)
        )
        return sign, self.say(pair), how
