"""What staff read about mails that wait: why, what they can do, and what then happens. Dutch and English in pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from service.domain.staff import StaffLanguage
from service.domain.waiting import Choice, Why, choices, choices_for_all
from service.web.studio.waiting.views import Action


@dataclass(frozen=True, kw_only=True)
class Said:
    """The same in both languages."""

    dutch: str
    english: str

    def in_(self, language: StaffLanguage) -> str:
        """In one of them."""
        return self.dutch if language == "nl" else self.english


_TRAP = Said(
    dutch="In het formulier staat een veld dat mensen niet zien. Hier was het ingevuld: bijna zeker door een robot.",
    english="The form has a field that people do not see. Here it was filled in, so almost certainly by a robot.",
)
_GOES_ADVICE = Said(
    dutch="De aanvrager krijgt meteen het advies. Doe dit als de aanvraag echt lijkt.",
    english="The advice leaves at once. Do this where the request looks genuine.",
)
_NO_ADVICE = Said(
    dutch="De aanvrager krijgt geen mail. Dat kun je niet terugdraaien; opnieuw aanvragen kan altijd.",
    english="No mail is sent. This cannot be undone; asking again is always possible.",
)
_ARRIVED = Said(
    dutch="De mail telt als verstuurd. Er gebeurt verder niets, en de reeks gaat gewoon door.",
    english="The mail counts as sent. Nothing else happens, and the sequence goes on.",
)
_AGAIN = Said(
    dutch="Precies dezelfde mail gaat nog een keer weg. Kwam de eerste toch aan, dan heeft iemand hem twee keer.",
    english="The very same mail leaves once more. If the first did arrive, somebody has it twice.",
)
_LET_GO = Said(
    dutch="De mail gaat niet opnieuw weg. Kwam hij niet aan, dan mist iemand hem. De reeks gaat gewoon door.",
    english="The mail does not leave again. If it did not arrive, somebody misses it. The sequence goes on.",
)
_SKIPPED = Said(
    dutch="Deze mail gaat nooit meer weg. De reeks gaat verder met de mail die daarna komt.",
    english="This mail never leaves. The sequence goes on with the mail that comes next.",
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One reason: its heading for one mail and for more, why they wait, and what each choice does."""

    one: Said
    many: Said
    why: Said
    means: Mapping[Choice, Said]


def _opt_in(one: Said, many: Said, why: Said) -> Case:
    return Case(one=one, many=many, why=why, means={"resend": _GOES_ADVICE, "drop": _NO_ADVICE})


def _unknown(one: Said, many: Said, why: Said) -> Case:
    return Case(one=one, many=many, why=why, means={"sent": _ARRIVED, "resend": _AGAIN, "drop": _LET_GO})


_CUT = Said(
    dutch="Tijdens het versturen viel de verbinding weg. Misschien kwam de mail aan, misschien niet.",
    english="The connection broke while the mail was being sent. It may have arrived, or not.",
)

