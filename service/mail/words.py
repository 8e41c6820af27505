"""Words that staff are warned about, as data (CONTENT.md, "Words")."""

from __future__ import annotations

import re

COMPLAINT = re.compile(
    r"(?i)pijn|hernia|ischias|klacht(?!en?(?:regeling|procedure|functionaris|commissie|formulier))|bekken"
    r"|(?<![^\W_])(?:(?:onder|lage)?rug(?!zak|by|gespraak)|(?:(?:boven|onder)?been|benen)(?![^\W_]))"
)
"""A subject is read over a shoulder: no complaint in subject, preheader, sender name, headers or links. A way to
complain about the practice is another word."""

CLAIMS: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (
        re.compile(r"(?i)\b(?:blijvend|voorgoed|permanent|definitief)\s+(?:pijnvrij|klachtenvrij|van (?:je|de) pijn)"),
        "a cure",
        "genezing",
    ),
    (re.compile(r"(?i)\b(?:genezen|genees|geneest|genezing)\b"), "a cure", "genezing"),
    (re.compile(r"(?i)\b(?:gegarandeerde?|garanties?|garandeert?|garanderen)\b"), "a guarantee", "een garantie"),
    (re.compile(r"(?i)\b100\s?(?:%|procent\b)"), "a certainty", "zekerheid"),
    (
        re.compile(r"(?i)\b(?:nog maar|alleen nog|slechts) \d+ (?:plek|plaats)|\blaatste (?:kans|plek|plaats)"),
        "a false scarcity",
        "schaarste die er niet is",
    ),
    (
        re.compile(r"(?i)\bop ?= ?op\b|\bwees er snel bij\b|\balleen vandaag\b|\bnu of nooit\b"),
        "a false scarcity",
        "schaarste die er niet is",
    ),
)
"""Promises the practice cannot make; each with what it sounds like, in English and in Dutch."""

PROTECTED_TITLES = ("fysiotherapeut", "oefentherapeut", "osteopaat", "ergotherapeut", "arts", "manueel therapeut")
"""Titles (and their practice) that stand in a mail only where `practice.yaml` says the practice may use them."""

_ENDS = {"therapeut": "therap(?:eut(?:en|es?|ische?)?|ie)", "paat": "pa(?:at|ten|thie|thische?)"}


def title_pattern(title: str) -> re.Pattern[str]:
    """The title, its other forms, and the trade named after it; not a compound such as huisarts."""
    for end, ends in _ENDS.items():
        if title.endswith(end):
            stem = re.escape(title.removesuffix(end)).replace("manueel", "manue(?:el|le)")
            return re.compile(rf"(?i)\b{stem}(?:{ends})\b")
    return re.compile(rf"(?i)\b{re.escape(title)}(?:en|s|)\b")
