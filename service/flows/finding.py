"""What an examination of the installation found: one sentence, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "error"]
ASK = "Ask whoever keeps the DNS of {domain}, or your mail provider's help page, to"
VRAAG = "Vraag de beheerder van {domain} (je webbouwer of hostingpartij)"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    `id` is stable. `text` says in English how it is, `dutch` in Dutch; `fix` what to do, in English, and `dutch_fix` in
    the plain Dutch of whoever keeps the practice's website. Both fixes are empty where all is well.
    """

    id: str
    level: Level
    text: str
    dutch: str
    fix: str = ""
    dutch_fix: str = ""


def sentence(text: str) -> str:
    """It begins with a capital and ends with one full stop."""
    return text[:1].upper() + text[1:].rstrip(".") + "."


def in_days(days: int) -> tuple[str, str]:
    """So many whole days from now, in English and in Dutch: "in 2 days", "over 2 dagen"."""
    if days == 0:
        return "within a day", "binnen een dag"
    return f"in {days} {'day' if days == 1 else 'days'}", f"over {days} {'dag' if days == 1 else 'dagen'}"


def tags(text: str) -> dict[str, str]:
    """`name=value; …` of a record (RFC 6376 section 3.2) as a mapping; blanks inside a value are folding, and go."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): "".join(value.split()) for name, _, value in pairs if name.strip()}
