"""Turns an MJML layout into HTML. MJML takes unknown tags and attributes in silence, so they are looked for here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

from mjml import mjml2html

from service.errors import Problem
from service.mail.expansion import Marks, mark_text
from service.mail.front_matter import FOLDER, MARK, SourceFile
from service.mail.names import LINKS, suggestion, unknown_dutch
from service.mail.styles import Styles, parse_styles

_MJML_TAGS = """mjml mj-head mj-body mj-title mj-preview mj-attributes mj-all mj-class mj-style mj-raw mj-breakpoint
    mj-wrapper mj-section mj-column mj-group mj-text mj-button mj-divider mj-spacer mj-table"""
_HTML_TAGS = "a br div em meta p span strong table tbody td th tr"
_KNOWN_ATTRIBUTES = """align background-color border border-bottom border-color border-left border-radius border-right
    border-style border-top border-width cellpadding cellspacing class color colspan container-background-color content
    css-class dir direction font-family font-size font-style font-weight full-width height href inline inner-padding
    lang letter-spacing line-height name padding padding-bottom padding-left padding-right padding-top role style
    text-align text-decoration text-padding title valign vertical-align width"""
_TAGS = frozenset(f"{_MJML_TAGS} {_HTML_TAGS}".split())
_ATTRIBUTES = frozenset(_KNOWN_ATTRIBUTES.split())
_EMPTY = frozenset({"br", "meta"})
_INLINE_STYLE = re.compile(r'<mj-style inline="inline">(.*?)</mj-style>', re.DOTALL)
_HREF = re.compile(r'\bhref="([^"]*)"')
_FETCHES = re.compile(
    r"(?:url|src|image|image-set|cross-fade|element|expression)\s*\(|@import|@font-face|\\", re.IGNORECASE
)
_WORDS = frozenset({"content", "href", "title", "name", "lang", "class", "css-class"})
"""Attributes that no mail program takes for style; MJML writes all others into one."""
_BETWEEN = re.compile(r"(</style>|<tbody>|<tr>|</td>|</tr>|</tbody>)(?=<)")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_HIDDEN_WHITE, _HIDDEN = "display:none;font-size:1px;color:#ffffff;", "display:none;font-size:1px;"
"""How MJML begins the style of a preheader. It is hidden anyway, and white on light is what spam filters look for."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A layout ready to render: MJML with marks, and the styles that go on each element of a mail."""

    mjml: str
    styles: Styles


def read_layout(source: SourceFile, marks: Marks) -> tuple[Layout, list[Problem]]:
    """Check a layout and take it apart. Its Jinja has passed the checker."""
    linter = _Linter(source)
    linter.feed(source.body)
    linter.close()
    linter.finish()
    problems = linter.problems
    text = _COMMENT.sub("", mark_text(source, marks))
    styles, unknown = parse_styles("\n".join(_INLINE_STYLE.findall(text)))
    for selector in unknown:
        problems.append(
            _problem(
                source,
                1,
                f"the inlined style `{selector}` is too clever: a tag, a class, or `.box tag`",
                f"de stijlregel `{selector[:60]}` is te ingewikkeld. Schrijf `p`, `.button`, `a.quiet` of `.klein p`.",
            )
        )
    for target in _HREF.findall(text):
        mark = marks.by_id.get(target)
        if mark is None or mark.name not in LINKS:
            problems.append(
                _problem(
                    source,
                    mark.line if mark else 1,
                    "a link in a layout goes to one link variable only",
                    'een link in een opmaak gaat naar één linknaam, zoals `href="{{ unsubscribe_url }}"`.',
                )
            )
    text = _HREF.sub(lambda m: f'href="{marks.wrap(m[1], "link")}"' if m[1] in marks.by_id else m[0], text)
    return Layout(mjml=_INLINE_STYLE.sub("", text).strip(), styles=styles), problems


