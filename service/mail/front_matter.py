"""The head of a Markdown file: YAML between two lines of three dashes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from io import StringIO

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from service.errors import Problem

FOLDER = "email_templates/"
MAX_HEAD = 4_000
MAX_FILE = 32_000
MAX_BRACKETS = 1_000
"""Markdown takes time that grows with the square of a row of opening brackets."""

_QUOTES = (
    "Staat er `: ` of `#` in een tekst, of begint hij met `{`, `[` of `%`? Zet hem dan tussen aanhalingstekens: "
    '`subject: "Rust: zo doe je dat"`.'
)
_HEAD = re.compile(r"---[ \t]*\n(?P<yaml>(?:.*\n)*?)---[ \t]*(?:\n|\Z)")
MARK = re.compile(r"qJ\d{4,6}Jq")
"""The words that stand for Jinja while a mail is compiled (`expansion.py`); nobody may write one."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """One file, taken apart. `body` starts with as many empty lines as the head had: lines count as in the file."""

    name: str
    head: Mapping[str, object] = field(default_factory=dict)
    head_lines: Mapping[str, int] = field(default_factory=dict)
    body: str = ""

    @property
    def path(self) -> str:
        """The file as problems name it, relative to the content folder."""
        return FOLDER + self.name

    def text(self, key: str) -> str:
        """The value of a key as text on one line; empty where the key is absent."""
        value = self.head.get(key)
        return " ".join(str(value).split()) if isinstance(value, (str, int, float)) else ""


def normalise(text: str) -> str:
    """The same text with plain newlines and no byte order mark."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def split(text: str) -> tuple[str, str]:
    """Head (YAML without its dashes) and body of a normalised file; no head gives an empty string."""
    match = _HEAD.match(text)
    return (match["yaml"], text[match.end() :]) if match else ("", text)


@lru_cache(maxsize=256)
def read(name: str, text: str) -> tuple[SourceFile, tuple[Problem, ...]]:
    """Take a file apart. With problems the file still comes back, as far as it could be read.

    Remembered, because each mail of a set reads the same partials and YAML is slow.
    """
    path = FOLDER + name
    text = normalise(text)
    if len(text) > MAX_FILE:
        message = f"this file has {len(text):,} characters; a mail may have at most {MAX_FILE:,}"
        dutch = f"dit bestand heeft {len(text)} tekens; een mail heeft er hoogstens {MAX_FILE}. Maak de tekst korter."
        return SourceFile(name=name), (Problem(id="mail.too-large", file=path, message=message, dutch=dutch),)
    if text.count("[") > MAX_BRACKETS:
        message = f"this file has `[` more than {MAX_BRACKETS:,} times; take those away that you do not need"
        dutch = f"in dit bestand staat meer dan {MAX_BRACKETS} keer `[`. Haal de haken weg die je niet nodig hebt."
        number, _ = max(enumerate(text.split("\n"), 1), key=lambda line: line[1].count("["))
        too_many = Problem(id="mail.too-large", file=path, line=number, message=message, dutch=dutch)
        return SourceFile(name=name), (too_many,)
    problems = [_control(path, number) for number, line in enumerate(text.split("\n"), 1) if _CONTROL.search(line)]
    problems += [
        Problem(
            id="mail.control",
            file=path,
            line=number,
            message=f"`{word[0]}` is a word that the service itself uses; write another",
            dutch=f"`{word[0]}` is een woord dat de service zelf gebruikt. Schrijf iets anders.",
        )
        for number, line in enumerate(text.split("\n"), 1)
        if (word := MARK.search(line))
    ]
    text = MARK.sub("…", text)
    yaml_text, body = split(text)
    skipped = text.count("\n") - body.count("\n")
    if not yaml_text:
        if text.startswith("---\n"):
            message = "the head that begins here has no closing line of three dashes"
            dutch = "de kop die hier begint houdt niet op. Zet onder de laatste regel van de kop een regel met `---`."
            problems.append(Problem(id="mail.head", file=path, line=1, message=message, dutch=dutch))
        return SourceFile(name=name, body="\n" * skipped + body), tuple(problems)
    head, problem = _head(path, yaml_text)
    # a key that was merged in (`<<`) has no line of its own
    lines = {str(key): place[0] + 2 for key, place in (head.lc.data or {}).items()}
    problems += [
        _control(path, lines.get(str(key), 1))  # written as an escape, such as "\0"
        for key, value in head.items()
        if any(_CONTROL.search(each) for each in _texts(value))
    ]
    found = SourceFile(name=name, head=dict(head), head_lines=lines, body="\n" * skipped + body)
    return found, (*problems, *([problem] if problem else []))


def _texts(value: object) -> Iterator[str]:
    """The texts of one key: its own, or those of an approval."""
    values = value.values() if isinstance(value, Mapping) else (value,)
    return (each for each in values if isinstance(each, str))


def _control(path: str, line: int) -> Problem:
    message = "an invisible control character stands here; delete it"
    dutch = "hier staat een onzichtbaar teken, vaak door plakken. Typ deze regel opnieuw."
    return Problem(id="mail.control", file=path, line=line, message=message, dutch=dutch)


def _head(path: str, yaml_text: str) -> tuple[CommentedMap, Problem | None]:
    if len(yaml_text) > MAX_HEAD:
        message = f"the head is longer than {MAX_HEAD:,} characters"
        dutch = f"de kop is langer dan {MAX_HEAD} tekens. Staat de afsluitende `---` op de goede plek?"
        return CommentedMap(), Problem(id="mail.head", file=path, line=1, message=message, dutch=dutch)
    try:
        loaded = YAML(typ="rt", pure=True).load(StringIO(yaml_text))
    except MarkedYAMLError as error:
        unclosed = error.context == "while scanning a quoted scalar" and error.context_mark
        mark = unclosed or error.problem_mark
        line = mark.line + 2 if mark else 1
        above = yaml_text.split("\n")[: max(line - 1, 0)]
        while above and not above[-1].strip():  # where nothing stands, what is wrong stands above it
            above.pop()
        line = len(above) + 1 if above else line
        shown = yaml_text.split("\n")[line - 2].strip()[:60] if 2 <= line < yaml_text.count("\n") + 2 else ""
        message = f"the head is no YAML: {error.problem or 'it cannot be read'}; put texts with ': ' or '#' in quotes, "
        message += "and those that begin with '{', '[' or '%'"
        dutch = f"deze regel van de kop kan niet worden gelezen: `{shown}`. {_QUOTES}"
        if unclosed:
            message = f"a quotation mark opens here and is closed nowhere: `{shown}`; write one behind the text"
            dutch = f"hier begint een aanhalingsteken dat nergens sluit: `{shown}`. Zet er ook een achter de tekst."
        return CommentedMap(), Problem(id="mail.head", file=path, line=line, message=message, dutch=dutch)
    except (YAMLError, RecursionError, ValueError):
        dutch = f"de kop kan niet worden gelezen. {_QUOTES}"
        return CommentedMap(), Problem(id="mail.head", file=path, line=1, message="the head is no YAML", dutch=dutch)
    if loaded is None:
        return CommentedMap(), None
    if not isinstance(loaded, CommentedMap):
        message = "the head is no list of `key: value`"
        dutch = (
            "schrijf in de kop op elke regel een woord, een dubbele punt en een tekst, zoals `subject: Begin vandaag`."
        )
        return CommentedMap(), Problem(id="mail.head", file=path, line=2, message=message, dutch=dutch)
    return loaded, None
