"""A clinician's approval of a partial: who, when, and of which text exactly. It lapses when that text changes."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Literal

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from service.errors import RefusedError
from service.mail.front_matter import normalise, read, split

KINDS = ("safety", "exercise")
"""What a partial may be called that a clinician has to approve, whatever else its head says."""


@dataclass(frozen=True, kw_only=True)
class Approval:
    """Whether a partial's text is approved. `by` and `on` (ISO date) are empty when nobody ever approved it."""

    state: Literal["approved", "lapsed", "missing"]
    by: str = ""
    on: str = ""


def text_hash(source: str) -> str:
    """64 hex digits of a partial's text: its head, its trailing spaces and its empty edges do not count."""
    _, body = split(normalise(source))
    lines = [line.rstrip() for line in body.split("\n")]
    return hashlib.sha256("\n".join(lines).strip("\n").encode()).hexdigest()


def approval(source: str) -> Approval:
    """How a partial stands: approved as it reads now, approved once but changed since, or never."""
    found = given(source)
    if not isinstance(found, Mapping) or not found.get("by"):
        return Approval(state="missing")
    same = str(found.get("hash", "")) == text_hash(source)
    return Approval(state="approved" if same else "lapsed", by=str(found["by"]), on=str(found.get("on", "")))


def needed(source: str) -> bool:
    """Does a clinician have to approve this partial?"""
    file, _ = read("", source)
    return file.head.get("needs_approval") is True or file.text("kind") in KINDS


def given(source: str) -> object:
    """What stands in its head as an approval, whatever that is; None for nothing."""
    return read("", source)[0].head.get("approved")


def approve(source: str, *, by: str, on: datetime.date) -> str:
    """The same file with `approved: {by, on, hash}` in its head; its text, other keys and comments stay as they are.

    RefusedError without a name, when the head cannot be read, or for a text that no clinician has to approve.
    """
    name = " ".join(by.split())
    if not name:
        raise RefusedError("an approval needs the name of the clinician", "Een goedkeuring heeft een naam nodig.")
    if not name.isprintable():
        raise RefusedError(
            "the clinician's name holds an invisible character; type it again",
            "In de naam staat een onzichtbaar teken, vaak door plakken. Typ hem opnieuw.",
        )
    _, problems = read("", source)
    if problems:
        told = problems[0]
        raise RefusedError(
            f"this partial cannot be read: {told.message}",
            f"Dit tekstblok is niet te lezen: {told.dutch or told.message}",
        )
    if not needed(source):
        raise RefusedError(
            "this text needs no approval: only one with `needs_approval: true`, or of `kind: safety` or `exercise`",
            "Deze tekst hoeft niemand goed te keuren. Dat hoeft alleen bij `needs_approval: true`, of bij een soort "
            "(`kind`) als `safety` of `exercise`.",
        )
    head = _head(source)
    words = CommentedMap({"by": name, "on": on, "hash": text_hash(source)})
    words.fa.set_flow_style()
    head["approved"] = words
    return _written(head, source)


def without_approval(source: str) -> str:
    """The same file without an approval in its head; for a copy that is to become another text."""
    file, _ = read("", source)
    if "approved" not in file.head:
        return source
    head = _head(source)
    del head["approved"]
    return _written(head, source)


def _head(source: str) -> CommentedMap:
    loaded: CommentedMap = _yaml().load(split(normalise(source))[0])
    return loaded


def _written(head: CommentedMap, source: str) -> str:
    written = StringIO()
    _yaml().dump(head, written)
    return f"---\n{written.getvalue()}---\n{split(normalise(source))[1]}"


def _yaml() -> YAML:
    yaml = YAML(typ="rt", pure=True)
    yaml.width = 4096
    return yaml
