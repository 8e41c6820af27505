"""By which words mail of machines is known, as data: who sends it, how it begins, how people say that they are away.

Pieces of regular expressions for text in small letters with single blanks; a new wording is a line here and a mail in
tests/fixtures/inbound.
"""

from __future__ import annotations

import re
import unicodedata


def _any(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words))


SYSTEMS = re.compile(
    r"mailer-?daemon|mail-?daemon|postmaster|mdaemon|microsoftexchange[0-9a-f]{16,}|mail-?delivery.{0,20}"
)
"""The whole local part of an address from which mail systems write, and nobody else."""

SYSTEM_NAMES = _any(
    r"mailer-?daemon|\bmail (?:delivery|administrator|router)|delivery (?:sub)?system|mailzustell|mail system",
    r"système de (?:distribution|messagerie)|courier mail server",
)
"""In the name of one."""

NOBODY = _any(
    r"^(?:no|do-?not|niet|nicht|ne-?pas)[-_.]?(?:reply|respond|answer|beantwoorden|antworten|repondre|antwoorden)"
)
"""The local part of an address at which nobody reads."""

RETURNED = _any(
    r"this is the mail system at host|this is the [\w. -]{1,40} (?:mail )?program at|hi\. this is the",
    r"this message was created automatically by (?:the )?mail delivery",
    r"created automatically by mail delivery software",
    r"(?:could|can|was|has|have|were) ?(?:not|n't) (?:be(?:en)? )?(?:delivered|sent)",
    r"(?:undeliver|not deliver|undeliverable|nondeliver)",
    r"(?:unable|failed|not able|wasn't able|impossible) to (?:deliver|send)|delivery (?:\w+ ){0,4}(?:has )?fail",
    r"delivery has failed|failure notice",
    r"returned (?:mail|to sender|message)|address not found|message (?:not delivered|blocked|rejected)",
    r"permanent(?:ly)? (?:fatal )?(?:error|fail)",
    r"remote server returned|recipient(?:'s)? (?:address )?(?:rejected|mailbox is full)",
    r"mail delivery (?:failed|failure|error)|delivery (?:status notification|failure|report|error)",
    r"\bniet (?:\w+ ){0,8}(?:bezorgd|afgeleverd|verzonden|bereikt)\b|onbestelbaar|niet bestelbaar",
    r"bezorging .{0,20}mislukt|niet bezorgd|mislukte bezorging",
    r"unzustellbar|(?:konnte|wurde|kann) .{0,40}nicht (?:zugestellt|ausgeliefert|versendet|gesendet)",
    r"nicht zugestellt|zustellung .{0,30}fehlgeschlagen|zurückgewiesen|rücksendung",
    r"n'a (?:pas )?(?:pu|été) .{0,20}(?:pas )?(?:être )?(?:remis|délivré|livré|distribué|envoyé)|non remis",
    r"échec (?:de |d')?(?:la )?(?:remise|livraison|distribution|envoi)|non distribu|retour(?:né)? à l'expéditeur",
    r"impossible de (?:remettre|distribuer)",
)
"""Says that a mail did not arrive."""

STILL_TRYING = _any(
    r"(?:still|will) (?:be |being |continue |keep )?(?:retr|try|attempt)|warning message only",
    r"do not need to resend|no action is required on your part",
    r"delivery (?:to .{1,60} )?(?:has been |is |was )?(?:temporarily )?delayed|delayed (?:mail|\d+ hours?)",
    r"message delayed|delivery incomplete|temporary problem delivering|not yet been delivered",
    r"(?:vertraagd|vertraging)|nog niet (?:worden )?(?:bezorgd|afgeleverd)|wordt (?:nog )?opnieuw geprobeerd",
    r"verzögert|verzögerung|weitere (?:zustell)?versuche|noch nicht zugestellt|retardé|retardée|nouvelle tentative",
)
"""Says that somebody keeps trying."""

GIVEN_UP = _any(
    r"giv(?:ing|en) up|permanent|not going to try|no further|will not be retried|failed permanently",
    r"has (?:been )?(?:failed|expired)|has failed",
    r"(?:keine weiteren|geen verdere|aucune autre)",
)
"""Says that nobody does any more."""

