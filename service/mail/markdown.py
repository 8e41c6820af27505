"""Reads a mail's Markdown into tokens that HTML and text are both made from, and says what cannot stand in a mail."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.attrs import attrs_plugin
from mdit_py_plugins.container import container_plugin

from service.errors import Problem
from service.mail.collected import Collected
from service.mail.compiled import Image
from service.mail.expansion import Line, Mark, Marks
from service.mail.front_matter import FOLDER, MARK
from service.mail.names import LINKS, suggestion, unknown_dutch

BOXES = ("veiligheid", "oefening", "kader", "klein")
LINK_CLASSES = ("button", "answer", "quiet")

_FENCE = re.compile(r"\s{0,3}(:{3,})\s*(\S*)")
_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9-]*(?:\s[^<>]*)?/?>|<!--")
_LITERAL = re.compile(r"(?:https?://[^\s/]+\.[^\s]+|tel:\+?[0-9()-]+|mailto:[^\s@]+@[^\s@]+)", re.IGNORECASE)
_UNREAD_LINK = re.compile(r"\[[^\]]*\]\s?\([^)]*\)|\]\(|\{\.[a-z]+\}|\{:? ?[.#][a-z]")


@cache
def parser() -> MarkdownIt:
    """Markdown without raw HTML, code blocks or underlined headings, with tables, classes on links, and boxes."""
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": False}).enable("table")
    markdown.disable(["code", "fence", "html_block", "html_inline", "lheading", "reference"])
    attrs_plugin(markdown, after=("link_close",), allowed=("class",))
    for box in BOXES:
        container_plugin(markdown, box)
    return markdown


@dataclass(kw_only=True)
class Reader:
    """Reads one piece (a mail's body, a footer, a partial); problems and what was seen gather here.

    `main_buttons` is how many of them a lead can get to see at most, whichever branches are taken. `images` are the
    files of `media/`; one that cannot be shown is None there.
    """

    marks: Marks
    titled: bool
    problems: Collected = field(default_factory=Collected)
    main_buttons: int = 0
    _other_branches: list[tuple[int, int]] = field(default_factory=list)
    links: list[tuple[str, Line]] = field(default_factory=list)
    images: Mapping[str, Image | None] = field(default_factory=dict)
    shown_images: dict[str, Image] = field(default_factory=dict)

    def read(self, lines: Sequence[Line]) -> list[Token]:
        """Block tokens, two sorts of our own among them: `statement` (marks in `content`) and `buttons`."""
        self._check_lines(lines)
        tokens = parser().parse("\n".join(line.text for line in lines))
        return self._blocks(tokens, lines)

    def _blocks(self, tokens: Sequence[Token], lines: Sequence[Line]) -> list[Token]:
        found: list[Token] = []
        depth, titles = 0, 0
        for index, token in enumerate(tokens):
            line = lines[token.map[0]] if token.map else None
            if token.type == "inline" and line is not None and token.map:
                self._check_inline(token, lines[token.map[0] : token.map[1]])
                if found and found[-1].type == "paragraph_open" and (own := self._own_block(token, line)):
                    found[-1] = own
                    depth += self._depth(own)
                    continue
            if token.type == "paragraph_close" and found and found[-1].type in {"statement", "buttons"}:
                continue
            if token.type == "heading_open" and token.tag == "h1" and line is not None:
                titles += 1
                if not self.titled or titles > 1 or depth or index > 0:
                    message = "a mail has one `# heading`, as its first line and in no branch or box"
                    dutch = "een mail heeft één `# kop`, als eerste regel. Schrijf hier `## kop`."
                    self._problem("heading", line, message, dutch)
            found.append(token)
        if self.titled and not titles and lines:
            dutch = "de mail begint niet met een kop. Schrijf als eerste regel `# ` met daarachter de titel."
            self._problem("heading", lines[0], "the mail does not begin with its `# heading`", dutch)
        return found

    def _depth(self, token: Token) -> int:
        keywords = [self.marks.by_id[word].keyword for word in MARK.findall(token.content)]
        for keyword in keywords:
            self._count_branch(keyword)
        return sum((k in {"if", "for"}) - (k in {"endif", "endfor"}) for k in keywords)

    def _count_branch(self, keyword: str) -> None:
        if keyword in {"if", "for"}:
            self._other_branches.append((self.main_buttons, self.main_buttons))
        elif self._other_branches:
            before, most = self._other_branches.pop()
            most = max(most, self.main_buttons)
            if keyword in {"elif", "else"}:
                self._other_branches.append((before, most))
                self.main_buttons = before
            else:
                self.main_buttons = most

    def _own_block(self, inline: Token, line: Line) -> Token | None:
        """A paragraph that is none: nothing but statements, or nothing but buttons."""
        words = MARK.findall(inline.content)
        if words and not MARK.sub("", inline.content).strip() and all(map(self.marks.is_statement, words)):
            return Token("statement", "", 0, content=" ".join(words), map=inline.map, block=True)
        links = [child for child in inline.children or [] if child.type == "link_open"]
        if not any(_class(link) in {"button", "answer"} for link in links):
            return None
        inside = False
        for child in inline.children or []:
            outside_text = not inside and child.type not in {"softbreak", "hardbreak", "link_open", "link_close"}
            if outside_text and child.content.strip():
                message = "a button stands alone in its paragraph, without text or tags beside it"
                dutch = "zet een knop alleen, met een lege regel erboven en eronder en geen tekst ernaast."
                self._problem("button", line, message, dutch)
                return None
            inside = child.type == "link_open" or (inside and child.type != "link_close")
        if not all(_class(link) in {"button", "answer"} for link in links):
            dutch = "tussen knoppen staat geen gewone link. Zet een lege regel tussen de knop en de link."
            self._problem("button", line, "a paragraph of buttons holds buttons only", dutch)
            return None
        self.main_buttons += sum(_class(link) == "button" for link in links)
        return Token("buttons", "", 0, children=inline.children, map=inline.map, block=True)

    def _check_lines(self, lines: Sequence[Line]) -> None:
        opened: Line | None = None
        for line in lines:
            for tag in _TAG.findall(line.text):
                dutch = (
                    f"HTML (`{_short(tag)}`) kan niet in een mail. Schrijf `**vet**`, `*schuin*` of `[tekst](link)`."
                )
                self._problem("html", line, f"HTML (`{tag}`) cannot stand in a mail; use Markdown", dutch)
            fence = _FENCE.match(line.text)
            if not fence:
                continue
            name = fence[2]
            if not name:
                if opened is None:
                    dutch = "deze `:::` sluit niets. Haal hem weg, of begin het kader met `::: kader`."
                    self._problem("box", line, "no box is open that this `:::` could close", dutch)
                opened = None
            elif name not in BOXES:
                hint = suggestion(name, BOXES)
                message = f"the box `{name}` is unknown; known: {', '.join(BOXES)}.{hint}"
                self._problem("box", line, message, unknown_dutch(name, BOXES, what="het kader "))
            elif opened is not None:
                message = f"a box cannot stand in a box; close the one of line {opened.number} first"
                dutch = f"een kader kan niet in een kader. Sluit eerst dat van regel {opened.number} met `:::`."
                self._problem("box", line, message, dutch)
            else:
                opened = line
        if opened is not None:
            dutch = "dit kader wordt niet gesloten. Zet eronder een regel met `:::`."
            self._problem("box", opened, "this box is never closed: end it with a line `:::`", dutch)

    def _check_inline(self, inline: Token, lines: Sequence[Line]) -> None:
        for child in inline.children or []:
            if child.type == "link_open":
                self._check_link(child, lines)
            elif child.type == "image":
                self._check_image(child, lines)
            elif child.type == "text" and (unread := _UNREAD_LINK.search(child.content)):
                line = _find(unread[0], lines)
                shown = _short(self.marks.put_back(unread[0], {}))
                dutch = f"`{shown}` wordt geen link. Schrijf `[tekst](https://…)`, zonder spatie ertussen."
                self._problem("link", line, f"`{shown}` is not read as a link or class", dutch)

    def _check_link(self, link: Token, lines: Sequence[Line]) -> None:
        target = str(link.attrs.get("href", ""))
        line = _find(target, lines)
        if "insecure_attrs" in link.meta:
            classes = ", ".join(LINK_CLASSES)
            dutch = "achter een link kan alleen `{.button}`, `{.answer}` of `{.quiet}` staan."
            self._problem("link", line, f"only classes can stand in the braces: {classes}", dutch)
        if (name := _class(link)) not in {*LINK_CLASSES, ""}:
            message = f"the class `{name}` is unknown.{suggestion(name, LINK_CLASSES)}"
            self._problem("link", line, message, unknown_dutch(_short(name), LINK_CLASSES, what="de stijl "))
        scheme, _, rest = target.rpartition(":")
        if scheme == "tel" and not name:
            link.attrSet("class", "tel")  # so that a layout can keep the number on one line
        word = rest if MARK.fullmatch(rest) and scheme in {"", "tel", "mailto"} else ""
        mark = self.marks.by_id[word] if word else None
        if mark and self._may_link(scheme, mark.name):
            if scheme != "mailto":
                link.attrSet("href", target.replace(word, self.marks.wrap(word, "dial" if scheme else "link")))
        elif MARK.search(target) or not _LITERAL.fullmatch(target):
            known = "https://…, tel:, mailto:, or one link variable such as {{ booking_url }}"
            shown = _short(self.marks.put_back(target, {}))
            dutch = (
                f"`{shown}` kan geen link zijn. Schrijf een adres dat met https:// begint, of `{{{{ booking_url }}}}`."
            )
            self._problem("link", line, f"`{shown}` cannot be linked to; a link goes to {known}", dutch)
        else:
            self.links.append((target, line))

    @staticmethod
    def _may_link(scheme: str, name: str) -> bool:
        if scheme == "tel":
            return name in {"practice.phone", "request.phone"}
        if scheme == "mailto":
            return name in {"practice.email", "request.email"}
        return name in LINKS or name.startswith("answer_url(")

    def _check_image(self, image: Token, lines: Sequence[Line]) -> None:
        source = str(image.attrs.get("src", ""))
        line = _find(source, lines)
        mark = self.marks.by_id[source] if MARK.fullmatch(source) else None
        logo = mark is not None and mark.name == "practice.logo"
        shown = _short(self.marks.put_back(source, {}))
        if not image.content.strip():
            message = f"the image `{shown}` needs a text for whoever does not see it: `![text](…)`"
            dutch = f"zet tussen de haken wat er op het plaatje `{shown}` staat, voor wie het niet ziet: `![tekst](…)`."
            self._problem("image", line, message, dutch)
        if not logo and not source.startswith("media/"):
            message = f"`{shown}` cannot be shown: put the image in media/ and write `![text](media/name.jpg)`"
            dutch = f"`{shown}` kan niet. Zet het plaatje in de map media en schrijf `![tekst](media/naam.jpg)`."
            self._problem("image", line, message, dutch)
        elif logo:
            image.attrSet("src", self.marks.wrap(source, "link"))
        else:
            self._host_image(image, source, line)

    def _host_image(self, image: Token, path: str, line: Line) -> None:
        found = self.images.get(path)
        if found is not None:
            self.shown_images[path] = found
            code = f"{{{{ media_url|link }}}}/{found.name}"
            mark = Mark(kind="value", code=code, name="media_url", file=line.file, line=line.number)
            image.attrSet("src", self.marks.add(mark))
            image.meta = {"width": found.width, "height": found.height}
        elif path in self.images:
            message = f"`{path}` cannot be shown; see what is said of that file"
            dutch = f"`{path}` kan niet worden getoond; lees wat er bij dat bestand staat."
            self._problem("image", line, message, dutch)
        else:
            hint = suggestion(path, self.images) or " Put it in media/ (small letters, no blanks)."
            message = f"there is no `{path}`.{hint}"
            dutch = (
                unknown_dutch(path, self.images, what="het plaatje ")
                if self.images
                else (f"het plaatje `{path}` bestaat niet; zet het in de map media (kleine letters, geen spaties).")
            )
            self._problem("image", line, message, dutch)

    def _problem(self, key: str, line: Line, message: str, dutch: str) -> None:
        file = FOLDER + line.file
        self.problems.add(Problem(id=f"mail.{key}", message=message, dutch=dutch, file=file, line=line.number))


def link_class(link: Token) -> str:
    """`button`, `answer`, `quiet` or nothing."""
    return _class(link)


def _class(link: Token) -> str:
    return str(link.attrs.get("class", ""))


def _find(needle: str, lines: Sequence[Line]) -> Line:
    """The line of a paragraph that holds this text, else its first."""
    return next((line for line in lines if needle and needle in line.text), lines[0])


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
