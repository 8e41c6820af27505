"""A person's own words: what she wrote, without the mail she answers and without her signature."""

from __future__ import annotations

import re
from collections.abc import Sequence

from service.mail.inbound.html_text import CUT

_MOST_LINES = 4_000
_QUOTED = re.compile(r"\s{0,3}[>|»]")
_SIGNATURE = re.compile(r"--\s?")
_DEVICE = re.compile(
    r"(?:verzonden|verstuurd|sent|get|gesendet|von meinem|envoyé|télécharge[rz]|download)\s.{0,20}"
    r"(?:iphone|ipad|android|samsung|galaxy|outlook|yahoo|gmail|mobiel|telefoon|smartphone|mobile"
    r"|mail voor windows|mail for windows).{0,60}"
    r"|outlook (?:voor|for|für|pour) (?:ios|android).{0,60}",
    re.IGNORECASE,
)
# "Op ma 9 mrt 2026 om 10:00 schreef Praktijk <info@praktijk.example>:" and its like; broken over up to three lines.
_OPENS = re.compile(r"(?:op|on|am|le|el|il|den)\s.{0,12}\d", re.IGNORECASE)
_INTRODUCES = re.compile(
    r"(?:op|on|am|le|el|il|den)\s.{4,300}\b(?:schreef|geschreven|wrote|schrieb|a écrit|escribió"
    r"|ha scritto)\b.{0,200}:"
    r"|.{1,150}\b(?:schreef|wrote|schrieb|a écrit)\b(?: op| on| am| le)?\s.{0,12}\d.{2,40}:"
    r"|.{1,150}<.{3,150}>\s?(?:schreef|wrote|schrieb|a écrit)\s?:",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(
    r"[-_*=\s]{2,60}"
    r"(?:oorspronkelijk bericht|originele? bericht|original message|original-?nachricht|ursprüngliche nachricht"
    r"|message (?:d'origine|transféré|original)|doorgestuurd bericht|forwarded message|weitergeleitete nachricht)"
    r"[-_*=\s]{0,60}"
    r"|(?:begin doorgestuurd bericht|begin forwarded message|anfang der weitergeleiteten nachricht"
    r"|début du message (?:réexpédié|transféré))\s?:",
    re.IGNORECASE,
)
_UNDERLINE = re.compile(r"={5,80}")
_SALUTATION = re.compile(r"(?:beste|hallo|hoi|dag|geachte|goedendag)\b.{0,60},", re.IGNORECASE)
_RULE = re.compile(r"[_-]{5,80}")
_ANSWERS_WITHIN = re.compile(
    r"\b(?:hieronder|hierbeneden|zie (?:onder|beneden)|in (?:het )?(?:rood|blauw|groen)|tussen de (?:regels|tekst)"
    r"|tussendoor|in (?:de|jullie|uw|je) (?:tekst|mail|bericht)|see below|inline|in (?:red|blue|green)"
    r"|siehe unten|unten stehend|in rot|ci-dessous|en rouge)\b",
    re.IGNORECASE,
)
# "Hoi", "Beste Frank,", "Geachte heer De Vries"; and what may stand under it, "Groet," and "Anna".
_NAMED = (
    r"(?: (?:[A-Z][\w'.-]*|de|den|der|van|von|heer|mevrouw|meneer|dames|heren|en|allemaal|team|praktijk|dokter)){0,5}"
)
_GREETING = re.compile(
    r"(?:(?:[Bb]este|[Hh]allo|[Hh]oi|[Hh]ai|[Hh]ey|[Hh]i|[Hh]ello|[Dd]ag|[Gg]eachte|[Dd]ear|[Ll]iebe[rs]?|[Bb]onjour"
    r"|[Gg]oede ?(?:morgen|middag|n?avond|ndag)|[Gg]uten (?:Tag|Morgen|Abend)|L\.?S\.?)"
    rf"{_NAMED})[,.!]?"
)
_BELOW_GREETING = re.compile(
    rf"(?:(?:[Gg]r(?:oet(?:en|jes)?)?|[Mm]vg|[Mm]et vriendelijke groet(?:en)?),?{_NAMED}|[A-Z][\w'-]*{_NAMED})[,.]?"
)
_FROM = re.compile(r"\*{0,2}(?:van|from|von|de|afzender)\s?:\*{0,2}\s?\S.{0,300}", re.IGNORECASE)
_BELOW_FROM = re.compile(
    r"\*{0,2}(?:verzonden|sent|gesendet|envoyé|date|datum|aan|to|an|à|cc|onderwerp|subject|betreff"
    r"|objet)\s?:\*{0,2}\s?.{0,300}",
    re.IGNORECASE,
)


def own_words(text: str) -> str:
    """What is left of the text when quoted mail and signature are cut off; empty when nothing is."""
    lines = text.split("\n", _MOST_LINES)[:_MOST_LINES]
    kept: list[str] = []
    index = 0
    while index < len(lines):
        line = lines[index].replace("\u00a0", " ").strip()
        if _ends_here(lines, index, line):
            break
        if taken := _introduction(lines, index, line):
            index += taken
            following = next((each for each in lines[index:] if each.strip()), "")
            if not _QUOTED.match(following):
                break  # the quoted mail carries no marks: all that follows is it
            continue
        if not _QUOTED.match(lines[index]) and not _DEVICE.fullmatch(line):
            kept.append(lines[index].rstrip())
        index += 1
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def answers_within(own: str) -> bool:
    """Whether these words say that more of hers stands within the mail she answers, which is cut off; as do a greeting
    and a name that say nothing else.
    """
    first, *others = [line.strip() for line in own.split("\n") if line.strip()] or [""]
    greets_alone = _GREETING.fullmatch(first) is not None and all(_BELOW_GREETING.fullmatch(line) for line in others)
    return greets_alone or _ANSWERS_WITHIN.search(own) is not None


def above_the_copy(own: str) -> str:
    """Words that hold a whole mail of ours without any mark of quoting, without that mail as far as can be seen.

    Ours begin with a headline that is underlined, and a salutation; hers may have the latter as its first line.
    """
    lines = [line for line in own.split("\n") if line.strip()]
    for index, line in enumerate(lines):
        if index and _UNDERLINE.fullmatch(line.strip()):
            return "\n".join(lines[: index - 1])
        if index and _SALUTATION.fullmatch(line.strip()):
            return "\n".join(lines[:index])
    return own


def _ends_here(lines: Sequence[str], index: int, line: str) -> bool:
    if _SIGNATURE.fullmatch(line) or line == CUT or (len(line) < 120 and _SEPARATOR.fullmatch(line)):
        return True
    if _RULE.fullmatch(line):
        below = [each.replace("\u00a0", " ").strip() for each in lines[index + 1 : index + 9] if each.strip()]
        return bool(below) and not _RULE.fullmatch(below[0]) and _ends_here(below, 0, below[0])
    if len(line) > 300 or not _FROM.fullmatch(line):
        return False
    following = [each.replace("\u00a0", " ").strip() for each in lines[index + 1 : index + 8] if each.strip()]
    return sum(_BELOW_FROM.fullmatch(each[:300]) is not None for each in following[:5]) >= 2


def _introduction(lines: Sequence[str], index: int, line: str) -> int:
    """How many lines from here say who wrote what is quoted next; 0 where none does."""
    line = line.lstrip("> ")
    if line.endswith(":") and len(line) <= 500 and _INTRODUCES.fullmatch(line):
        return 1
    if not _OPENS.match(line) or len(line) > 200:
        return 0
    for count in (2, 3):
        joined = " ".join(each.strip().lstrip("> ") for each in lines[index : index + count])
        if len(joined) <= 500 and joined.endswith(":") and _INTRODUCES.fullmatch(joined):
            return count
    return 0