def render_layout(source: SourceFile, layout: Layout) -> tuple[str, list[Problem]]:
    """The HTML of a layout, marks still in it. No fonts are fetched from anywhere."""
    try:
        # MJML writes all in one line; blanks between parts of a table show nothing; short lines are encoded once
        html = mjml2html(layout.mjml, fonts={}).replace(_HIDDEN_WHITE, _HIDDEN, 1)
        html = html.replace("\n.", "\n .")  # a dot in front would be doubled on the way (RFC 5321 section 4.5.2)
        return _BETWEEN.sub(r"\1\n", html), []
    except ValueError as error:
        dutch = f"deze opmaak kan niet worden gelezen ({error}). Haal de laatste wijziging weg."
        return "", [_problem(source, 1, f"MJML cannot read this layout: {error}", dutch)]


class _Linter(HTMLParser):
    """Walks the tags of a layout: each known, closed where it should be, fetching nothing from anywhere."""

    def __init__(self, source: SourceFile) -> None:
        super().__init__(convert_charrefs=False)
        self._source = source
        self._open: list[tuple[str, int]] = []
        self.problems: list[Problem] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._check_tag(tag, attrs)
        if tag not in _EMPTY:
            self._open.append((tag, self.getpos()[0]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._check_tag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1][0] == tag:
            self._open.pop()
        else:
            expected = f" Hier hoort `</{self._open[-1][0]}>`." if self._open else ""
            self._add(f"`</{tag}>` closes nothing here", f"`</{tag}>` sluit hier niets.{expected}")

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1][0] == "mj-style" and _FETCHES.search(data):
            message = "a style sheet may fetch nothing: no url(), @import or @font-face"
            self._add(message, "een stijl mag niets ophalen: haal url(), @import en @font-face weg.")

    def finish(self) -> None:
        """Say what is still open at the end."""
        for tag, line in self._open:
            dutch = f"`<{tag}>` wordt niet gesloten. Zet `</{tag}>` erachter."
            self.problems.append(_problem(self._source, line, f"`<{tag}>` is never closed", dutch))

    def _check_tag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            self._add(
                f"the tag `<{tag}>` is unknown or not allowed in a layout.{suggestion(tag, _TAGS)}",
                unknown_dutch(tag, _TAGS, what="het element ", listed=False),
            )
        for name, value in attrs:
            if name not in _ATTRIBUTES and not name.startswith("aria-"):
                self._add(
                    f"the attribute `{name}` of `<{tag}>` is unknown or not allowed.{suggestion(name, _ATTRIBUTES)}",
                    unknown_dutch(name, _ATTRIBUTES, what=f"bij `<{tag}>`: ", listed=False),
                )
            if name not in _WORDS and (_FETCHES.search(value or "") or (name != "style" and ";" in (value or ""))):
                self._add("a style may fetch nothing", "een stijl mag niets ophalen: haal url() weg.")
            if name == "inline" and value != "inline":
                self._add('write `inline="inline"`', 'schrijf `inline="inline"`.')

    def _add(self, message: str, dutch: str) -> None:
        self.problems.append(_problem(self._source, self.getpos()[0], message, dutch))


def _problem(source: SourceFile, line: int, message: str, dutch: str) -> Problem:
    return Problem(id="mail.layout", message=message, dutch=dutch, file=FOLDER + source.name, line=line)


def visible(html: str) -> str:
    """What a reader can see of a page: its body without comments. (Marks in a head or a comment show nothing.)"""
    return _COMMENT.sub("", html[max(html.find("<body"), 0) :])


def marks_always_shown(html: str, marks: Marks) -> set[str]:
    """Names of values that stand in a piece on every branch: in no `if` and no `for`."""
    shown: set[str] = set()
    depth = 0
    for word in MARK.findall(html):
        mark = marks.by_id[word]
        depth += (mark.keyword in {"if", "for"}) - (mark.keyword in {"endif", "endfor"})
        if depth == 0 and mark.kind != "statement":
            shown.add(mark.name)
    return shown
