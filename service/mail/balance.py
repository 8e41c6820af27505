"""Checks that HTML is closed properly on every branch of a template: a page may not depend on an `if` for its shape."""

from __future__ import annotations

import re

from service.mail.expansion import Mark, Marks
from service.mail.front_matter import MARK

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_PIECE = re.compile(rf"{MARK.pattern}|<(?P<slash>/?)(?P<tag>[a-zA-Z][a-zA-Z0-9-]*)(?:\"[^\"]*\"|'[^']*'|[^'\">])*>")
_EMPTY = frozenset({"br", "hr", "img", "meta", "link", "input", "col"})


def unbalanced(html: str, marks: Marks) -> list[Mark | None]:
    """The statements at which a branch leaves other elements open than it found; None for the piece as a whole."""
    found: list[Mark | None] = []
    opened: list[str] = []
    branches: list[list[str]] = []
    for match in _PIECE.finditer(_COMMENT.sub("", html)):
        tag = match["tag"]
        if tag is None:
            mark = marks.by_id[match[0]]
            found += _branch(mark, opened, branches)
        elif tag.lower() in _EMPTY or match[0].endswith("/>"):
            continue
        elif not match["slash"]:
            opened.append(tag.lower())
        elif opened and opened[-1] == tag.lower():
            opened.pop()
        else:
            opened.append(f"/{tag.lower()}")  # a stray end tag: the lists differ from here on
    return found or ([None] if opened else [])


def _branch(mark: Mark, opened: list[str], branches: list[list[str]]) -> list[Mark | None]:
    if mark.keyword in {"if", "for"}:
        branches.append(list(opened))
        return []
    if mark.keyword not in {"elif", "else", "endif", "endfor"} or not branches:
        return []
    expected = branches.pop() if mark.keyword.startswith("end") else branches[-1]
    if opened == expected:
        return []
    opened[:] = expected
    return [mark]
