"""What a layout must not do: colours that cannot be read, and styles that mail programs do not know."""

from __future__ import annotations

import re
from functools import lru_cache

from service.errors import Problem
from service.mail.contrast import Pair, pairs
from service.mail.expansion import Line, Marks
from service.mail.front_matter import SourceFile
from service.mail.html_part import write_html
from service.mail.layout import read_layout, render_layout
from service.mail.markdown import BOXES, Reader
from service.mail.written import finding

LEAST_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3 (AA), for text of any size."""

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_COLOUR = re.compile(r"(?i)(?:^|[\s;\"'{-])color\s*[:=]\s*[\"']?\s*(?P<value>[a-z]+\b(?!\()|(?:rgb|hsl)a?\([^)]*\))")
_PLAIN_COLOURS = {"white", "black", "inherit", "transparent", "light"}

UNKNOWN_TO_MAIL = (
    (re.compile(r"(?i)(?<![\w-])position\s*:"), "position", "een tabel of een marge"),
    (re.compile(r"(?i)\bdisplay\s*:\s*(?:inline-)?flex"), "flex", "een tabel"),
    (re.compile(r"(?i)\bdisplay\s*:\s*(?:inline-)?grid"), "grid", "een tabel"),
    (re.compile(r"(?i)\bvar\s*\(|(?:^|[\s;{])--[a-z]"), "CSS variables", "de waarde zelf"),
    (re.compile(r"(?i)\b(?:calc|min|max|clamp)\s*\("), "calc()", "een vaste maat"),
    (
        re.compile(r"(?i)(?<![\w-])(?:animation|transition|transform)(?:-[a-z]+)?\s*:|@keyframes"),
        "animation",
        "een stil beeld",
    ),
    (re.compile(r"(?i)\bbackground-image\s*:|gradient\s*\("), "background images", "een vaste kleur"),
    (re.compile(r"(?i)@supports|@layer|@container|:has\("), "newer CSS", "gewone regels"),
    (re.compile(r"(?i):\s*-?[\d.]+(?:vw|vh|rem)\b"), "vw, vh and rem", "een maat in px"),
)
"""Styles that Outlook, Gmail or both leave out (caniemail.com): the pattern, its name, and in Dutch what to take."""


def layout_problems(source: SourceFile) -> tuple[Problem, ...]:
    """What is wrong with a layout that can be read; worked out once for all mails in it."""
    return _found(source.name, source.body)


@lru_cache(maxsize=16)
def _found(name: str, body: str) -> tuple[Problem, ...]:
    source = SourceFile(name=name, body=body)
    return (*_unknown_styles(source), *_low_contrast(source))


def _unknown_styles(source: SourceFile) -> list[Problem]:
    problems = []
    for number, text in _lines(source):
        line = Line(text=text, file=source.name, number=number)
        for pattern, name, instead in UNKNOWN_TO_MAIL:
            if match := pattern.search(text):
                message = f"`{match[0].strip()}`: many mail programs know no {name}; do without"
                dutch = f"`{match[0].strip()}` werkt niet in veel mailprogramma's; gebruik liever {instead}"
                problems.append(finding("layout-style", line, message, dutch))
        for match in _COLOUR.finditer(text):
            if match["value"].lower() not in _PLAIN_COLOURS:
                message = f"the colour `{match['value']}` cannot be checked for contrast; write it as #rrggbb"
                dutch = f"het contrast van de kleur `{match['value']}` is niet na te gaan; schrijf haar als #rrggbb"
                problems.append(finding("layout-style", line, message, dutch))
    return problems


def _low_contrast(source: SourceFile) -> list[Problem]:
    problems = []
    for pair in sorted(pairs(_specimen(source))):
        if pair.ratio < LEAST_CONTRAST:
            shown = f"{pair.ratio:.1f}"
            mode = {"light": "licht", "dark": "donker"}[pair.scheme]
            message = (
                f"text of {pair.text} on {pair.ground} ({pair.scheme} mode) has a contrast of {shown}; "
                f"it must be at least {LEAST_CONTRAST}"
            )
            dutch = (
                f"tekst in {pair.text} op {pair.ground} ({mode}) heeft een contrast van {shown.replace('.', ',')}; "
                f"kies kleuren die minstens {str(LEAST_CONTRAST).replace('.', ',')} halen"
            )
            problems.append(finding("contrast", _place(source, pair), message, dutch))
    return problems


def _specimen(source: SourceFile) -> str:
    """The HTML of the layout with everything in it that a mail can hold."""
    marks = Marks()
    layout, _ = read_layout(source, marks)
    framed, _ = render_layout(source, layout)
    whole, foot = (Reader(marks=marks, titled=titled).read(_as_lines(text)) for text, titled in _TEXTS)
    pieces = {"content": write_html(whole, layout.styles), "footer": write_html(foot, layout.styles, box="footer")}
    return marks.put_back(framed, pieces)


_LINKS = "**vet**, [link](https://a.example) en [rustig](https://a.example){.quiet}, [bel](tel:020)."
_BLOCKS = f"## Kop\n\n### Kop\n\nTekst {_LINKS}\n\n- Punt {_LINKS}\n\n1. Punt\n\n"
_ALSO = "> Aanhaling\n\n| a | b |\n|---|---|\n| c | d |\n\n"
_BUTTONS = "[Ja](https://a.example){.button}\n\n[Beter](https://a.example){.answer}\n\n"
_BOXED = "".join(f"::: {box}\n{_BLOCKS}{_ALSO}{_BUTTONS}:::\n\n" for box in BOXES)
_TEXTS = ((f"# Kop\n\n{_BLOCKS}{_ALSO}{_BUTTONS}{_BOXED}", True), (f"Tekst {_LINKS}\n", False))


def _as_lines(text: str) -> list[Line]:
    return [Line(text=line, file="", number=number) for number, line in enumerate(text.split("\n"), 1)]


def _place(source: SourceFile, pair: Pair) -> Line:
    """The line that sets the colour: in dark mode one behind the media query, where there is one."""
    lines = _lines(source)
    from_there = next((n for n, text in lines if "prefers-color-scheme" in text), 1) if pair.scheme == "dark" else 1
    for colour in (pair.text, pair.ground):
        for number, text in lines:
            if number >= from_there and colour in text.lower():
                return Line(text=text, file=source.name, number=number)
    return Line(text="", file=source.name, number=1)


def _lines(source: SourceFile) -> list[tuple[int, str]]:
    """Numbered lines, with comments blanked."""
    blanked = _COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), source.body)
    return list(enumerate(blanked.split("\n"), 1))