COPY_BELOW = _any(
    r"-{2,} ?(?:below this line|this is a copy|original message|the (?:header|body|text|original)"
    r"|message (?:header|text)|original mail|ursprüngliche|oorspronkelijk|message d'origine|unsent message"
    r"|returned|undelivered message|transcript of session ends)",
    r"^(?:original message headers|oorspronkelijke berichtkoppen|ursprüngliche nachrichtenkopfzeilen"
    r"|en-têtes de message d'origine|original message follows|headers of the original)",
    r"^-{4,} ?(?:begin|start) (?:of )?(?:original|returned)",
)
"""A line under which a machine shows the mail that it returns."""

ANSWER_SUBJECT = _any(
    r"automatisch(?:e|es)? (?:antwoord|antwort|reactie|beantwoording)\b|auto(?:matic|mated)?[ -]?(?:reply|response)\b",
    r"autoreply|autosvar|auto-?antw|out of (?:the )?office\b|ooo:|réponse automatique|message d'absence",
    r"abwesenheits?(?:notiz|benachrichtigung|meldung|nachricht)\b|vakantie(?:melding|bericht)",
    r"afwezigheids(?:bericht|melding|assistent|mail)",
    r"ontvangstbevestiging|eingangsbestätigung|accusé de réception|confirmation of receipt|bevestiging van ontvangst",
)
"""How a subject begins that nobody writes by hand: it counts where no header says that a machine answered."""

AWAY_SUBJECT = re.compile(
    r"(?:automatisch antwoord|automatic reply|automatische antwort|réponse automatique) ?:"
    r"|.{0,20}(?:out of (?:the )?office|\booo\b|abwesen|afwezig|niet aanwezig|niet op kantoor|vakantie|absence"
    r"|absente?\b|congé|urlaub|vacation|on leave|away\b|holiday)"
)
"""Those that say somebody is away; the first four are Exchange's, which sends them for nothing else."""

AWAY = _any(
    r"out of (?:the |my )?office|on (?:annual |maternity |paternity |parental |sick |study )?leave",
    r"on (?:holiday|vacation)|away (?:from|until|till|on)|i(?: am|'m) (?:currently )?(?:away|travelling|out)",
    r"(?:be )?back (?:in the office )?on|limited access to (?:my )?e-?mail|until my return",
    r"when i (?:return|am back)|not in the office",
    r"(?:ben|zijn|is) (?:ik |wij |we )?(?:momenteel |tijdelijk |op dit moment |t/?m [\w ]{1,20} "
    r"|tot (?:en met )?[\w ]{1,20} |van [\w ]{1,40} |vandaag )?(?:afwezig|niet aanwezig|niet op kantoor"
    r"|met vakantie|op vakantie|met verlof|niet bereikbaar|gesloten|met zwangerschapsverlof|vrij|weg"
    r"|er (?:even |nu )?niet|op reis)",
    r"afwezig (?:t/?m|tot|van|op|wegens|in verband)",
    r"(?:met|op) (?:zwangerschaps|ouderschaps|zorg)?(?:verlof|vakantie)\b",
    r"weer (?:aanwezig|bereikbaar|op kantoor|terug|werkzaam)|niet (?:in de gelegenheid|aanwezig|op kantoor)",
    r"beperkt bereikbaar|bij terugkomst|na mijn (?:vakantie|terugkeer|terugkomst|verlof)",
    r"tijdens mijn (?:afwezigheid|vakantie|verlof)|geniet(?:en)? .{0,30}vakantie",
    r"(?:im|in) urlaub|nicht im (?:büro|haus|hause|dienst)|abwesend|außer haus|ausser haus",
    r"wieder (?:erreichbar|im büro|für sie da|zurück|da\b)|bin ich .{0,30}nicht erreichbar|elternzeit|mutterschutz",
    r"während meiner abwesenheit|nach meiner rückkehr|auf dienstreise",
    r"en (?:congés?|vacances|déplacement)|absente? (?:du bureau|jusqu|du \d|actuellement|et )",
    r"(?:suis|serai|sommes) (?:actuellement )?(?:absente?|en congés?|indisponible)|de retour (?:le|au|à)",
    r"à mon retour|congé (?:maternité|parental|maladie)|pendant mon absence|fermée? (?:du|jusqu)",
)
"""Words of who is away."""

