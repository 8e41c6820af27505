"""What may stand in a template's `{{ … }}`, and behind its `if`: names, filters, tests and calls on the lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from jinja2 import nodes

from service.errors import Problem, Severity
from service.mail.collected import Collected
from service.mail.front_matter import FOLDER
from service.mail.names import (
    ANSWER_NAME,
    ANSWERS,
    INTERNAL,
    LISTS,
    OPTIONAL,
    Audience,
    allowed_names,
    suggestion,
    unknown_dutch,
)
from service.mail.sandbox import FILTERS, INTERNAL_FILTERS, TESTS
from service.mail.syntax_words import REFUSED, no_list, no_name, not_called, takes_what
from service.mail.template_tree import dotted, falls_back, falsy, takes, truthy, written


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


@dataclass(kw_only=True)
class Expressions:
    """Looks at the values of one mail's templates; problems and used answers gather here."""

    audience: Audience
    internal: bool = False
    problems: Collected = field(default_factory=Collected)
    answers: set[str] = field(default_factory=set)

    def expression(self, node: nodes.Node, place: Place, *, shown: bool) -> None:
        """Look at one. `shown`: this value may end up in the mail, so it must have one."""
        match node:
            case nodes.TemplateData():
                pass
            case nodes.Const():
                if shown and node.value in ("", None):
                    dutch = 'hier komt niets te staan (`""`). Schrijf een tekst tussen de aanhalingstekens.'
                    self.mistake("empty", place, node.lineno, "this prints nothing", dutch)
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
                    self.mistake("unknown-test", place, node.lineno, message, dutch)
                elif not takes(node):
                    message = f"nothing can stand between brackets behind `is {node.name}`"
                    dutch = f"achter `is {node.name}` kan niets tussen haakjes staan. Haal dat weg."
                    self.mistake("filter", place, node.lineno, message, dutch)
                self.expression(node.node, place, shown=False)
            case nodes.Not():
                self.expression(node.node, place, shown=False)
            case nodes.And() | nodes.Or():
                or_else = isinstance(node, nodes.Or) and isinstance(node.right, nodes.Const)
                self.expression(node.left, place, shown=shown and not or_else)
                self.expression(node.right, place, shown=shown)
            case nodes.Compare():
                for operand in (node.expr, *(operand.expr for operand in node.ops)):
                    self.expression(operand, place, shown=False)
            case nodes.CondExpr() if node.expr2 is not None:
                self.expression(node.test, place, shown=False)
                self.expression(node.expr1, place.guarded(truthy(node.test)), shown=shown)
                self.expression(node.expr2, place.guarded(falsy(node.test)), shown=shown)
            case _:
                self.refuse(node, place)

    def _call(self, node: nodes.Call, place: Place) -> None:
        plain = not (node.kwargs or node.dyn_args or node.dyn_kwargs) and len(node.args) == 1
        given = node.args[0].value if plain and isinstance(node.args[0], nodes.Const) else None
        called = written(node)
        if called != "answer_url(…)" or given not in ANSWERS or self.audience == "practice":
            self.mistake("call", place, node.lineno, *not_called(called, given, self.audience))

    def _filter(self, node: nodes.Filter, value: nodes.Node, place: Place, *, shown: bool) -> None:
        known = (*FILTERS, *INTERNAL_FILTERS) if self.internal else FILTERS
        if node.name not in known:
            hint = suggestion(node.name, known)
            message = f"the filter `{node.name}` is unknown; known: {', '.join(FILTERS)}.{hint}"
            self.mistake(
                "unknown-filter", place, node.lineno, message, unknown_dutch(node.name, FILTERS, what="het filter ")
            )
        elif not takes(node):
            message, dutch = takes_what(node.name)
            self.mistake("filter", place, node.lineno, message, dutch)
        if node.name == "join" and dotted(value) not in self.lists() | place.names:
            # a text would be joined letter by letter, and one `join` over the other grows without end
            self.mistake("filter", place, node.lineno, *no_list(written(value), self.lists(), what="join"))
        self.expression(value, place, shown=shown and not falls_back(node))

    def _name(self, node: nodes.Node, place: Place, *, shown: bool) -> None:
        name = dotted(node)
        if name is None:
            self.refuse(node, place)
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
                self.mistake("unknown-name", place, node.lineno, message, dutch)
            return
        known = allowed_names(self.audience)
        if name not in known:
            self.mistake("unknown-name", place, node.lineno, *no_name(name, {*known, *place.names}, self.audience))
        elif shown and name == "first_name" and name not in place.guards:
            message = "a first name may be missing: write `{% if first_name %} {{ first_name }}{% endif %}`"
            dutch = (
                "de voornaam kan ontbreken. Schrijf `{% if first_name %} {{ first_name }}{% endif %}`,"
                ' of `{{ first_name|default("lezer", true) }}`.'
            )
            self.mistake("unguarded-name", place, node.lineno, message, dutch)
        elif shown and name in OPTIONAL and name not in place.guards and not self.internal:
            message = f"`{name}` may be empty, and the mail would then be held: put it inside `{{% if {name} %}}`"
            dutch = f"`{name}` kan leeg zijn: zet dit tussen `{{% if {name} %}}` en `{{% endif %}}`."
            self.mistake("unguarded", place, node.lineno, message, dutch, warning=True)

    def lists(self) -> frozenset[str]:
        """What a mail to this reader may go over."""
        return LISTS & (allowed_names(self.audience) if not self.internal else LISTS)

    def refuse(self, node: nodes.Node, place: Place) -> None:
        """Nothing of this kind may stand in a mail."""
        kind = type(node).__name__.lower()
        message = f"this kind of expression ({kind}) cannot be used in a mail; write a name, or `if` with a name"
        dutch = (
            f"{REFUSED.get(kind, 'deze schrijfwijze')} kan niet in een mail. Schrijf een naam, of `if` met een naam."
        )
        self.mistake("refused", place, node.lineno, message, dutch)

    def mistake(self, key: str, place: Place, line: int, message: str, dutch: str, *, warning: bool = False) -> None:
        """Keep one, to be told with all others; `key` is its id behind `mail.`."""
        severity: Severity = "warning" if warning else "error"
        file = FOLDER + place.file
        self.problems.add(
            Problem(id=f"mail.{key}", message=message, dutch=dutch, file=file, line=line, severity=severity)
        )
