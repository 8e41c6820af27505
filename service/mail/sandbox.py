"""Where templates run: two sandboxed Jinja environments that know a handful of filters and nothing of this program."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, Undefined, nodes
from jinja2.exceptions import UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

TAGS = ("if", "elif", "else", "endif", "for", "endfor", "include")
FILTERS = ("upper", "lower", "capitalize", "trim", "join", "length", "default", "first", "last")
TESTS = ("defined", "none")
INTERNAL_FILTERS = ("link", "dial")
"""Put round links by the compiler, not for templates: a link's address is checked once more when it is filled in."""

# Controls but the newline, what ends a line for some readers, text direction overrides, halves of characters.
HOSTILE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_LINK = re.compile(r"https?://[!-~]+")
_DIAL = re.compile(r"\+?[0-9]{1,30}")


def _print(value: object) -> object:
    """A name without a value never prints as `None` or as nothing: it holds the mail (ACCEPTANCE M6)."""
    if value is None or (isinstance(value, str) and not value and not isinstance(value, Undefined)):
        raise UndefinedError("a value is missing that the mail prints")
    return value


def _link(value: object) -> str:
    text = str(value)
    if not _LINK.fullmatch(text):
        raise UndefinedError("a link is no http or https address")
    return text


def _dial(value: object) -> str:
    digits = re.sub(r"\(0\)|[^0-9+]", "", str(value))
    if not _DIAL.fullmatch(digits):
        raise UndefinedError("a telephone number cannot be dialled")
    return digits


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox, with a short way to the fields of what it is given: those have no attributes to be tried first."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The field of a `Given`, or undefined; anything else as the sandbox has it."""
        if type(obj) is Given:
            try:
                return obj[attribute]
            except KeyError:
                return self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)


def make_environment(*, html: bool) -> ImmutableSandboxedEnvironment:
    """An environment without globals: strict about what is missing, escaping what it prints in HTML."""
    environment = _Environment(autoescape=html, undefined=StrictUndefined, finalize=_print, keep_trailing_newline=True)
    own: dict[str, Callable[..., object]] = {name: environment.filters[name] for name in FILTERS}
    environment.filters = {**own, "link": _link, "dial": _dial}
    environment.tests = {name: environment.tests[name] for name in TESTS}
    environment.globals.clear()
    return environment


_HTML = make_environment(html=True)
_TEXT = make_environment(html=False)


def clean(value: object) -> object:
    """A value without characters that could break a line or turn the direction of reading."""
    if isinstance(value, str):
        # by Unicode's classes nothing hostile is printable: the quick way for most values
        return value if value.isprintable() else HOSTILE.sub("", value.replace("\r\n", "\n").replace("\t", " "))
    if isinstance(value, (list, tuple)):
        return tuple(clean(item) for item in value)
    return Given(value) if isinstance(value, dict) else value


class Given:
    """Fields of a value as a template sees them, each cleaned: reading a field is all that can be done with it."""

    __slots__ = ("__fields", "__missing")

    def __init__(self, fields: Mapping[str, object], *, missing: str | None = None) -> None:
        self.__fields = fields
        self.__missing = missing

    def __getitem__(self, name: str) -> object:
        """The field; `missing` where one was given for absent ones, else KeyError (Jinja: undefined)."""
        value = self.__fields[name] if self.__missing is None else self.__fields.get(name, self.__missing)
        return Given(value, missing=self.__missing) if isinstance(value, dict) else clean(value)


@lru_cache(maxsize=256)
def lexed(source: str) -> tuple[tuple[int, str, str], ...]:
    """`(line, kind, text)` of each piece of a template. Kept: every mail of a folder reads the same partials.

    Raises TemplateSyntaxError.
    """
    return tuple(_HTML.lex(source))


@lru_cache(maxsize=256)
def parsed(source: str) -> nodes.Template:
    """The syntax tree of a template, to be read and not changed. Raises TemplateSyntaxError among others."""
    return _HTML.parse(source)


@lru_cache(maxsize=512)
def template(source: str, *, html: bool) -> Template:
    """The compiled template of a revision, kept: filling it in is all that a lead costs."""
    return (_HTML if html else _TEXT).from_string(parsed(source))