RECEIPT = _any(
    r"(?:hebben|heb|is) (?:wij |we |ik )?(?:uw|je|jouw|het) (?:bericht|e-?mail|mail|vraag|aanvraag|melding"
    r"|verzoek).{0,40}ontvangen",
    r"goede orde ontvangen|bedankt voor (?:uw|je|jouw|het) (?:bericht|e-?mail|mail|reactie|aanvraag|vraag)",
    r"ontvangstbevestiging|(?:nemen|neemt) .{0,40}contact met (?:u|je|jou) op|(?:ticket|zaak|meldings?)[- ]?nummer",
    r"in behandeling genomen",
    r"(?:have|has|we've) received your",
    r"thank you for (?:contacting|your (?:e-?mail|message|enquiry|inquiry|mail|request))",
    r"thanks for (?:reaching out|contacting|getting in touch)",
    r"your (?:request|ticket|message|enquiry|e-?mail) (?:\S+ )?(?:has been|was) (?:received|created|logged)",
    r"will (?:get back to you|respond|reply) (?:within|as soon)",
    r"haben (?:wir )?(?:ihre|deine) (?:nachricht|e-?mail|anfrage|mail).{0,30}(?:erhalten|eingegangen)",
    r"(?:nachricht|e-?mail|anfrage) (?:ist )?(?:bei uns )?(?:erhalten|eingegangen)",
    r"vielen dank für (?:ihre|deine|die) (?:nachricht|e-?mail|anfrage|mail)|eingangsbestätigung|ticketnummer",
    r"(?:avons|ai) bien reçu (?:votre|ton)|accusons réception|accusé de réception",
    r"merci (?:pour|de) (?:votre|nous avoir)",
    r"votre (?:message|demande|courriel|e-?mail) (?:a bien été|a été|est bien) (?:reçue?|enregistrée?|prise?)",
    r"dans les (?:meilleurs|plus brefs) délais",
)
"""Words of who only says that a mail came in."""

READ_SUBJECT = re.compile(
    r"(?:gelezen|read|gelesen|lu|niet gelezen|not read|ungelesen|non lu|leesbevestiging|read receipt|lesebestätigung"
    r"|accusé de lecture|ontvangstbewijs \(weergegeven\)|return receipt \(displayed\)"
    r"|empfangsbestätigung \(angezeigt\)) ?[:-]"
)
READ = _any(
    r"(?:is|werd) (?:gelezen|weergegeven|geopend)|zonder te zijn gelezen",
    r"(?:was|has been) (?:read|displayed|opened)",
    r"deleted without being read|(?:wurde|ist) .{0,40}(?:gelesen|angezeigt|geöffnet)|ungelesen gelöscht",
    r"a été (?:lu|affiché|ouvert)|supprimé sans (?:être|avoir été) lu",
)
"""How the subject of a receipt begins that says a mail was opened (or deleted), and what the receipt then says."""

CALENDAR = _any(
    r"^(?:geaccepteerd|accepted|angenommen|zugesagt|accepté|acceptée|geweigerd|afgewezen|declined|abgelehnt"
    r"|refusé|refusée|voorlopig|tentative|mit vorbehalt|provisoire|tijdelijk geaccepteerd|uitnodiging|invitation"
    r"|updated invitation|bijgewerkte uitnodiging|geannuleerd|canceled|cancelled|abgesagt|annulé) ?:",
)
"""How the subject of a calendar's answer begins."""


_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")


def plain(text: str) -> str:
    """The text as the words here expect it: small letters, single blanks, straight apostrophes, nothing unseen."""
    text = unicodedata.normalize("NFC", _UNSEEN.sub("", text))  # Apple writes é as two characters
    return " ".join(text.replace("’", "'").replace("‘", "'").lower().split())
