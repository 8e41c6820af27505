"""A mail's file as its editor works on it: a few lines of its head as fields, and its text.

Whatever is not changed stays byte for byte as it was: other keys, comments, quotes, line ends.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode

from service.errors import InvalidInputError, RefusedError
from service.flows.content import TEMPLATES
from service.mail.approvals import without_approval
from service.mail.front_matter import normalise, read, split

FIELDS = ("subject", "preheader", "reason")
"""The keys of a head that have a field of their own in the editor."""

_NAME = re.compile(r"_?[a-z0-9][a-z0-9-]{0,59}")
_FILE = re.compile(r"[a-z0-9_][a-z0-9_-]{0,79}")
_HEADLESS = ("mail.head", "mail.too-large")
_BOM = "\ufeff"


@dataclass(frozen=True, kw_only=True)
class Apart:
    """A file taken apart. `readable`: its head can be read, and so be changed by fields.

    `begins` is the line of the file that the body begins on, from 1.
    """

    fields: Mapping[str, str]
    body: str
    begins: int
    readable: bool
    is_partial: bool


def file_of(name: str) -> str:
    """The file of a mail, relative to the content folder."""
    return f"{TEMPLATES}/{name}.md"


def apart(name: str, text: str) -> Apart:
    """A file in the fields of its editor."""
    plain = normalise(text)
    _, body = split(plain)
    source, problems = read(f"{name}.md", text)
    return Apart(
        fields={key: source.text(key) for key in FIELDS},
        body=body,
        begins=plain.count("\n", 0, len(plain) - len(body)) + 1,
        readable=not any(each.id in _HEADLESS for each in problems),
        is_partial=name.startswith("_"),
    )


def together(text: str, fields: Mapping[str, str], body: str) -> str:
    """The same file with these fields and this body. RefusedError where the head cannot be changed by its fields."""
    plain = normalise(text)
    head, old_body = split(plain)
    front = plain[: len(plain) - len(old_body)]
    before, after = ("---\n", "---\n")
    if front:
        start = front.index("\n") + 1
        before, after = front[:start], front[start + len(head) :]
    source, _ = read("", text)
    changed = head
    for key, value in fields.items():
        line = " ".join(value.split())
        if line != source.text(key):
            changed = _with(changed, key, line)
    written = _lines(body)
    if written.rstrip("\n") == old_body.rstrip("\n"):
        written = old_body  # a browser tells nothing of the empty lines at an end
    if front or changed:
        after = after if after.endswith("\n") else f"{after}\n"
        written = f"{before}{changed}{after}{written}"
    elif written.startswith("---") and written != old_body:  # a line across the page; at the very top it begins a head
        written = f"\n{written}"
    return _as_before(text, written)


def as_source(text: str, source: str) -> str:
    """A whole file as it was typed, with the line ends it had before."""
    written = _lines(source)
    return text if written.rstrip("\n") == normalise(text).rstrip("\n") else _as_before(text, written)


def new_name(typed: str) -> str:
    """What a file is called after what somebody typed: "Tips voor thuis" is `tips-voor-thuis`.

    InvalidInputError where no name can be made of it.
    """
    plain = unicodedata.normalize("NFKD", typed.strip().lower()).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if plain.startswith("_"):
        name = f"_{name}"
    if not _NAME.fullmatch(name):
        raise InvalidInputError(
            "choose a name of letters and digits, at most 60, such as: tips for at home",
            "Kies een naam van letters en cijfers, hoogstens 60, zoals: tips voor thuis.",
        )
    return name


def is_name(name: str) -> bool:
    """Can a mail be called so? Others in the folder are not seen in the studio."""
    return _FILE.fullmatch(name) is not None


def empty(name: str, *, dutch_title: str) -> str:
    """A file to begin with."""
    if name.startswith("_"):
        return f"{dutch_title}.\n"
    head = {
        "subject": dutch_title,
        "preheader": "Vat hier in één zin samen wat de lezer eraan heeft.",
        "reason": "Je krijgt deze mail omdat je ons om het vervolg op je advies vroeg.",
    }
    lines = "".join(f"{key}: {_scalar(value, quoted=False)}\n" for key, value in head.items())
    greeting, goodbye = '{% include "_aanhef.md" %}', '{% include "_groet.md" %}'
    return f"---\n{lines}---\n# {dutch_title}\n\n{greeting}\n\nSchrijf hier je tekst.\n\n{goodbye}\n"


def copy(text: str) -> str:
    """A file to begin with that is another's copy: nobody approved of what it is to become."""
    return without_approval(text)


def _with(head: str, key: str, value: str) -> str:
    """The head with one line another. Nothing else of it may change, or it is refused."""
    try:
        node = YAML(typ="rt", pure=True).compose(StringIO(head)) if head.strip() else None
    except YAMLError:
        node = None
        if head.strip():
            raise _refused() from None
    pairs = node.value if isinstance(node, MappingNode) else []
    name, found = next((pair for pair in pairs if pair[0].value == key), (None, None))
    if name is None or found is None:
        changed = (
            f"{head if head.endswith(chr(10)) or not head else head + chr(10)}{key}: {_scalar(value, quoted=True)}\n"
        )
    elif isinstance(found, ScalarNode):
        start, end = found.start_mark.index, found.end_mark.index
        written = _scalar(value, quoted=found.style in {'"', "'"})
        if start == end:  # its mark stands at whatever comes next
            start = end = head.index(":", name.end_mark.index) + 1
            written = f" {written}"
        if found.style in {"|", ">"}:
            written += "\n"
        changed = f"{head[:start]}{written}{head[end:]}"
    else:
        raise _refused()
    _check(head, changed, key, value)
    return changed


def _check(before: str, after: str, key: str, value: str) -> None:
    old, _ = read("", f"---\n{before}---\n")
    new, problems = read("", f"---\n{after}---\n")
    rest = {name: told for name, told in new.head.items() if name != key}
    if problems or new.text(key) != value or rest != {name: told for name, told in old.head.items() if name != key}:
        raise _refused()


def _scalar(value: str, *, quoted: bool) -> str:
    """A text as YAML writes it on one line; without quotes where it had none and needs none."""
    if not quoted and value:
        try:
            if YAML(typ="safe", pure=True).load(f"k: {value}\n") == {"k": value}:
                return value
        except YAMLError:
            pass
    return json.dumps(value, ensure_ascii=False)


def _refused() -> RefusedError:
    return RefusedError(
        "this line of the head cannot be changed by its field; change it in the tab Source",
        "Dit veld kan hier niet veranderd worden. Doe het op het tabblad Bron.",
    )


def _lines(typed: str) -> str:
    """As a file has it: browsers send CR LF (HTML standard, form submission)."""
    plain = typed.replace("\r\n", "\n").replace("\r", "\n")
    return plain if plain.endswith("\n") or not plain else f"{plain}\n"


def _as_before(old: str, written: str) -> str:
    """With the line ends and the byte order mark that the file had."""
    if old.count("\r\n") and old.count("\r\n") == old.count("\n"):
        written = written.replace("\n", "\r\n")
    return f"{_BOM}{written}" if old.startswith(_BOM) else written
