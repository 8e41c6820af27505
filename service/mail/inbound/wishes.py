"""Does somebody ask for no more mail? By her own words and her subject, in four languages.

A bare word counts only as a whole sentence ("Stop."); in a sentence it must be about mail or about signing off, so that
"moet ik stoppen met de oefeningen?" and "afmelden voor de afspraak" are what they are: words for a person to read.
"""

from __future__ import annotations

import re

from service.mail.inbound.phrases import plain

_SENTENCE = re.compile(r"[.!?\n;]+")
_ANSWERED = re.compile(r"^(?:(?:re|antw|aw|sv|ref|tr|fw|fwd|doorst|wg)\s?:\s?)+", re.IGNORECASE)
_POLITE = re.compile(
    r"\b(?:a\.?u\.?b|alstublieft|alsjeblieft|s\.?v\.?p|graag|nu|direct|per direct|meteen|please|pls|thanks"
    r"|thank you|now|bitte|danke|sofort|merci|nee|maar|"
    r"s'il vous plaît|s'il te plaît|hallo|hoi|beste|hello|hi|bonjour|guten tag|dank(?: ?(?:je|u)(?: ?wel)?)?|bedankt"
    r"|mvg|gr|groet(?:en)?|ik wil|ik wens|"
    r"je veux|je souhaite|ich möchte|ich will|i want to|i would like to|i'd like to|wil ik|hierbij|mij|me|mich"
    r"|ermee|hiermee|daarmee|this|dit)\b"
)
_WORDS = frozenset(
    {
        "stop",
        "stoppen",
        "stop mail",
        "stop mails",
        "stop mailen",
        "stop e-mail",
        "stop er mee",
        "hou op",
        "houd op",
        "niet mailen",
        "niet meer sturen",
        "stuur niet meer",
        "stuur niets meer",
        "stuur niks meer",
        "verwijderen",
        "afmelden",
        "uitschrijven",
        "afmelding",
        "uitschrijving",
        "opzeggen",
    }
    | {
        "unsubscribe",
        "unsubscribe from list",
        "opt out",
        "opt-out",
        "optout",
        "remove",
        "remove from list",
        "cancel subscription",
    }
    | {"abmelden", "abmeldung", "austragen", "abbestellen", "stopp", "kündigen", "löschen"}
    | {
        "désinscrire",
        "désinscription",
        "désabonner",
        "désabonnement",
        "se désinscrire",
        "se désabonner",
        "arrêt",
        "arrêtez",
        "desinscription",
        "desabonnement",
    }
    | {
        "geen interesse",
        "geen interesse meer",
        "niet geïnteresseerd",
        "not interested",
        "kein interesse",
        "pas intéressé",
        "pas intéressée",
    }
    | {
        "meld af",
        "schrijf uit",
        "verwijder",
        "haal van de lijst",
        "uitschrijven nieuwsbrief",
        "afmelden nieuwsbrief",
        "afmelden mail",
        "afmelden mails",
    }
)
_MAIL = (
    r"(?:e-?)?(?:mail(?:s|tjes|ings?|en)?|berichten|nieuwsbrie(?:f|ven)|courriels?|messages?|newsletters?|post"
    r"|nachrichten)"
)
_WANTS = r"\b(?:wil|willen|wens|wensen|hoef|hoeven|graag|liever)\b"
_ENDS = r"(?: (?:a\.?u\.?b|alstublieft|alsjeblieft|s\.?v\.?p|graag|please))?$"
_PHRASES = re.compile(
    "|".join(
        (
            # Dutch
            rf"\bgeen\b(?: \w+){{0,3}} {_MAIL}\b(?: \w+){{0,4}} meer\b",
            (
                rf"\b(?:wil|willen|wens|wensen|hoef|hoeven|graag|liever|verzoek|stuur"
                rf"|gelieve)\b.{{0,50}} geen\b(?: \w+){{0,3}} {_MAIL}"
            ),
            r"\bniet (?:meer|langer) (?:te )?(?:ge-?)?(?:mailen|maild|aangeschreven|benaderd|benaderen)",
            r"\bmail (?:mij|me) niet",
            rf"\bniet (?:meer|langer) (?:\w+ ){{0,4}}{_MAIL} (?:te )?(?:ontvangen|krijgen|sturen)",
            rf"\b{_MAIL} (?:\w+ ){{0,3}}niet (?:meer|langer) (?:te )?(?:ontvangen|krijgen|hebben|sturen)",
            (
                rf"\b(?:stop|stopt|ophouden|hou|houd|stoppen)\b(?: \w+){{0,3}} (?:met |te )?(?:\w+ ){{0,3}}(?:mailen"
                rf"|{_MAIL}|spammen)\b"
            ),
            (
                r"\b(?:wil|willen|wens|graag|verzoek|zou|kunt|kun|kan|hoe|gelieve|hierbij|mag)\b.{0,60}"
                r"\b(?:afmelden|uitschrijven|afgemeld|uitgeschreven|af te melden|uit te schrijven)"
            ),
            r"\b(?:meld|schrijf|haal|gooi) (?:mij|me|ons)\b.{0,50}\b(?:af|uit|eraf|eruit)\b",
            (
                r"\b(?:haal|verwijder|wis|schrap) (?:mij|me|mijn|m'n)\b.{0,40}(?:lijst|adres|mail|bestand|gegevens"
                r"|systeem)"
            ),
            r"\b(?:mij|me|mijn (?:mail)?adres)\b.{0,40}\b(?:van|uit|af) (?:\w+ ){0,3}\w*(?:lijst|bestand|mailing)",
            r"\b(?:mij|me|mijn (?:e-?)?(?:mail)?adres|mijn gegevens) (?:\w+ ){0,4}(?:verwijderen|wissen|schrappen)",
            r"\b(?:mij|me) (?:hierbij )?(?:af|uit) ?(?:melden|schrijven)|laat (?:mij|me) met rust",
            # what is not to come is "dit" or "niets", or mails that are to stop
            (
                rf"{_WANTS}(?: \w+){{0,2}} (?:dit|deze|die|ze|jullie|uw|je)\b(?: \w+){{0,3}} niet (?:meer|langer)"
                r" (?:te )?ontvangen"
            ),
            (
                rf"{_WANTS}(?: \w+){{0,3}} (?:niets|niks) meer(?: van (?:jullie|u|je))?"
                r" (?:te )?(?:ontvangen|krijgen|horen)"
            ),
            r"\b(?:stuur|zend)(?:en|t)? (?:mij|me|ons) (?:\w+ )?(?:niets|niks) meer",
            rf"{_WANTS}(?: \w+){{0,3}} {_MAIL} niet(?: meer| langer)?{_ENDS}",
            (
                rf"\b(?:deze|die|jullie|uw)(?: \w+)? {_MAIL} (?:hoef|hoeft|hoeven|wil|willen)\b(?: \w+){{0,2}} niet"
                rf"(?: meer| langer)?(?: (?:te )?(?:hebben|ontvangen|krijgen))?{_ENDS}"
            ),
            rf"\b(?:stuur|zend)(?:en|t)?\b(?: \w+){{0,3}} {_MAIL} niet (?:meer|langer)",
            rf"\b{_MAIL}\b(?: \w+){{0,2}} (?:stopzetten|stop te zetten|(?:te )?beëindigen){_ENDS}",
            (
                r"\b(?:graag|wilt|willen|kunt|kun|kunnen|mogen|gelieve|verzoek)\b(?: \w+){0,4} "
                rf"{_MAIL} (?:te )?stoppen{_ENDS}"
            ),
            rf"\bzet(?: \w+){{0,2}} {_MAIL}(?: \w+)? (?:stop|uit){_ENDS}|\b(?:beëindig|staak)(?: \w+){{0,2}} {_MAIL}\b",
            (
                r"\b(?:wil|willen|kom|komen|mag|mogen)\b(?: \w+){0,4} van (?:\w+ ){0,3}"
                rf"(?:{_MAIL}|(?:mail|mailing|verzend)?lijst) af(?: te)?{_ENDS}"
            ),
            r"\bstop(?:pen)?(?: (?:met|al|die|deze|jullie|uw|de)){0,3} (?:spam|reclame)\b|\bgeen reclame meer\b",
            r"\b(?:wilt u|willen jullie|kunnen jullie) (?:\w+ )?(?:hiermee|daarmee|ermee) (?:stoppen|ophouden)",
            rf"{_WANTS}(?: \w+){{0,2}} dat (?:u|jullie) (?:\w+ )?(?:stopt|stoppen|ophoudt|ophouden){_ENDS}",
            r"\b(?:meld|schrijf) ik (?:mij|me)\b.{0,50}\b(?:af|uit)\b",
            r"\b(?:mij|me) uit (?:\w+ ){1,2}(?:systeem|database)\b",
            (
                r"\b(?:heb|hebben|ben|zijn)\b(?: \w+){0,2} (?:geen (?:interesse|belangstelling)"
                rf"|niet (?:meer |langer )?geïnteresseerd)(?: meer)?(?: (?:in|voor) (?:\w+ ){{0,3}}{_MAIL})?{_ENDS}"
            ),
            rf"\bgeen behoefte (?:meer )?(?:aan )?(?:\w+ ){{0,3}}{_MAIL}\b",
            # whoever takes back her consent says no, in whatever language
            r"\btrek(?:ken)?\b(?: \w+){0,4} toestemming\b.{0,60}\bin\b",
            r"\btoestemming\b(?: \w+){0,4} (?:in te trekken|intrekken|ingetrokken)",
            r"\b(?:withdraw|revoke)(?:ing)?\b(?: \w+){0,2} consent\b",
            r"\b(?:widerrufe|ziehe)\b.{0,30}\beinwilligung|\bretire mon consentement",
            # English
            r"^(?:please )?leave me alone\b|\b(?:do not|don't) send me anything",
            rf"\bi(?:'m| am) (?:not|no longer) interested{_ENDS}",
            (
                r"\bunsubscribe me|\b(?:want|wish|like|need|request|ask|please|how (?:do|can) i)\b.{0,30}"
                r"\b(?:unsubscribe|opt[- ]out|be removed|be taken off)"
            ),
            r"\b(?:take|remove|delete) (?:me|my (?:e-?mail|address|name|data|details))\b",
            r"\bstop (?:e-?mailing|mailing|contacting|spamming)",
            rf"\bstop (?:sending|writing|these|the|this|your|all)\b(?: \w+){{0,3}} (?:{_MAIL}|me|us)\b",
            rf"\bno (?:more|further) {_MAIL}|\b(?:not?|don't) (?:longer )?(?:want|wish) to (?:receive|get)",
            rf"\b(?:don't|do not|no longer) want\b(?: \w+){{0,3}} {_MAIL}",
            r"\b(?:do not|don't|never) (?:e-?mail|mail|contact|write(?: to)?|message) (?:me|us)\b",
            rf"\b(?:do not|don't) send\b(?: \w+){{0,3}} {_MAIL}",
            # German
            rf"\bkeine\b(?: \w+){{0,3}} {_MAIL}\b(?: \w+){{0,2}} (?:mehr|senden|schicken|zusenden|erhalten|bekommen)",
            r"\bnicht mehr (?:an)?(?:schreiben|mailen|kontaktieren)",
            r"\b(?:möchte|will|bitte|kann|wie)\b.{0,50}\b(?:abmelden|abbestellen|austragen|abgemeldet|ausgetragen)",
            (
                r"\b(?:meld\w*|trag\w*|nehm\w*|streich\w*|lösch\w*) (?:sie )?(?:mich|meine)\b.{0,50}"
                r"\b(?:ab(?! (?:\w+tag|morgen|dem|\d))|aus|adresse|verteiler|liste|daten)\b"
            ),
            r"\baus (?:dem|ihrem|eurem|der) (?:\w+)?(?:verteiler|liste|mailingliste)",
            # French
            r"\b(?:me|nous) (?:désinscrire|désabonner|desinscrire|desabonner)",
            r"\b(?:désinscri|désabonn|desinscri|desabonn)\w+[- ]moi",
            rf"\bne (?:souhaite|veux|désire)s? plus\b(?: \w+){{0,3}} (?:recevoir|{_MAIL})",
            r"\bne plus (?:recevoir|m'envoyer|m'écrire|être contactée?)|\bne m'(?:envoyez|écrivez) plus",
            rf"\bplus (?:de |d'|aucun )?{_MAIL}",
            r"\b(?:arrêtez|arrêter|cessez|cesser) de (?:m'|nous |me )?(?:envoyer|écrire|contacter)",
            r"\b(?:retirez|supprimez|enlevez)[- ](?:moi|mon adresse|mes données)",
        )
    )
)
_SIGN_OFF = r"(?:afmelden|af te melden|meld\w*|uitschrijven|abmelden|unsubscribe|désinscrire)"
_MEETING = r"(?:afspraak|pijncheck|behandeling|consult|les|termin|rendez-vous|appointment)"
_NOT_MEANT = re.compile(
    "|".join(
        (
            (
                r"\b(?:niet|not|don't|nicht|ne pas|nooit|never) (?:\w+ )?"
                r"(?:afmelden|uitschrijven|unsubscribe|abmelden|désinscrire|désabonner|stop)\b"
            ),
            r"\bstop(?:pen)? (?:\w+ )?niet\b|per ongeluk|by accident|by mistake|aus versehen|versehentlich|par erreur",
            # "why do I get no more mails?" says that she misses them
            r"\b(?:krijgt?|kreeg|krijgen|ontvang|ontving|heb|komen|komt|kwamen|zie|vind|bekomme|bekam|erhalte|reçois|reçu)\b"
            r"(?!.{0,80}\b(?:liever|graag|lieber|gern)\b)(?: \w+){0,3} (?:geen|keine|plus)(?: \w+){0,2} " + _MAIL,
            rf"\b(?:heb|hebben)\b(?: \w+){{0,3}} {_MAIL}\b(?: \w+){{0,6}} niet (?:meer )?(?:ontvangen|gekregen)",
            r"\b(?:toestemming|consent)\b.{0,30}\b(?:altijd|later|ooit|any time)\b",
            rf"^(?!.*\b{_MAIL}\b).*\b{_SIGN_OFF}\b.{{0,60}}\b{_MEETING}\b",
            rf"^(?!.*\b{_MAIL}\b).*\b{_MEETING}\b.{{0,60}}\b{_SIGN_OFF}\b",
        )
    )
)
_SHORT = 400
_MOST_WORDS = 6
_PIECE = re.compile(r"[.!?;,]+")
_POLITE_WRITTEN = re.compile(_POLITE.pattern, re.IGNORECASE)
# On a line of its own, or behind a greeting alone: "Anna", "Groet, Anna de Vries".
_NAME = re.compile(r"[^\W\d_a-z][\w'-]*(?: (?:[^\W\d_a-z][\w'-]*|de|den|der|ter|ten|van|von|vd|v\.d\.)){0,3}")


