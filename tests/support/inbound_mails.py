"""The mails of tests/fixtures/inbound, each in the folder of its kind, and what is expected of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from ruamel.yaml import YAML

from tests.support.house import ROOT

FOLDER = ROOT / "tests/fixtures/inbound"
MESSAGE_ID = "<Zq3pV7cWk1mT9xYb2nR4sA@praktijk.example>"
TOKEN = "k7QdR2mXv9Lw0TzB5nHc3YgJ8pFs6aEuVi1oKqNt4WyZxCjM"
"""Of the mail that they return or answer."""
OUR_ADDRESSES = ("terug+", "antwoord+")


@dataclass(frozen=True, kw_only=True)
class Expected:
    """One line of expected.yaml: `ties` are of `return-path`, `message-id` and `token`."""

    kind: str
    status: str | None = None
    recipient: str | None = None
    away: bool = False
    wants_stop: bool = False
    deferred: bool = False
    ties: tuple[str, ...] = ()
    text: str | None = None
    why: str


@cache
def expected() -> dict[str, Expected]:
    """By name, such as `hard/postfix-user-unknown`."""
    lines: dict[str, dict[str, Any]] = YAML(typ="safe").load(FOLDER / "expected.yaml")
    return {
        name: Expected(kind=name.partition("/")[0], **{**line, "ties": tuple(line.get("ties", ()))})
        for name, line in lines.items()
    }


@cache
def mail(name: str) -> bytes:
    """The bytes of one."""
    return (FOLDER / f"{name}.eml").read_bytes()
