"""Dutch for the words that stand in the rows about a lead: states, kinds, reasons, what happened."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_WORDS: Mapping[str, str] = MappingProxyType(
    {
        # states of mails and runs, and what became of an opt-in
        "due": "klaar om te gaan",
        "leased": "wordt klaargemaakt",
        "handed_over": "wordt verstuurd",
        "accepted": "aangenomen",
        "delivered": "afgeleverd",
        "bounced": "teruggekomen",
        "complained": "klacht gemeld",
        "cancelled": "vervallen",
        "skipped": "overgeslagen",
        "held": "vastgehouden",
        "failed": "mislukt",
        "unknown": "onbekend",
        "awaiting_confirmation": "wacht op de knop",
        "active": "loopt",
        "finished": "klaar",
        "stopped": "gestopt",
        "expired": "verlopen",
        "capped": "te vaak gevraagd, geen mail",
        "suppressed": "mag geen mail krijgen",
        "retry": "nu niet aangenomen",
        "invalid": "geweigerd",
        "down": "mailserver niet bereikbaar",
        # kinds of mail, and where a consent came from
        "advice": "advies",
        "follow_up": "vervolgmails",
        "service": "dienstmail",
        "form": "formulier",
        "confirmation": "de knop in de mail",
        "staff": "praktijk",
        # why something ended, waits or gets no mail
        "all_steps_done": "alle stappen gedaan",
        "booked": "afspraak gemaakt",
        "unsubscribe": "afgemeld",
        "unsubscribed": "afgemeld",
        "complaint": "als ongewenst gemeld",
        "hard_bounce": "adres bestaat niet",
        "by mail": "met een mail aan ons",
        "by the mail provider": "via de mailprovider",
        "reply": "heeft geantwoord",
        "away": "automatisch antwoord: afwezig",
        "request": "vroeg een pijncheck aan",
        "pain_check_request": "vroeg een pijncheck aan",
        "worse": "het gaat slechter",
        "wish": "eigen wens",
        # what happened
        "opt_in": "advies aangevraagd",
        "confirmed": "op de knop gedrukt",
        "answered": "antwoord gegeven",
        "booking_pressed": "op de afspraakknop gedrukt",
        "pain_check_requested": "pijncheck aangevraagd",
        "replied": "heeft geantwoord",
        "wrote_untied": "er kwam een mail van dit adres, die misschien van iemand anders is",
        "answers_read": "antwoord gelezen door de praktijk",
        "pain_check_tried": "gebeld of gemaild over de pijncheck, niet bereikt",
        "paused": "gepauzeerd",
        "resumed": "weer verder",
        "advice_again": "advies opnieuw gestuurd",
        "answers_changed": "antwoorden veranderd",
        "withdrawn": "toestemming ingetrokken",
        "message_resolved": "besluit over een mail",
        "throw_away_address": "het adres is een wegwerpadres",
        "pain_check_answered": "aanvraag afgehandeld",
        "booking_cancelled": "afspraak afgezegd",
        "soft_bounce": "mail kwam terug, nu niet aangenomen",
        "rejected": "mail geweigerd, niet om de lead",
        # what became of a request, and of an appointment
        "declined": "geen afspraak",
        "handled": "afgehandeld",
        # what was done with the data, and by whom
        "lead exported": "gegevens opgevraagd",
        "lead stopped": "vervolgmails gestopt",
        "lead paused": "vervolgmails gepauzeerd",
        "lead resumed": "pauze beëindigd",
        "advice sent again": "advies opnieuw gestuurd",
        "lead booked": "afspraak genoteerd",
        "lead replied": "antwoord genoteerd",
        "lead": "jijzelf",
    }
)
ROADS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "staff": ("genoteerd door de praktijk", "noted by the practice"),
        "my data page": ("op de pagina met eigen gegevens", "on the page with one's own data"),
        "one-click": ("met de afmeldknop van het mailprogramma", "by the button of the mail program"),
        "unsubscribe page": ("op onze afmeldpagina", "on our page"),
        "by mail": ("met een mail aan ons", "by a mail to us"),
        "by the mail provider": ("via de mailprovider", "by the mail provider"),
        "link of before the erasing": ("met een link van voor het wissen", "by a link of before the erasing"),
        "sent": ("wel aangekomen", "it arrived"),
        "resend": ("opnieuw sturen", "send it again"),
        "drop": ("laten vervallen", "let it go"),
        "no said before the restore": ("overgenomen uit een back-up", "taken over from a backup"),
        "no said in the copy": ("overgenomen uit de kopie van de database", "taken over from the copy of the database"),
    }
)
"""By which road something came, or what was decided, in Dutch and in English."""


def dutch_words(name: str) -> str:
    """The word as staff and leads read it; one that is not known here stays, with blanks for its underscores."""
    return _WORDS.get(name, name.replace("_", " "))
