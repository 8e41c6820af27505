"""What a lead wrote in her own words, as it may be shown to staff: plain text that nothing in it makes dangerous."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

LONGEST = 5_000
"""Characters that are shown; the rest is cut off, and said to be."""
_MOST_LINES = 200
_LONGEST_SUBJECT = 150
_ROOM = 4  # as much as is looked at, in multiples of what is shown: most of it may be hidden characters
_MOST_MARKS = 3  # accents on one letter; more of them paint over other lines
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_BLANKS = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\n(?: ?\n){2,}")
# What mail programs turn into a link: an address with its scheme, one that begins with www, a domain with a path, and
# one without where it ends as domains mostly do ("Ja.Nee" does not).
_ENDS = (
    "nl|be|de|fr|eu|uk|com|net|org|info|biz|io|co|me|nu|tv|cc|ru|cn|su|tk|ml|ga|cf|gq|app|dev|xyz|top|icu|site|online"
    "|shop|store|club|link|click|live|page|web|zip|mov|frl|amsterdam"
)
_LINK = re.compile(
    r"[a-z][a-z0-9+.-]{1,20}://[^\s/?#]+|\bwww\.[^\s/?#]+|(?<![\w.@-])(?:[\w-]{1,63}\.){1,8}"
    rf"(?:[a-z]{{2,24}}(?=/)|(?:{_ENDS})\b(?![\w@.-]*@))",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class OwnWords:
    """Lines to show, one under another. `cut`: there was more. `defused`: a link in them was made unusable."""

    lines: tuple[str, ...]
    cut: bool
    defused: bool


def shown(text: str) -> OwnWords:
    """The words without control and hidden characters, at most LONGEST of them; no line is empty or ends in blanks.

    An empty line is one no-break space. In a link `.` becomes `[.]` and `://` becomes `[:]//`, so that no mail program
    makes it one to press.
    """
    looked_at = text[: LONGEST * _ROOM]
    whole = _BLANK_LINES.sub("\n\n", _BLANKS.sub(" ", _visible(looked_at))).strip()
    lines = whole[:LONGEST].split("\n")[:_MOST_LINES]
    kept = "\n".join(line.strip() for line in lines).strip()
    cut = len(whole) > LONGEST or len(looked_at) < len(text) or whole.count("\n") >= _MOST_LINES
    safe = _LINK.sub(_defused, kept)
    return OwnWords(
        lines=tuple(line or "\xa0" for line in safe.split("\n")) if safe else (), cut=cut, defused=safe != kept
    )


def subject(text: str) -> str:
    """The same for the subject of her mail: one line, cut where it is long; empty where there was none."""
    line = " ".join(_visible(text[: _LONGEST_SUBJECT * _ROOM]).split())
    return _LINK.sub(_defused, f"{line[: _LONGEST_SUBJECT - 1]}…" if len(line) > _LONGEST_SUBJECT else line)


def _visible(text: str) -> str:
    """Composed (NFC), and without what Unicode calls other: controls, direction marks, halves of characters."""
    kept: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFC", _LINE_ENDS.sub("\n", text)):
        category = unicodedata.category(character)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if character in "\n\t" or (category[0] != "C" and marks <= _MOST_MARKS):
            kept.append(character)
    return "".join(kept)


def _defused(link: re.Match[str]) -> str:
    return link[0].replace("://", "[:]//").replace(".", "[.]")
