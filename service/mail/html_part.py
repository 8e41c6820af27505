"""Writes a mail's tokens as HTML: styles on each element, layout tables where Outlook needs them."""

from __future__ import annotations

import html
from collections.abc import Sequence

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from service.mail.markdown import link_class, parser
from service.mail.styles import Styles

_OPTIONS = parser().options
_RENDERER = RendererHTML()
_WIDEST, _IN_A_BOX = 552, 504
"""Pixels an image may be shown wide: the 600 of the layout less its edges, and less those of a box."""
_EDGED = frozenset({"veiligheid", "oefening", "kader"})


def write_html(tokens: Sequence[Token], styles: Styles, *, box: str = "") -> str:
    """The HTML of one piece, marks still in it. `box` names the part of the layout it goes to, such as `footer`."""
    return _Writer(styles, page=False, box=box).write(tokens)


def write_page_html(tokens: Sequence[Token]) -> str:
    """The same for a web page: no styles and no layout tables, classes alone."""
    return _Writer(Styles(), page=True, box="").write(tokens)


class _Writer:
    def __init__(self, styles: Styles, *, page: bool, box: str) -> None:
        self._styles = styles
        self._page = page
        self._box = box

    def write(self, tokens: Sequence[Token]) -> str:
        done: list[Token] = []
        outer = self._box
        for token in tokens:
            if token.type == "statement":
                done.append(_raw(token.content.replace(" ", "")))
            elif token.type == "buttons":
                done.append(_raw(self._buttons(token)))
            elif token.type.startswith("container_") and token.nesting == 1:
                self._box = token.type.split("_")[1]
                done.append(_raw(self._open_box()))
            elif token.type.startswith("container_"):
                done.append(_raw("</div>\n" if self._page else "</td></tr></tbody></table>\n"))
                self._box = outer
            else:
                done.append(self._styled(token))
        return _RENDERER.render(done, _OPTIONS, {})

    def _styled(self, token: Token) -> Token:
        copied = token.copy()
        if copied.children:
            copied.children = [self._styled(child) for child in copied.children]
        if copied.nesting >= 0 and copied.tag:
            style = self._styles.of(copied.tag, link_class(copied), self._box)
            aligned = str(copied.attrs.get("style", ""))
            if both := ";".join(part for part in (style, aligned) if part):
                copied.attrSet("style", both)
        if copied.type == "image":
            self._size(copied)
        if copied.type == "th_open":
            copied.attrSet("scope", "col")
        return copied

    def _size(self, image: Token) -> None:
        """As wide as it fits, never wider than it is; Outlook looks at the attributes alone."""
        image.attrSet(
            "style", ";".join(filter(None, [str(image.attrs.get("style", "")), "max-width:100%;height:auto"]))
        )
        if "width" in image.meta:
            width = min(image.meta["width"], _IN_A_BOX if self._box in _EDGED else _WIDEST)
            image.attrSet("width", str(width))
            image.attrSet("height", str(max(1, round(image.meta["height"] * width / image.meta["width"]))))

    def _open_box(self) -> str:
        if self._page:
            return f'<div class="{self._box}">\n'
        table, cell = self._styles.of("table", self._box), self._styles.of("td", self._box)
        return (
            f'<table role="presentation" class="{self._box}" width="100%" cellpadding="0" cellspacing="0" border="0"'
            f' style="{table}"><tbody>\n<tr>\n<td class="{self._box}-cell" style="{cell}">\n'
        )

    def _buttons(self, token: Token) -> str:
        pieces: list[str] = []
        label: list[Token] = []
        opened: Token | None = None
        for child in token.children or []:
            if child.type == "link_open":
                opened, label = child, []
            elif child.type == "link_close" and opened is not None:
                pieces.append(self._button(opened, label))
                opened = None
            else:
                label.append(child)
        return "".join(pieces)

    def _button(self, link: Token, label: Sequence[Token]) -> str:
        name = link_class(link)
        target = html.escape(str(link.attrs["href"]))
        text = _RENDERER.renderInline(label, _OPTIONS, {})
        if self._page:
            return f'<p><a class="{name}" href="{target}">{text}</a></p>\n'
        table, cell, anchor = (self._styles.of(tag, name, self._box) for tag in ("table", "td", "a"))
        return (
            f'<table role="presentation" class="{name}" cellpadding="0" cellspacing="0" border="0" style="{table}">'
            f'<tbody>\n<tr>\n<td class="{name}-cell" style="{cell}">'
            f'<a class="{name}-link" href="{target}" style="{anchor}">{text}</a></td></tr></tbody></table>\n'
        )


def _raw(content: str) -> Token:
    return Token("html_block", "", 0, content=content)
