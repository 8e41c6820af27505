"""Reads a template's syntax tree before it ever runs: only what is on the lists may stand in it (ACCEPTANCE M5, M6)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from jinja2 import TemplateSyntaxError, nodes

from service.errors import Problem, Severity
from service.mail.collected import Collected
from service.mail.front_matter import FOLDER, SourceFile
from service.mail.names import (
    ANSWER_NAME,
    ANSWERS,
    INTERNAL,
    LISTS,
    OPTIONAL,
    TAKEN,
    Audience,
    allowed_names,
    suggestion,
    unknown_dutch,
)
from service.mail.sandbox import FILTERS, INTERNAL_FILTERS, TAGS, TESTS, lexed, parsed
from service.mail.syntax_words import (
    REFUSED,
    TOO_DEEP,
    never_ends,
    no_list,
    no_name,
    not_called,
    syntax_told,
    takes_what,
)
from service.mail.template_tree import dotted, falls_back, falsy, takes, truthy, without_unknown_tags, written

_PARTIAL = re.compile(r"_[a-z0-9][a-z0-9_-]*\.md")
_MAX_DEPTH = 4
_MAX_LIST = 20
_MAX_BRANCHES = 10
_MAX_EXPANDED = 100_000


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the check is: file, names known to have a value here, loop names, and in how many branches and loops."""

    file: str
    guards: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    branches: int = 0
    loops: int = 0
    includes: tuple[str, ...] = ()

    def guarded(self, more: Iterable[str]) -> Place:
        return replace(self, guards=self.guards | frozenset(more), branches=self.branches + 1)


@dataclass(frozen=True, kw_only=True)
class Inclusion:
    """One partial at one place in a mail, in the order of reading."""

    name: str
    file: str
    line: int
    always: bool


