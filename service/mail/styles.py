"""The few CSS rules that a layout wants written on each element, since many mail programs read no style sheet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SELECTOR = re.compile(r"(?:\.[a-z-]+ )?(?:[a-z][a-z0-9]*|\.[a-z-]+|[a-z][a-z0-9]*\.[a-z-]+)")


@dataclass(frozen=True, kw_only=True)
class Styles:
    """Rules by selector: `p`, `.button`, `a.quiet`, or one of these inside a box: `.klein p`."""

    rules: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, tag: str, name: str = "", box: str = "") -> str:
        """The declarations for an element, later and more particular ones first in say; empty without any."""
        wanted = [tag, f".{name}", f"{tag}.{name}"] if name else [tag]
        wanted += [f".{box} {selector}" for selector in wanted] if box else []
        merged: dict[str, str] = {}
        for selector in wanted:
            merged |= self.rules.get(selector, {})
        return ";".join(f"{key}:{value}" for key, value in merged.items())


def parse_styles(css: str) -> tuple[Styles, list[str]]:
    """Read the rules of an inlined style sheet; the selectors it cannot apply come back beside them."""
    rules: dict[str, dict[str, str]] = {}
    unknown: list[str] = []
    for selectors, body in _RULE.findall(_COMMENT.sub("", css)):
        pairs = [part.partition(":") for part in body.split(";") if part.strip()]
        declarations = {key.strip(): " ".join(value.split()).replace('"', "'") for key, _, value in pairs}
        for selector in (" ".join(part.split()) for part in selectors.split(",")):
            if _SELECTOR.fullmatch(selector):
                rules.setdefault(selector, {}).update(declarations)
            else:
                unknown.append(selector)
    return Styles(rules=rules), unknown