def wants_stop(own: str, subject: str) -> bool:
    """Whether these words ask for no more mail. `subject` counts in whole only where it answers nobody's mail.

    A line that ends in a colon or leads to a page is a label of some mail that was not marked as quoted.
    """
    bare = _ANSWERED.sub("", plain(subject))
    if _is_a_word(bare) or (bare == plain(subject) and _says_so(bare)):
        return True
    lines = [line for line in own.split("\n") if "://" not in line and not line.rstrip().endswith(":")]
    text = "\n".join(lines)[:20_000]
    sentences = [plain(each) for each in _SENTENCE.split(text)]
    return any(_is_a_word(each) or _says_so(each) for each in sentences) or _says_so(plain(text[:_SHORT]))


def only_a_wish(own: str, subject: str) -> bool:
    """Whether these words, which ask for no more mail, say nothing else: politeness and a name under them apart.

    Rather one mail too many for staff than a person in pain unread, so whatever is not known here is something else.
    """
    bare = plain(subject)
    if bare and _ANSWERED.sub("", bare) == bare and not (_is_a_word(bare) or _says_so(bare)):
        return False
    long = any(len(piece.split()) > _MOST_WORDS for piece in _PIECE.split(own.replace("\n", ".")))
    if long or "?" in own or any(character.isdigit() for character in own):
        return False
    left = [line for line in own.split("\n") if any(map(_is_left, _PIECE.split(line)))]
    return all(_NAME.fullmatch(_POLITE_WRITTEN.sub("", line).strip(" ,")) for line in left)


def _is_left(piece: str) -> bool:
    """Whether something is said in it that is no wish and no politeness."""
    flat = plain(piece)
    said = re.sub(r"[^\w]", "", _POLITE.sub(" ", re.sub(r"\bmet vriendelijke\b", " ", flat)))
    return bool(said) and not (_is_a_word(flat) or _says_so(flat))


def _is_a_word(sentence: str) -> bool:
    left = " ".join(re.sub(r"[^\w' -]", " ", _POLITE.sub(" ", sentence)).split()).strip("- ")
    return left in _WORDS


def _says_so(sentence: str) -> bool:
    return _PHRASES.search(sentence) is not None and not _NOT_MEANT.search(sentence)
