"""Small questions about a template's text and its syntax tree, for the checker."""

from __future__ import annotations

import re

from jinja2 import nodes

from service.mail.sandbox import TAGS, lexed

TAKES = {"default": (1, 2), "join": (0, 1)}
"""How many plain texts these filters take; no other takes any, nor does a test."""

_DASH = re.compile(r"(?<=\{[{%#])[-+]|[-+](?=[}%#]\})")


def line_of(source: str, number: int) -> str:
    """That line of a template, trimmed."""
    lines = source.split("\n")
    return lines[number - 1].strip() if 0 < number <= len(lines) else ""


def without_unknown_tags(source: str) -> str:
    """The same template on the same lines, with blanks where a tag stands that may not."""
    text, tag, inside = "", "", False
    source = _DASH.sub(" ", source)  # a dash has its own problem by now, and would take line ends away
    for _, kind, value in lexed(source):
        inside |= kind == "block_begin"
        if not inside:
            text += value
            continue
        tag += value
        if kind == "block_end":
            known = tag[2:-2].split()[:1]
            text += tag if known and known[0] in TAGS else re.sub(r"[^\n]", " ", tag)
            tag, inside = "", False
    return text + tag


def dotted(node: nodes.Node) -> str | None:
    """`practice.links.article` for such a chain of names, also written with brackets; None for anything else."""
    match node:
        case nodes.Name():
            return node.name
        case nodes.Getattr():
            parent = dotted(node.node)
            return f"{parent}.{node.attr}" if parent else None
        case nodes.Getitem(arg=nodes.Const(value=str() as key)) if key.isidentifier():
            parent = dotted(node.node)
            return f"{parent}.{key}" if parent else None
    return None


def written(node: nodes.Node) -> str:
    """A name or a call about as it stands in the file, as in `range(…)`; empty for anything else."""
    if isinstance(node, nodes.Call):
        return f"{written(node.node)}(…)"
    if isinstance(node, nodes.Getattr):
        return f"{written(node.node) or '…'}.{node.attr}"
    return dotted(node) or ""


def never_closed(source: str) -> int | None:
    """The line of the innermost `if` or `for` without an end; None where each has one."""
    opened, tag, line = list[int](), "", 0
    for number, kind, value in lexed(source):
        if kind == "block_begin":
            tag, line = "", number
        elif kind == "name" and line and not tag:
            tag = value
            if tag in {"if", "for"}:
                opened.append(line)
            elif tag in {"endif", "endfor"} and opened:
                opened.pop()
        elif kind == "block_end":
            line = 0
    return opened[-1] if opened else None


def truthy(test: nodes.Node) -> frozenset[str]:
    """Names that surely have a value where this test holds."""
    match test:
        case nodes.And():
            return truthy(test.left) | truthy(test.right)
        case nodes.Or():
            return truthy(test.left) & truthy(test.right)
        case nodes.Not():
            return falsy(test.node)
    name = dotted(test)
    return frozenset({name}) if name else frozenset()


def falsy(test: nodes.Node) -> frozenset[str]:
    """Names that surely have a value where this test does not hold."""
    match test:
        case nodes.Not():
            return truthy(test.node)
        case nodes.Or():
            return falsy(test.left) | falsy(test.right)
    return frozenset()


def takes(node: nodes.Filter | nodes.Test) -> bool:
    """Whether a filter or test has such arguments as it can have. Others would be worked out before it refused them."""
    fewest, most = TAKES.get(node.name, (0, 0))
    plain = all(isinstance(argument, nodes.Const) for argument in node.args)
    return plain and fewest <= len(node.args) <= most and not (node.kwargs or node.dyn_args or node.dyn_kwargs)


def falls_back(node: nodes.Filter) -> bool:
    """Whether `default` prints a text of its own for a name without a value: `default("lezer", true)`."""
    given = [argument.value for argument in node.args if isinstance(argument, nodes.Const)]
    return node.name == "default" and len(given) == 2 and all(given)