@dataclass(kw_only=True)
class Checker:
    """Checks templates of one mail; problems, inclusions and used answers gather here.

    `expandable` turns False where expanding the partials would never end or grow too large.
    """

    audience: Audience
    files: Mapping[str, SourceFile]
    internal: bool = False
    problems: Collected = field(default_factory=Collected)
    expandable: bool = True
    inclusions: list[Inclusion] = field(default_factory=list)
    answers: set[str] = field(default_factory=set)
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
            self._problem("nesting", place, 1, "this file is nested too deeply", TOO_DEEP)
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
                self._problem("syntax", place, line, message, dutch)
        except (RecursionError, MemoryError, ValueError, OverflowError):
            message = "this file is nested too deeply or holds an absurd number"
            self._problem("nesting", place, 1, message, TOO_DEEP)
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
                self._problem("dash", place, line, message, dutch)
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
        self._problem("unknown-tag", place, line, message, unknown_dutch(name, TAGS, what="het woord "))

    def _statements(self, body: Iterable[nodes.Node], place: Place) -> None:
        for node in body:
            match node:
                case nodes.Output():
                    for child in node.nodes:
                        self._expression(child, place, shown=True)
                case nodes.If():
                    self._if(node, place)
                case nodes.For():
                    self._for(node, place)
                case nodes.Include():
                    self._include(node, place)
                case _:
                    self._refuse(node, place)

    def _if(self, node: nodes.If, place: Place) -> None:
        if place.branches >= _MAX_BRANCHES:
            message = f"more than {_MAX_BRANCHES} `if`s inside each other"
            dutch = f"hier staan meer dan {_MAX_BRANCHES} keer `if` in elkaar. Haal er een paar weg."
            self._problem("nesting", place, node.lineno, message, dutch)
            return
        self._expression(node.test, place, shown=False)
        self._statements(node.body, place.guarded(truthy(node.test)))
        otherwise = place.guarded(falsy(node.test))
        for branch in node.elif_:
            self._if(branch, replace(otherwise, branches=place.branches))
            otherwise = otherwise.guarded(falsy(branch.test))
        self._statements(node.else_, otherwise)

    def _for(self, node: nodes.For, place: Place) -> None:
        if isinstance(node.iter, nodes.List) and len(node.iter.items) <= _MAX_LIST:
            for item in node.iter.items:  # the name of the loop may print any of them
                self._expression(item if isinstance(item, nodes.Const) else node.iter, place, shown=True)
        elif dotted(node.iter) not in self._lists():
            self._problem("for", place, node.lineno, *no_list(written(node.iter), self._lists()))
        if isinstance(node.target, nodes.Name) and node.target.name in TAKEN:
            message = f"`{node.target.name}` means something already; write another word after `for`"
            dutch = f"`{node.target.name}` heeft al een betekenis. Schrijf achter `for` een ander woord, zoals `dag`."
            self._problem("for", place, node.lineno, message, dutch)
            return
        if place.loops:
            message = "a `for` cannot stand inside another `for`; take one of them away"
            dutch = "hier staat een `for` binnen een andere `for`, en dat kan niet. Haal er een weg."
            self._problem("for", place, node.lineno, message, dutch)
            return
        if not isinstance(node.target, nodes.Name) or node.recursive:
            message = "a plain `{% for x in list %}` is all there is"
            self._problem("for", place, node.lineno, message, "schrijf alleen `{% for x in lijst %}`.")
            return
        if node.test is not None:
            self._refuse(node.test, place)
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
            self._problem("include", place, node.lineno, message, dutch)
            return
        if name not in self.files:
            hint = suggestion(name, partials)
            message = f"there is no partial `{name}` in email_templates.{hint}"
            self._problem("include", place, node.lineno, message, unknown_dutch(name, partials, what="het blok "))
            return
        if place.loops:
            message = "a partial cannot be included inside a `for`"
            dutch = f"`{name}` kan niet binnen een `for` staan. Zet de `include` erboven of eronder."
            self._problem("include", place, node.lineno, message, dutch)
            return
        if name in place.includes or len(place.includes) >= _MAX_DEPTH or self._size > _MAX_EXPANDED:
            self.expandable = False
            self._problem("include", place, node.lineno, *never_ends(name, circle=name in place.includes))
            return
        always = place.branches == 0
        self.inclusions.append(Inclusion(name=name, file=place.file, line=node.lineno, always=always))
        inside = replace(place, file=name, includes=(*place.includes, name))
        self.check(self.files[name].body, inside)

    def _expression(self, node: nodes.Node, place: Place, *, shown: bool) -> None:
        """`shown`: this value may end up in the mail, so it must have one."""
        match node:
            case nodes.TemplateData():
                pass
            case nodes.Const():
                if shown and node.value in ("", None):
                    dutch = 'hier komt niets te staan (`""`). Schrijf een tekst tussen de aanhalingstekens.'
                    self._problem("empty", place, node.lineno, "this prints nothing", dutch)
            case nodes.Name() | nodes.Getattr() | nodes.Getitem():
                self._name(node, place, shown=shown)
            case nodes.Filter() if node.node is not None:
                self._filter(node, node.node, place, shown=shown)
            case nodes.List() | nodes.Tuple() if all(isinstance(item, nodes.Const) for item in node.items):
                pass
            case nodes.Call():
                self._call(node, place)
            case _:
                self._logic(node, place, shown=shown)

    def _logic(self, node: nodes.Node, place: Place, *, shown: bool) -> None:
        match node:
            case nodes.Test():
                if node.name not in TESTS:
                    hint = suggestion(node.name, TESTS)
                    message = f"the test `{node.name}` is unknown.{hint}"
                    dutch = unknown_dutch(node.name, TESTS, what="de vraag `is …`: ")
                    self._problem("unknown-test", place, node.lineno, message, dutch)
                elif not takes(node):
                    message = f"nothing can stand between brackets behind `is {node.name}`"
                    dutch = f"achter `is {node.name}` kan niets tussen haakjes staan. Haal dat weg."
                    self._problem("filter", place, node.lineno, message, dutch)
                self._expression(node.node, place, shown=False)
            case nodes.Not():
                self._expression(node.node, place, shown=False)
            case nodes.And() | nodes.Or():
                or_else = isinstance(node, nodes.Or) and isinstance(node.right, nodes.Const)
                self._expression(node.left, place, shown=shown and not or_else)
                self._expression(node.right, place, shown=shown)
            case nodes.Compare():
                for operand in (node.expr, *(operand.expr for operand in node.ops)):
                    self._expression(operand, place, shown=False)
            case nodes.CondExpr() if node.expr2 is not None:
                self._expression(node.test, place, shown=False)
                self._expression(node.expr1, place.guarded(truthy(node.test)), shown=shown)
                self._expression(node.expr2, place.guarded(falsy(node.test)), shown=shown)
            case _:
                self._refuse(node, place)

    def _call(self, node: nodes.Call, place: Place) -> None:
        plain = not (node.kwargs or node.dyn_args or node.dyn_kwargs) and len(node.args) == 1
        given = node.args[0].value if plain and isinstance(node.args[0], nodes.Const) else None
        called = written(node)
        if called != "answer_url(…)" or given not in ANSWERS or self.audience == "practice":
            self._problem("call", place, node.lineno, *not_called(called, given, self.audience))

    def _filter(self, node: nodes.Filter, value: nodes.Node, place: Place, *, shown: bool) -> None:
        known = (*FILTERS, *INTERNAL_FILTERS) if self.internal else FILTERS
        if node.name not in known:
            hint = suggestion(node.name, known)
            message = f"the filter `{node.name}` is unknown; known: {', '.join(FILTERS)}.{hint}"
            self._problem(
                "unknown-filter", place, node.lineno, message, unknown_dutch(node.name, FILTERS, what="het filter ")
            )
        elif not takes(node):
            message, dutch = takes_what(node.name)
            self._problem("filter", place, node.lineno, message, dutch)
        if node.name == "join" and dotted(value) not in self._lists() | place.names:
            # a text would be joined letter by letter, and one `join` over the other grows without end
            self._problem("filter", place, node.lineno, *no_list(written(value), self._lists(), what="join"))
        self._expression(value, place, shown=shown and not falls_back(node))

    def _name(self, node: nodes.Node, place: Place, *, shown: bool) -> None:
        name = dotted(node)
        if name is None:
            self._refuse(node, place)
            return
        if name in place.names or (self.internal and name in INTERNAL):
            return
        root, _, rest = name.partition(".")
        if root == "answers" and self.audience != "practice":
            if ANSWER_NAME.fullmatch(rest):
                self.answers.add(rest)
            else:
                message = f"`{name}` does not say which answer; write for example `answers.posture`"
                dutch = f"`{name}` zegt niet welk antwoord; schrijf bijvoorbeeld `answers.posture`."
                self._problem("unknown-name", place, node.lineno, message, dutch)
            return
        known = allowed_names(self.audience)
        if name not in known:
            self._problem("unknown-name", place, node.lineno, *no_name(name, {*known, *place.names}, self.audience))
        elif shown and name == "first_name" and name not in place.guards:
            message = "a first name may be missing: write `{% if first_name %} {{ first_name }}{% endif %}`"
            dutch = (
                "de voornaam kan ontbreken. Schrijf `{% if first_name %} {{ first_name }}{% endif %}`,"
                ' of `{{ first_name|default("lezer", true) }}`.'
            )
            self._problem("unguarded-name", place, node.lineno, message, dutch)
        elif shown and name in OPTIONAL and name not in place.guards and not self.internal:
            message = f"`{name}` may be empty, and the mail would then be held: put it inside `{{% if {name} %}}`"
            dutch = f"`{name}` kan leeg zijn: zet dit tussen `{{% if {name} %}}` en `{{% endif %}}`."
            self._problem("unguarded", place, node.lineno, message, dutch, warning=True)

    def _lists(self) -> frozenset[str]:
        """What a mail to this reader may go over."""
        return LISTS & (allowed_names(self.audience) if not self.internal else LISTS)

    def _refuse(self, node: nodes.Node, place: Place) -> None:
        kind = type(node).__name__.lower()
        message = f"this kind of expression ({kind}) cannot be used in a mail; write a name, or `if` with a name"
        dutch = (
            f"{REFUSED.get(kind, 'deze schrijfwijze')} kan niet in een mail. Schrijf een naam, of `if` met een naam."
        )
        self._problem("refused", place, node.lineno, message, dutch)

    def _problem(self, key: str, place: Place, line: int, message: str, dutch: str, *, warning: bool = False) -> None:
        severity: Severity = "warning" if warning else "error"
        file = FOLDER + place.file
        self.problems.add(
            Problem(id=f"mail.{key}", message=message, dutch=dutch, file=file, line=line, severity=severity)
        )
