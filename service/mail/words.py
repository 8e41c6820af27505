"""Words that staff are warned about, as data (CONTENT.md, "Words")."""

from __future__ import annotations

import re

COMPLAINT = re.compile(
    r"(?i)pijn|hernia|ischias|klacht(?!en?(?:regeling|procedure|functionaris|commissie|formulier))|bekken"
    r"|\b(?:onder|lage)?rug|\b(?:boven|onder)?been\b|\bbenen\b"
)
"""A subject is read over a shoulder: no complaint in subject, preheader, sender name, headers or links. A way to
complain about the practice is another word."""

CLAIMS: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (
        re.compile(r"(?i)\b(?:blijvend|voorgoed|permanent|definitief)\s+(?:pijnvrij|klachtenvrij|van (?:je|de) pijn)"),
        "a cure",
        "genezing",
    ),
    (re.compile(r"(?i)\b(?:genezen|geneest|genezing)\b"), "a cure", "genezing"),
    (re.compile(r"(?i)\b(?:gegarandeerd|garantie|garanderen)\b"), "a guarantee", "een garantie"),
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


def title_pattern(title: str) -> re.Pattern[str]:
    """The title, its plural, and the trade named after it; not a compound such as huisarts."""
    stem = title.removesuffix("eut") if title.endswith("eut") else title
    endings = "eut(?:en)?|ie" if title.endswith("eut") else "en|s|"
    return re.compile(rf"(?i)\b{re.escape(stem)}(?:{endings})\b")
