"""Reads a template's syntax tree before it ever runs: only what is on the lists may stand in it (ACCEPTANCE M5, M6)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from jinja2 import TemplateSyntaxError, nodes

from service.mail.expressions import Expressions, Place
from service.mail.front_matter import SourceFile
from service.mail.names import TAKEN, suggestion, unknown_dutch
from service.mail.sandbox import TAGS, lexed, parsed
from service.mail.syntax_words import TOO_DEEP, never_ends, no_list, syntax_told
from service.mail.template_tree import dotted, falsy, truthy, without_unknown_tags, written

_PARTIAL = re.compile(r"_[a-z0-9][a-z0-9_-]*\.md")
_MAX_DEPTH = 4
_MAX_LIST = 20
_MAX_BRANCHES = 10
_MAX_EXPANDED = 100_000


@dataclass(frozen=True, kw_only=True)
class Inclusion:
    """One partial at one place in a mail, in the order of reading."""

    name: str
    file: str
    line: int
    always: bool


@dataclass(kw_only=True)
class Checker(Expressions):
    """Checks templates of one mail; problems, inclusions and used answers gather here.

    `expandable` turns False where expanding the partials would never end or grow too large.
    """

    files: Mapping[str, SourceFile]
    expandable: bool = True
    inclusions: list[Inclusion] = field(default_factory=list)
    _size: int = 0

    def check(self, source: str, place: Place) -> bool:
        """Check one template and what it includes; False when it does not even parse."""
        self._size += len(source)
        before = len(self.problems)
        tree = self._parse(source, place.file)
        readable = len(self.problems) == before
        try:
            self._statements(tree.body if tree else [], place)
        except RecursionError:
            self.mistake("nesting", place, 1, "this file is nested too deeply", TOO_DEEP)
            return False
        return readable

    def _parse(self, source: str, file: str) -> nodes.Template | None:
        """The tree; where tags are wrong, and told, that of the rest, so that what is wrong there is told as well."""
        before = len(self.problems)
        place = Place(file=file)
        try:
            if not self.internal:  # put together from checked pieces; what stands in the tree is looked at below
                self._tags(source, place)
            return parsed(source if len(self.problems) == before else without_unknown_tags(source))
        except TemplateSyntaxError as error:
            if len(self.problems) == before:
                line, message, dutch = syntax_told(error, source)
                self.mistake("syntax", place, line, message, dutch)
        except (RecursionError, MemoryError, ValueError, OverflowError):
            message = "this file is nested too deeply or holds an absurd number"
            self.mistake("nesting", place, 1, message, TOO_DEEP)
        return None

    def _tags(self, source: str, place: Place) -> None:
        expects_name = False
        for line, kind, value in lexed(source):
            begins = kind in {"block_begin", "variable_begin", "comment_begin"} and value[-1] in "-+"
            if begins or (kind.endswith("_end") and value.strip()[0] in "-+"):
                shown = value.strip()
                sign = shown[-1] if begins else shown[0]
                message = f"leave out the {sign!r} in `{shown}`: blank lines are looked after"
                dutch = f"laat `{sign}` weg in `{shown}`; lege regels gaan vanzelf goed."
                self.mistake("dash", place, line, message, dutch)
            if kind in {"raw_begin", "linestatement_begin"}:
                self._unknown_tag("raw", place, line)
            if expects_name and kind == "name":
                expects_name = False
                if value not in TAGS:
                    self._unknown_tag(value, place, line)
            if kind == "block_begin":
                expects_name = True

    def _unknown_tag(self, name: str, place: Place, line: int) -> None:
        hint = suggestion(name, TAGS)
        message = f"the tag `{name}` is unknown; known: {', '.join(TAGS)}.{hint}"
        self.mistake("unknown-tag", place, line, message, unknown_dutch(name, TAGS, what="het woord "))

    def _statements(self, body: Iterable[nodes.Node], place: Place) -> None:
        for node in body:
            match node:
                case nodes.Output():
                    for child in node.nodes:
                        self.expression(child, place, shown=True)
                case nodes.If():
                    self._if(node, place)
                case nodes.For():
                    self._for(node, place)
                case nodes.Include():
                    self._include(node, place)
                case _:
                    self.refuse(node, place)

    def _if(self, node: nodes.If, place: Place) -> None:
        if place.branches >= _MAX_BRANCHES:
            message = f"more than {_MAX_BRANCHES} `if`s inside each other"
            dutch = f"hier staan meer dan {_MAX_BRANCHES} keer `if` in elkaar. Haal er een paar weg."
            self.mistake("nesting", place, node.lineno, message, dutch)
            return
        self.expression(node.test, place, shown=False)
        self._statements(node.body, place.guarded(truthy(node.test)))
        otherwise = place.guarded(falsy(node.test))
        for branch in node.elif_:
            self._if(branch, replace(otherwise, branches=place.branches))
            otherwise = otherwise.guarded(falsy(branch.test))
        self._statements(node.else_, otherwise)

    def _for(self, node: nodes.For, place: Place) -> None:
        if isinstance(node.iter, nodes.List) and len(node.iter.items) <= _MAX_LIST:
            for item in node.iter.items:  # the name of the loop may print any of them
                self.expression(item if isinstance(item, nodes.Const) else node.iter, place, shown=True)
        elif dotted(node.iter) not in self.lists():
            self.mistake("for", place, node.lineno, *no_list(written(node.iter), self.lists()))
        if isinstance(node.target, nodes.Name) and node.target.name in TAKEN:
            message = f"`{node.target.name}` means something already; write another word after `for`"
            dutch = f"`{node.target.name}` heeft al een betekenis. Schrijf achter `for` een ander woord, zoals `dag`."
            self.mistake("for", place, node.lineno, message, dutch)
            return
        if place.loops:
            message = "a `for` cannot stand inside another `for`; take one of them away"
            dutch = "hier staat een `for` binnen een andere `for`, en dat kan niet. Haal er een weg."
            self.mistake("for", place, node.lineno, message, dutch)
            return
        if not isinstance(node.target, nodes.Name) or node.recursive:
            message = "a plain `{% for x in list %}` is all there is"
            self.mistake("for", place, node.lineno, message, "schrijf alleen `{% for x in lijst %}`.")
            return
        if node.test is not None:
            self.refuse(node.test, place)
        inside = place.guarded(())
        names = place.names | {node.target.name, "loop.first", "loop.last", "loop.index"}
        self._statements(node.body, replace(inside, names=names, loops=1))
        self._statements(node.else_, inside)

    def _include(self, node: nodes.Include, place: Place) -> None:
        name = node.template.value if isinstance(node.template, nodes.Const) else None
        partials = [known for known in self.files if _PARTIAL.fullmatch(known)]
        if not isinstance(name, str) or not _PARTIAL.fullmatch(name) or node.ignore_missing:
            message = 'write `{% include "_name.md" %}`, with the name of a partial'
            dutch = 'schrijf `{% include "_naam.md" %}`, met de naam van een blok uit email_templates.'
            self.mistake("include", place, node.lineno, message, dutch)
            return
        if name not in self.files:
            hint = suggestion(name, partials)
            message = f"there is no partial `{name}` in email_templates.{hint}"
            self.mistake("include", place, node.lineno, message, unknown_dutch(name, partials, what="het blok "))
            return
        if place.loops:
            message = "a partial cannot be included inside a `for`"
            dutch = f"`{name}` kan niet binnen een `for` staan. Zet de `include` erboven of eronder."
            self.mistake("include", place, node.lineno, message, dutch)
            return
        if name in place.includes or len(place.includes) >= _MAX_DEPTH or self._size > _MAX_EXPANDED:
            self.expandable = False
            self.mistake("include", place, node.lineno, *never_ends(name, circle=name in place.includes))
            return
        always = place.branches == 0
        self.inclusions.append(Inclusion(name=name, file=place.file, line=node.lineno, always=always))
        inside = replace(place, file=name, includes=(*place.includes, name))
        self.check(self.files[name].body, inside)
