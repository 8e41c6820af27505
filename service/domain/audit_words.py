"""What staff read for the actions in the audit log; in English an action is its own word."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

DUTCH: Mapping[str, str] = MappingProxyType(
    {
        "published": "gepubliceerd",
        "approved": "goedgekeurd",
        "paused": "stilgezet",
        "resumed": "weer aangezet",
        "restored": "back-up teruggezet",
        "put back": "alle mail vastgehouden na terugzetten",
        "backup made": "back-up gemaakt",
        "backups expired": "back-ups verlopen",
        "retention run": "opgeruimd",
        "key rotated": "sleutel gewisseld",
        "key retired": "sleutel buiten gebruik",
        "requests erased": "aanvragen gewist",
        "request closed": "aanvraag afgehandeld",
        "request tried": "aanvraag: niet bereikt",
        "answers read": "antwoord gelezen",
        "alert seen": "melding gezien",
        "bookings imported": "afspraken ingelezen",
        "lead exported": "lead opgevraagd",
        "lead stopped": "lead gestopt",
        "lead resumed": "lead hervat",
        "lead booked": "lead: afspraak",
        "lead replied": "lead antwoordde",
        "lead erased": "lead gewist",
        "consent receipt made": "bewijs van toestemming",
        "message resolved as sent": "mail: aangekomen",
        "message resolved as resend": "mail: opnieuw",
        "message resolved as drop": "mail: vervallen",
        "staff added": "medewerker uitgenodigd",
        "staff reset": "medewerker: nieuwe uitnodiging",
        "staff role changed": "medewerker: andere rol",
        "staff disabled": "medewerker geblokkeerd",
        "staff enabled": "medewerker weer toegelaten",
        "staff removed": "medewerker verwijderd",
        "staff logged in": "ingelogd",
        "staff gave a wrong code": "foute code bij het inloggen",
        "staff set a password": "wachtwoord ingesteld",
        "staff changed their password": "wachtwoord veranderd",
        "staff second step on": "tweede stap aangezet",
        "staff second step off": "tweede stap uitgezet",
        "studio settings changed": "instellingen van de studio veranderd",
        "content saved": "bestanden opgeslagen",
    }
)

DUTCH_DETAILS: Mapping[str, str] = MappingProxyType(
    {
        "after": "daarna",
        "alerts": "meldingen",
        "alert": "melding",
        "all_mail": "alle mail",
        "answers_of_servers": "antwoorden van mailservers",
        "before": "eerst",
        "booking_events": "berichten over afspraken",
        "bookings_of_nobody": "afspraken van onbekenden",
        "feedback": "wat over mails terugkwam",
        "follow_ups": "vervolgmails",
        "held": "vastgehouden",
        "kind": "soort",
        "last_mail": "leads na hun laatste mail",
        "lead": "lead",
        "made_at": "gemaakt op",
        "message": "mail",
        "moved": "verplaatst",
        "name": "naam",
        "no_consent": "leads zonder toestemming voor vervolg",
        "outcome": "uitkomst",
        "request": "aanvraag",
        "requests": "aanvragen",
        "revision": "revisie",
        "role": "rol",
        "rows": "rijen",
        "sequences": "reeksen",
        "since": "sinds",
        "editors_publish": "redacteuren publiceren",
        "second_step": "tweede stap verplicht",
        "files": "bestanden",
        "staff": "medewerker",
        "staff_mails": "mails aan de praktijk",
        "timeline": "gebeurtenissen",
        "unknown": "onbekend",
        "warnings": "waarschuwingen",
        "why": "waarom",
        "with_keys": "met sleutels",
    }
)
"""What a detail of an entry is called; one that is not here keeps its own name."""

DUTCH_VALUES: Mapping[str, str] = MappingProxyType(
    {
        "admin": "beheerder",
        "editor": "redacteur",
        "forms": "formulieren",
        "practice": "praktijk",
        "sequence": "reeks",
    }
)
"""Words that stand as the value of a role or of a kind."""
