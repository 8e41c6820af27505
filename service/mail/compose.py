"""Writes the bytes that every try sends, from a mould: most of a mail is the same for everybody.

A mould is a mail rendered once with marks where a lead's name and tokens are printed, for each way in which its
conditions can turn out, and its lines encoded. From then on a lead costs the few lines that have a mark.
"""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import nodes
from markupsafe import escape
from pydantic import JsonValue

from service.domain.lead import clean_name
from service.mail.compiled import CompiledMail
from service.mail.filling import MailValues, OwnValues, Rendered, render, render_partial
from service.mail.mime import HeldMailError, MailHeaders, assemble, inner_boundary, lines_of, two_parts
from service.mail.poured import Body, Line, Place, filled
from service.mail.sandbox import parsed

__all__ = [
    "HeldMailError",
    "MailHeaders",
    "MailValues",
    "Mould",
    "OwnValues",
    "Rendered",
    "compose",
    "render",
    "render_partial",
]

_LINKS = ("confirm_url", "booking_url", "unsubscribe_url", "preferences_url", "answer_url_base")
_OWN = ("first_name", *_LINKS)
_MADE_OF = {"answer_url": "answer_url_base"}  # what a template calls, and the value that it prints
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,200}")  # the same in text, in HTML and in an address
_MOST_KEPT = 16  # ways in which the conditions of one mail turn out, of some 40 kB each
# Letters alone, as a name has, that nobody who writes a template or a fact can know.
_MARKS = {name: "".join(secrets.choice(string.ascii_letters) for _ in range(24)) for name in _OWN}
_MARK = re.compile(f"({'|'.join(_MARKS.values())})")
_NAMES = {mark: name for name, mark in _MARKS.items()}


@dataclass(frozen=True, kw_only=True)
class _Cast:
    """A mail for one way its conditions turn out: encoded bytes that are the same for all, and lines that are not."""

    subject: Line
    parts: Body


class Mould:
    """One mail of a revision, for one practice. Threads may share it."""

    def __init__(self, compiled: CompiledMail, practice: Mapping[str, JsonValue]) -> None:
        self._compiled = compiled
        self._practice = dict(practice)
        sources = (compiled.subject, compiled.preheader, compiled.html, compiled.text)
        looked_at = {name for source in sources for name in _looked_at(source)}
        self._markable = frozenset(_OWN) - looked_at
        self._casts: dict[object, _Cast] = {}

    def compose(self, values: OwnValues, headers: MailHeaders) -> bytes:
        """The message as it goes over the line; equal input gives equal bytes. HeldMailError when it must not leave."""
        name = self._compiled.name
        link = values.unsubscribe_url
        if self._compiled.for_lead and (link is None or headers.unsubscribe_url != link):
            raise HeldMailError(f"{name}: the head and the body of a mail to a lead carry one unsubscribe link")
        if headers.unsubscribe_url and not self._compiled.for_lead:
            raise HeldMailError(f"{name}: a mail to the practice shows no lead how to unsubscribe")
        if self._compiled.for_lead and values.calendar is not None:
            raise HeldMailError(f"{name}: nothing is attached to a mail to a lead")
        same, own, is_hers = self._split(values)
        cast = self._cast(values, same, own, is_hers=is_hers)
        tokens = {each: token.encode() for each, token in own.items() if each != "first_name"}
        tokens["boundary"] = inner_boundary(headers, values.calendar).encode()
        if first_name := own.get("first_name"):
            own["name_in_html"] = str(escape(first_name))
        return assemble(
            subject=filled(cast.subject, own),
            parts=cast.parts.poured(tokens, own),
            headers=headers,
            calendar=values.calendar,
        )

    def _split(self, values: OwnValues) -> tuple[dict[str, str | None], dict[str, str], bool]:
        """Of each value what others have too, and what is a lead's own in it: her name, or the end of an address. And
        is there one that cannot be told apart so?"""
        first_name = clean_name(values.first_name)
        same, own, is_hers = {"first_name": first_name}, dict[str, str](), bool(values.extra)
        if first_name and "first_name" in self._markable:
            own["first_name"], same["first_name"] = first_name, ""
        elif first_name:
            is_hers = True
        for each in _LINKS:
            value = getattr(values, each)
            token = value.rpartition("/")[2] if value and each in self._markable else ""
            if token and _TOKEN.fullmatch(token):
                own[each], value = token, value[: -len(token)]
            elif value:
                is_hers = True
            same[each] = value
        return same, own, is_hers

    def _cast(self, values: OwnValues, same: Mapping[str, str | None], own: Collection[str], *, is_hers: bool) -> _Cast:
        """Kept for the next lead, unless something of this one's own is in it."""
        key = (*own, *same.values(), *sorted(values.answers.items()))
        cast = None if is_hers else self._casts.get(key)
        if cast is None:
            cast = self._new_cast(values, {**same, **{each: f"{same[each]}{_MARKS[each]}" for each in own}})
            if not is_hers:
                if len(self._casts) >= _MOST_KEPT:
                    self._casts = {}
                self._casts[key] = cast
        return cast

    def _new_cast(self, values: OwnValues, marked: Mapping[str, str | None]) -> _Cast:
        given = {**values.model_dump(), **marked, "practice": self._practice}
        rendered = render(self._compiled, MailValues.model_validate(given))
        text = [_cut(line) for line in lines_of(rendered.text)]
        html = [_cut(line, first_name="name_in_html") for line in lines_of(rendered.html)]
        return _Cast(subject=_cut(rendered.subject), parts=Body(two_parts(text, html, Place("boundary"))))


def compose(compiled: CompiledMail, values: MailValues, headers: MailHeaders) -> bytes:
    """As `Mould.compose`, for one mail of its kind."""
    return Mould(compiled, values.practice).compose(values, headers)


@lru_cache(maxsize=256)  # from one revision to the next most mails stay as they were
def _looked_at(source: str) -> frozenset[str]:
    """The values of which a template does more than print them, or ask whether they are there."""
    tree = parsed(source)
    harmless = {id(each) for output in tree.find_all(nodes.Output) for node in output.nodes for each in _printed(node)}
    tests = [*(each.test for each in tree.find_all(nodes.If)), *(each.test for each in tree.find_all(nodes.CondExpr))]
    harmless |= {id(each) for test in tests for each in _asked(test)}
    names = {each.name for each in tree.find_all(nodes.Name) if id(each) not in harmless}
    return frozenset(_MADE_OF.get(name, name) for name in names)


def _printed(node: nodes.Node) -> Iterator[nodes.Name]:
    if isinstance(node, nodes.Filter) and node.name == "link" and node.node is not None:
        yield from _printed(node.node)
    elif isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name):
        yield node.node
    elif isinstance(node, nodes.Name):
        yield node


def _asked(node: nodes.Node) -> Iterator[nodes.Name]:
    if isinstance(node, nodes.Name):
        yield node
    elif isinstance(node, nodes.And | nodes.Or | nodes.Not):
        for each in node.iter_child_nodes():
            yield from _asked(each)


def _cut(line: str, *, first_name: str = "first_name") -> Line:
    return [first_name if each == _MARKS["first_name"] else _NAMES.get(each, each) for each in _MARK.split(line)]
