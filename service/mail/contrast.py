"""Contrast of text on its ground in a finished mail, in light and in dark mode (WCAG 2.2, 1.4.3; ACCEPTANCE M11).

Mails are made of tables with styles on each element, and one media query for dark mode; no more CSS than that is
understood here: colours as #rrggbb, and selectors of tags, classes, descendants and children.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import Literal

Scheme = Literal["light", "dark"]

_VOID = {"br", "hr", "img", "meta", "link", "input", "col"}
_DARK = re.compile(r"@media[^{]*prefers-color-scheme:\s*dark[^{]*\{((?:[^{}]*\{[^{}]*\})*)[^{}]*\}")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_COMPOUND = re.compile(r"([a-z][a-z0-9]*|\*)?((?:\.[A-Za-z0-9_-]+)*)")
_COLOUR = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})")


@dataclass(frozen=True, kw_only=True, order=True)
class Pair:
    """Text of one colour on a ground of another (both `#rrggbb`), and how far they stand apart: 1 to 21."""

    scheme: Scheme
    text: str
    ground: str

    @property
    def ratio(self) -> float:
        """The contrast ratio of WCAG 2.2."""
        return ratio(self.text, self.ground)


def ratio(one: str, other: str) -> float:
    """The contrast ratio of two colours `#rrggbb`, from 1 (the same) to 21 (black on white)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def pairs(html: str) -> set[Pair]:
    """Every colour of text on every ground in a page, in both schemes; hidden text does not count."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.found


def _luminance(colour: str) -> float:
    """Relative luminance of a colour (WCAG 2.2, definition)."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@dataclass(frozen=True, kw_only=True)
class _Element:
    """One open element with the colours that reach its text."""

    tag: str
    classes: frozenset[str]
    colours: Mapping[Scheme, tuple[str, str]]
    hidden: bool = False


@dataclass(frozen=True, kw_only=True)
class _Rule:
    """One selector of the dark style sheet: compounds from the outside in; `direct` where a `>` stands before one."""

    compounds: tuple[tuple[str, frozenset[str]], ...]
    direct: tuple[bool, ...]
    text: str
    ground: str

    @property
    def weight(self) -> tuple[int, int]:
        return sum(len(names) for _, names in self.compounds), sum(bool(tag) for tag, _ in self.compounds)

    def matches(self, path: Sequence[_Element], last: int | None = None, part: int | None = None) -> bool:
        """Whether it means the last element of this path from the root."""
        last = len(path) - 1 if last is None else last
        part = len(self.compounds) - 1 if part is None else part
        if last < 0:
            return False
        tag, names = self.compounds[part]
        if (tag and tag != path[last].tag) or not names <= path[last].classes:
            return False
        if part == 0:
            return True
        above = [last - 1] if self.direct[part] else range(last - 1, -1, -1)
        return any(self.matches(path, each, part - 1) for each in above)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        plain = ("#000000", "#ffffff")
        self._path = [_Element(tag="", classes=frozenset(), colours={"light": plain, "dark": plain})]
        self._rules: list[_Rule] = []
        self.found: set[Pair] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            return
        given = {name: value or "" for name, value in attrs}
        style = _declarations(given.get("style", ""))
        above = self._path[-1]
        element = _Element(
            tag=tag,
            classes=frozenset(given.get("class", "").split()),
            colours=above.colours,
            hidden=above.hidden or style.get("display") == "none" or tag in {"style", "title", "head"},
        )
        self._path.append(element)
        own = (_colour(style.get("color", "")), _ground(style) or _colour(given.get("bgcolor", "")))
        ruled = [rule for rule in self._rules if rule.matches(self._path)]
        ruled.sort(key=lambda rule: rule.weight)
        dark = (
            next((rule.text for rule in reversed(ruled) if rule.text), own[0]),
            next((rule.ground for rule in reversed(ruled) if rule.ground), own[1]),
        )
        colours: dict[Scheme, tuple[str, str]] = {
            "light": _laid_over(above.colours["light"], own),
            "dark": _laid_over(above.colours["dark"], dark),
        }
        self._path[-1] = replace(element, colours=colours)

    def handle_endtag(self, tag: str) -> None:
        places = [place for place, each in enumerate(self._path) if each.tag == tag]
        if places:
            del self._path[places[-1] :]

    def handle_data(self, data: str) -> None:
        here = self._path[-1]
        if here.tag == "style":
            self._rules += _rules(data)
        elif data.strip() and not here.hidden:
            for scheme, (text, ground) in here.colours.items():
                self.found.add(Pair(scheme=scheme, text=text, ground=ground))


def _laid_over(inherited: tuple[str, str], own: tuple[str, str]) -> tuple[str, str]:
    return own[0] or inherited[0], own[1] or inherited[1]


def _rules(css: str) -> list[_Rule]:
    """The rules of a style sheet for dark mode that set a colour; selectors of another kind are left out."""
    found = []
    for block in _DARK.findall(re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)):
        for selectors, body in _RULE.findall(block):
            style = _declarations(body)
            text, ground = _colour(style.get("color", "")), _ground(style)
            for selector in selectors.split(","):
                words = selector.replace(">", " > ").split()
                parts = [_COMPOUND.fullmatch(word) for word in words if word != ">"]
                if (text or ground) and parts and all(parts):
                    direct = [words[n - 1] == ">" for n, word in enumerate(words) if word != ">"]
                    compounds = [(m[1] or "", frozenset(filter(None, m[2].split(".")))) for m in parts if m]
                    found.append(_Rule(compounds=tuple(compounds), direct=tuple(direct), text=text, ground=ground))
    return found


def _declarations(css: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in css.split(";"))
    return {name.strip().lower(): value.replace("!important", "").strip().lower() for name, _, value in pairs}


def _ground(style: Mapping[str, str]) -> str:
    return _colour(style.get("background-color", "")) or _colour(style.get("background", ""))


def _colour(value: str) -> str:
    """`#rrggbb`, or nothing for what is no such colour (`inherit`, `transparent`, a name)."""
    plain = value.lower()
    plain = {"white": "#ffffff", "black": "#000000"}.get(plain, plain)
    if not _COLOUR.fullmatch(plain):
        return ""
    return plain if len(plain) == 7 else "#" + "".join(digit * 2 for digit in plain[1:])