CASES: Mapping[Why, Case] = MappingProxyType(
    {
        Why.OPT_IN_CROWDED: _opt_in(
            Said(dutch="adviesaanvraag boven de grens", english="opt-in above the cap"),
            Said(dutch="adviesaanvragen boven de grens", english="opt-ins above the cap"),
            Said(
                dutch="Er kwamen in korte tijd heel veel aanvragen binnen. Wat boven de grens kwam, wacht op jou. "
                "Loopt er net een campagne? Dan zijn ze waarschijnlijk echt.",
                english="A great many opt-ins came in a short time. Those above the cap wait for you. "
                "Is a campaign running? Then they are probably genuine.",
            ),
        ),
        Why.OPT_IN_PROOF: _opt_in(
            Said(dutch="adviesaanvraag zonder bewijs van een browser", english="opt-in without proof of a browser"),
            Said(dutch="adviesaanvragen zonder bewijs van een browser", english="opt-ins without proof of a browser"),
            Said(
                dutch="Een gewone browser maakt bij het formulier een sommetje. Hier ontbrak dat. Het kan een robot "
                "zijn, of iemand met een oude browser.",
                english="An ordinary browser solves a small sum with the form. Here it was missing. It may be a robot, "
                "or somebody with an old browser.",
            ),
        ),
        Why.OPT_IN_FAST: _opt_in(
            Said(dutch="heel snelle adviesaanvraag", english="very quick opt-in"),
            Said(dutch="heel snelle adviesaanvragen", english="very quick opt-ins"),
            Said(
                dutch="Het formulier kwam binnen twee seconden terug. Zo snel kan een mens het niet invullen.",
                english="The form came back within two seconds. Nobody fills it in that fast.",
            ),
        ),
        Why.OPT_IN_TRAP: _opt_in(
            Said(dutch="adviesaanvraag van een robot", english="opt-in of a robot"),
            Said(dutch="adviesaanvragen van een robot", english="opt-ins of a robot"),
            _TRAP,
        ),
        Why.UNKNOWN_ADVICE: _unknown(
            Said(dutch="advies is misschien aangekomen", english="advice may have arrived"),
            Said(dutch="adviezen zijn misschien aangekomen", english="advices may have arrived"),
            Said(
                dutch=f"{_CUT.dutch} We probeerden het al een paar keer vanzelf. Iemand wacht hierop.",
                english=f"{_CUT.english} We tried a few times by ourselves. Somebody waits for it.",
            ),
        ),
        Why.UNKNOWN_FOLLOW_UP: _unknown(
            Said(dutch="vervolgmail is misschien aangekomen", english="follow-up may have arrived"),
            Said(dutch="vervolgmails zijn misschien aangekomen", english="follow-ups may have arrived"),
            Said(
                dutch=f"{_CUT.dutch} Kijk zo mogelijk bij de mailprovider. Weet je het niet? "
                "Laat de mail dan vervallen: missen is minder erg dan twee keer krijgen.",
                english=f"{_CUT.english} Look at the mail provider if you can. Not sure? "
                "Then let the mail go: missing one is better than getting it twice.",
            ),
        ),
        Why.UNKNOWN_SERVICE: _unknown(
            Said(dutch="dienstmail is misschien aangekomen", english="service mail may have arrived"),
            Said(dutch="dienstmails zijn misschien aangekomen", english="service mails may have arrived"),
            Said(
                dutch=f"{_CUT.dutch} Het gaat om een bericht aan de praktijk of een ontvangstbevestiging.",
                english=f"{_CUT.english} It is a message to the practice, or a receipt.",
            ),
        ),
        Why.RESTORED_ASKED: Case(
            one=Said(dutch="gevraagde mail van voor het terugzetten", english="requested mail of before the restore"),
            many=Said(
                dutch="gevraagde mails van voor het terugzetten", english="requested mails of before the restore"
            ),
            why=Said(
                dutch="Er is een back-up teruggezet. Deze mails zijn daarna misschien al verstuurd; dat weet niemand.",
                english="A backup was put back. These mails may have left after it was made; nobody knows.",
            ),
            means={"resend": _AGAIN, "drop": _LET_GO},
        ),
        Why.RESTORED: Case(
            one=Said(dutch="vervolgmail van voor het terugzetten", english="follow-up of before the restore"),
            many=Said(dutch="vervolgmails van voor het terugzetten", english="follow-ups of before the restore"),
            why=Said(
                dutch="Er is een back-up teruggezet. Deze mails zijn daarna misschien al verstuurd; dat weet niemand. "
                "Is de back-up ouder dan een dag, laat ze dan liever vervallen.",
                english="A backup was put back. These mails may have left after it was made; nobody knows. "
                "If the backup is older than a day, rather let them go.",
            ),
            means={"resend": _AGAIN, "drop": _SKIPPED},
        ),
        Why.BACKLOG: Case(
            one=Said(dutch="vervolgmail bleef liggen", english="follow-up was left lying"),
            many=Said(dutch="vervolgmails bleven liggen", english="follow-ups were left lying"),
            why=Said(
                dutch="De mail stond een tijd stil. Er bleef zo veel liggen dat we dat niet zomaar alsnog versturen.",
                english="Mail stood still for a while. So much was left lying that we do not send it unasked.",
            ),
            means={
                "resend": Said(
                    dutch="Elke mail gaat zodra het mag: binnen de verzendtijden, hoogstens een per persoon per dag. "
                    "Wat te laat is voor zijn moment, slaan we over. Wie zich intussen afmeldde, krijgt niets.",
                    english="Each mail leaves as soon as it may: within the send windows, and at most one a person a "
                    "day. What is too late for its moment is skipped. Whoever unsubscribed meanwhile gets nothing.",
                ),
                "drop": _SKIPPED,
            },
        ),
        Why.OTHER: Case(
            one=Said(dutch="mail kan niet worden gemaakt", english="mail cannot be built"),
            many=Said(dutch="mails kunnen niet worden gemaakt", english="mails cannot be built"),
            why=Said(
                dutch="Er ging iets mis toen we deze mail wilden maken. De andere mails gingen gewoon door. "
                "Vraag wie de service beheert om te kijken.",
                english="Something went wrong when we wanted to build this mail. The other mails went on. "
                "Ask whoever runs the service to have a look.",
            ),
            means={
                "resend": Said(
                    dutch="We proberen de mail weer te maken en te versturen. Lukt dat niet, dan komt hij hier weer.",
                    english="We try once more to build and send it. If that fails again, it comes back here.",
                ),
                "drop": _SKIPPED,
            },
        ),
    }
)

_BUTTONS: Mapping[Choice, tuple[Said, Said, Said]] = MappingProxyType(
    {
        "sent": (
            Said(dutch="Is aangekomen", english="It arrived"),
            Said(dutch="Zet op aangekomen", english="Note as arrived"),
            Said(dutch="Zet alle {count} op aangekomen", english="Note all {count} as arrived"),
        ),
        "resend": (
            Said(dutch="Stuur opnieuw", english="Send again"),
            Said(dutch="Verstuur", english="Send"),
            Said(dutch="Verstuur alle {count}", english="Send all {count}"),
        ),
        "drop": (
            Said(dutch="Laat vervallen", english="Let it go"),
            Said(dutch="Laat vervallen", english="Let it go"),
            Said(dutch="Laat alle {count} vervallen", english="Let all {count} go"),
        ),
    }
)
_MAY_REPEAT = frozenset({Why.RESTORED, Why.RESTORED_ASKED})


def title(case: Why, count: int, language: StaffLanguage) -> str:
    """The heading of a group, without its count."""
    return (CASES[case].one if count == 1 else CASES[case].many).in_(language)


def actions(case: Why, language: StaffLanguage, *, count: int | None = None) -> tuple[Action, ...]:
    """What may be done with one mail of this case; with a `count`, with all of them."""
    unknown = "sent" in choices(case)
    return tuple(
        Action(
            choice=choice,
            button=_button(choice, count, again=unknown).in_(language).format(count=count),
            means=CASES[case].means[choice].in_(language),
            asks=choice == "drop" or (choice == "resend" and (unknown or case in _MAY_REPEAT)),
        )
        for choice in (choices(case) if count is None else choices_for_all(case))
    )


def _button(choice: Choice, count: int | None, *, again: bool) -> Said:
    first, one, many = _BUTTONS[choice]
    if count is not None and count > 1:
        return many
    return first if again else one
