"""What servers say when they refuse, as data: words, what they mean, and the code that means it (RFC 3463).

Pieces of regular expressions, matched in small letters with single blanks and addresses struck. The first rule that
fits counts, so whatever excuses the reader stands before what condemns: a mailbox is never gone for a reason of ours.
A new wording is a line here and a mail in tests/fixtures/inbound.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from service.mail.inbound.values import InboundKind

NO_DOMAIN = "1.2"
HARD, SOFT, POLICY = InboundKind.HARD, InboundKind.SOFT, InboundKind.POLICY


@dataclass(frozen=True, kw_only=True)
class Rule:
    """`reason` is for people; `status` without its class, which the report itself says (4 or 5)."""

    kind: InboundKind
    status: str
    reason: str
    words: re.Pattern[str]


def _rule(kind: InboundKind, status: str, reason: str, *words: str) -> Rule:
    return Rule(kind=kind, status=status, reason=reason, words=re.compile("|".join(words)))


REFUSALS: tuple[Rule, ...] = (
    _rule(
        SOFT,
        "4.1",
        "the recipient is not taken, and it does not say why",
        r"recipient address(?:es)? rejected ?: access denied",
    ),
    _rule(
        POLICY,
        "7.1",
        "we sent too much at once",
        r"rate.?limit|sending (?:limit|quota|rate)",
        r"too many (?:messages|connections|recipients|errors|mails|concurrent)",
        r"unusual rate|throttl|daily (?:user )?sending|exceeded the (?:maximum|max) (?:number|amount) of messages",
        r"trop de (?:connexions|messages)|zu viele (?:verbindungen|nachrichten|mails)",
        r"te veel (?:berichten|verbindingen)",
        r"(?:hourly|daily|message) (?:limit|quota) (?:is )?(?:exceeded|reached)|max(?:imum)? defers and failures",
    ),
    _rule(POLICY, "7.1", "the provider's own list holds the address", r"suppressed sending|suppression list"),
    _rule(SOFT, "7.1", "greylisted until we gave up", r"gr[ae]y-?list"),
    _rule(
        SOFT,
        "2.2",
        "the mailbox is full",
        r"over.?quota|quota.{0,30}(?:exceed|full|reached|überschritten|atteint|dépassé|overschreden|bereikt)",
        r"(?:exceed|over|out of|above).{0,40}(?:quota|storage|disk space|mailbox limit|allocated space)",
        r"(?:mailbox|mail ?box|inbox|account|postbus|postvak|mail ?drop|mailfolder|box).{0,40}\bfull\b",
        r"\bfull (?:mailbox|inbox)",
        r"(?:insufficient|not enough|out of) (?:system )?(?:storage|disk|space)",
        r"storage (?:allocation|space|limit|quota)|disk full",
        r"out ?of ?storage|quotaexceeded|mailboxfull|mailbox size limit|overquota",
        r"(?:mailbox|postvak(?: in)?|postbus|brievenbus).{0,40}(?:is|zit) vol\b|onvoldoende (?:opslag)?ruimte",
        r"opslaglimiet",
        r"(?:postfach|mailbox|speicher|posteingang).{0,40}(?:ist )?(?:voll|überfüllt)\b|speicher(?:platz|limit)",
        r"mailbox voll",
        r"(?:bo[iî]te|messagerie).{0,60}(?:pleine|satur)|quota (?:est )?d[eé]pass",
        r"espace (?:de stockage|disque) insuffisant",
    ),
    _rule(
        SOFT,
        "4.3",
        "the domain could not be looked up",
        r"(?:host|name|domain)[^.]{0,60} not found,? try again|try again later.{0,20}name service",
        r"name (?:server|service)[^.]{0,60}(?:lookup failure|timed? ?out|temporar)",
        r"(?:host|domain) ?(?:name )?lookup (?:failure|failed(?!.{0,60}nxdomain)|timed? ?out)",
        r"servfail|server ?failure",
        r"dns (?:server|query|lookup|error)[^.]{0,40}(?:fail(?!.{0,60}nxdomain)|timed? ?out|time-?out|temporar)",
        r"cname lookup failed temporarily",
        r"temporary (?:dns|name|lookup|failure in name)|dns[- ](?:zeitüberschreitung|timeout)",
    ),
    _rule(
        SOFT,
        "4.7",
        "given up after long trying",
        r"(?:retry|delivery) time ?-?out|retry time (?:not reached|exceeded)|delivery (?:time )?expired",
        r"message expired|(?:has|have) expired",
        r"(?:in|on) (?:the |this |my )?queue (?:for )?too long",
        r"(?:failing|undeliverable|tried|retrying|queued) for (?:a long time|too long|more than|over|\d+)",
        r"could not be delivered (?:for|in|within) (?:more than )?\d+ (?:day|hour)|too old",
        r"maximum (?:queue|retry) (?:time|lifetime)",
        r"giving up|given up (?:after|trying)|too many retries|delivery attempts",
        r"connection (?:timed? ?out|time-?out|refused|reset|lost|dropped|was closed|closed)",
        r"(?:network|host) (?:is )?unreachable|no route to host",
        r"(?:timed? out|time-?out) while|while talking|lost connection|conversation with .{0,80}timed out",
        r"operation timed out|read error|connect(?:ion)? failed",
        r"(?:couldn't|could not|unable to|can't|cannot) (?:establish|connect|contact|reach)",
        r"did not (?:respond|accept|answer)|no answer from|not responding",
        r"(?:zeitüberschreitung|zeitlimit)|verbindung (?:abgelehnt|abgebrochen|fehlgeschlagen)",
        r"délai (?:d'attente )?(?:dépassé|expiré)|time-?out bij|verlopen",
    ),
    _rule(
        POLICY,
        "3.4",
        "the mail is too big",
        r"too (?:big|large)|size (?:limit|exceed|restrict)|message size",
        r"(?:maximum|max|fixed) (?:message |mail )?size|larger than",
        r"zu gro(?:ß|ss)|te groot|trop (?:gros|volumineux|grande?)|taille (?:maximale|du message)",
    ),
    _rule(
        POLICY,
        "7.1",
        "refused for our reputation",
        r"\bspam|spamhaus|spamcop|\brbl\b|dnsbl|sorbs|uceprotect|barracuda ?(?:central|reputation)|sender ?score",
        r"senderbase|proofpoint dynamic",
        r"(?:block|black|deny|block-|black-) ?list|blocklisted|\bblocked (?:using|by|because|for|due|from)",
        r"\b(?:is|are|been|was|ip|address(?:es)?|host|sender|domain|temporarily|currently) (?:currently "
        r"|temporarily )?blocked",
        r"your ip|ip (?:address )?(?:.{0,40})(?:rejected|refused|bloqu)",
        r"reputation|user complaints|unexpected volume|unsolicited|\bjunk\b|bulk mail|unwanted|poor|low score",
        r"not whitelisted|tosa@",
        r"a problem occurred\W{0,5}ask your postmaster",
        r"bloqu[eé]e?|incident de spam|geblokkeerd (?:wegens|vanwege|omdat|door)",
        r"auf (?:einer|der) (?:schwarzen|sperr)|sperrliste|gesperrt (?:wegen|aufgrund)|ofr_?(?:0|1|5)\d\d",
        r"(?:mail|client|sender) ?host .{0,60}(?:rejected|denied)|client host rejected",
    ),
    _rule(
        POLICY,
        "7.26",
        "refused for how our mail proves its sender",
        r"\bspf\b|\bdkim\b|\bdmarc\b|authenticat|unauthenticated|reverse dns|\bptr\b|\brdns\b|\bhelo\b|\behlo\b",
        r"sender policy framework|authentifi",
        r"(?:invalid|bad) sender|[ée]metteur|sender (?:address )?(?:verif|rejected|denied|domain|not)",
        r"(?:verif\w+|callout).{0,30}sender",
        r"sender.{0,30}(?:verification|callout)",
    ),
    _rule(
        POLICY,
        "6.0",
        "refused for what stands in the mail",
        r"virus|malware|phish|\bcontent|suspicious|attachment|\burls? (?:in|are|is)",
        r"header(?:s)? (?:is |are )?(?:missing|invalid|rejected|not)|inhalt|contenu|inhoud",
    ),
    _rule(
        POLICY,
        "7.1",
        "refused by a policy",
        r"(?:message|mail|e-mail|email|nachricht|bericht) (?:was |is |has been |wurde |werd )?(?:rejected|refused"
        r"|abgelehnt|geweigerd)(?! (?:by the recipient mailbox|as undeliverable))",
        r"\bpolic(?:y|ies)\b|security (?:reasons|measure|violation)|administrative(?:ly)? (?:prohibit|reject|den)",
        r"prohibit|not (?:authori[sz]ed|permitted|allowed)|unauthori[sz]ed|access (?:is )?denied|permission",
        r"refused by recipient",
        r"\bdenied\b|does not accept mail from|relay(?:ing)?.{0,20}(?:not|prohibit|refus)|unable to relay",
        r"do not relay|\brelaying\b|restrict",
        r"rejected by (?:the )?(?:recipient|user|filter)|local policy|rule (?:has )?rejected|richtlinie|beleid",
        r"règle|politique|ne pas autoris|non autoris|keine berechtigung|nicht (?:berechtigt|erlaubt|zugelassen)",
        r"niet (?:toegestaan|bevoegd|gemachtigd)|(?:blocks?|block) (?:your|mail|messages)|\bblock(?:ed|ing)?\b",
    ),
    _rule(
        SOFT,
        "2.1",
        "the mailbox is disabled",
        r"disabled|deactivat|inactiv|suspend|not active|locked|on hold|frozen|dormant",
        r"(?:account|mailbox).{0,20}expired|not (?:currently )?accepting|no longer accept|discontinued",
        r"deaktiviert|gesperrt|stillgelegt|inaktiv|désactivé|desactive|suspendu|inactif|geblokkeerd|uitgeschakeld",
        r"gedeactiveerd|inactief|opgeschort|bloqué",
    ),
    _rule(
        SOFT,
        "3.2",
        "the receiving system does not work now",
        r"temporar|try (?:again|later)|server busy|service (?:is )?(?:not |un)available",
        r"system (?:not accepting|problem|error|resources)|resources|load|internal (?:server )?error",
        r"local (?:error|problem|configuration)|configuration (?:error|problem)|loops? back|mail loop|routing loop",
        r"too many hops|hop count|maintenance",
        r"später|vorübergehend|plus tard|temporaire|probeer het later|tijdelijk|schleife",
    ),
    _rule(
        HARD,
        NO_DOMAIN,
        "the domain does not exist",
        r"nxdomain",
        r"(?:domain|host|server)(?: name)?(?: or (?:domain|host|server) name)?(?: \S+)? (?:was |could )?(?:not"
        r"|n't) (?:be )?found",
        r"type=(?:a|aaaa|mx): host not found|unknown host|host unknown|no such (?:domain|host)",
        r"domain (?:name )?(?:\S+ )?(?:does not|doesn't|not) exist|couldn't find any host",
        r"non-?existent (?:domain|hosts?)|domainnonexistent",
        r"null ?mx|does not accept (?:any )?(?:e-?)?mail|domain (?:\S+ )?(?:doesn't|does not) (?:accept|receive)",
        r"no mx (?:record|or a)|unrouteable (?:mail )?domain",
        r"(?:domäne|domain|domein|domaine)(?: \S+)? (?:bestaat niet|existiert nicht|n'existe pas"
        r"|wurde nicht gefunden|niet gevonden|inconnu|onbekend)",
        r"onbekend domein|domaine inconnu|unbekannte domain",
    ),
    _rule(
        HARD,
        "1.1",
        "the mailbox does not exist",
        r"(?:user|recipient|mailbox|address|account|alias|person|addressee|rcpt|customer)(?: \S+){0,4}?(?: is"
        r"| are| was)?(?: an?)? (?:unknown|not (?:be )?found|invalid|nonexistent|non-existent|undeliverable"
        r"|not known|not valid)",
        r"(?:unknown|invalid|no such|nonexistent|non-existent|not a valid|not a known|bad|no valid) (?:local "
        r"|virtual |destination |e-?mail )?(?:user|recipient|rcpt|mailbox|address|account|local[- ]part|person"
        r"|alias|addressee|destination|customer)s?",
        r"(?:user|recipient|mailbox|address|account|alias|person|they|customer)\b.{0,60}(?:does not|doesn't"
        r"|do not|don't|no longer|not) exist",
        r"no mailbox (?:here )?by that name|no (?:mailbox|user|account|recipient) found",
        r"(?:couldn't|could not|can't|cannot|wasn't|weren't) (?:be )?f(?:ou|i)nd",
        r"doesn't have an? .{0,30}account|nosuchuser|recipientnotfound|recipient not found",
        r"not (?:listed|found) in (?:the )?(?:public |domino |address|directory)|not our customer",
        r"no user (?:here )?(?:by|with) that|unrouteable address|no account (?:here|by|with)",
        r"(?:address|account|mailbox|user) (?:has been|was|is) (?:deleted|removed|closed|terminated|cancell?ed)",
        r"does not have an? .{0,30}account|no longer (?:valid|in use|exists)|not a valid rfc",
        r"bad (?:recipient|destination) (?:mailbox )?address|unrecipient|not local",
        r"no one (?:here )?(?:by|with) that|no such (?:mail )?drop",
        r"(?:gebruiker|ontvanger|adres|e-mailadres|mailbox|postvak|postbus|account)\b.{0,60}(?:onbekend"
        r"|bestaat niet|niet (?:worden )?gevonden|ongeldig|niet bekend|opgeheven|bestaat (?:\w+ ){0,3}niet)",
        r"onbekende (?:gebruiker|ontvanger|geadresseerde)|onjuist (?:e-?mail)?adres|ongeldig (?:e-?mail)?adres",
        r"is niet gevonden",
        r"(?:empfänger|benutzer|nutzer|adresse|postfach|konto|account|empfaenger"
        r"|mailadresse)\w{0,12}\b.{0,60}(?:unbekannt|existiert (?:\w+ ){0,2}nicht|nicht (?:gefunden|vorhanden"
        r"|bekannt|existent)|ungültig|gibt es nicht)",
        r"unbekannte[rns]? (?:empfänger|benutzer|nutzer|adresse|mailadresse|empfaenger)",
        r"kein (?:solcher|solches) (?:benutzer|postfach|empfänger)|ungültige (?:e-mail-)?(?:adresse|empfänger)",
        r"nicht gefunden",
        r"(?:utilisateur|destinataire|adresse|compte|bo[iî]te)\b.{0,60}(?:inconnue?|introuvable|invalide"
        r"|inexistante?|n'existe (?:pas|plus)|n'a pas été trouvée?|n'est pas valide|n existe pas)",
        r"(?:aucun|pas d[e'])\s?(?:utilisateur|compte|bo[iî]te)|adresse d.?au moins un destinataire invalide",
        r"n'a pas été trouvée? (?:sur|dans|chez|à)",
    ),
    _rule(
        SOFT,
        "2.0",
        "the mailbox is not available, and nobody says why",
        r"mailbox (?:is )?unavailable|not available|nicht verfügbar|indisponible|niet beschikbaar",
    ),
)
