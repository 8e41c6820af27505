"""In which language the command line says what is wrong: `--language`, else NURTURE_LANGUAGE, else English."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from service.errors import Language, NurtureError, Problem

Told = Annotated[
    Literal["nl", "en"] | None, typer.Option("--language", help="Tell problems in this language (NURTURE_LANGUAGE).")
]
_chosen: list[Language] = []
"""The language of this command, once it is known."""


def tell_in(chosen: Language | None) -> None:
    """Take what `--language` says; without it the setting counts."""
    if chosen:
        _chosen.append(chosen)


def language() -> Language:
    """The language to tell problems in. A setting that cannot be read is told elsewhere, and counts as English."""
    if not _chosen:
        from service.settings import read_settings

        settings, _ = read_settings()
        _chosen.append(settings.language)
    return _chosen[-1]


def in_words(english: str, dutch: str) -> str:
    """The one of the two that this command speaks."""
    return dutch if language() == "nl" else english


def say(english: str, dutch: str) -> None:
    """Print it in the language of this command."""
    typer.echo(in_words(english, dutch))


def complain(problems: Iterable[Problem]) -> None:
    """Print each problem on a line of its own, on stderr."""
    for problem in problems:
        typer.echo(problem.told(language()), err=True)


def refusal(error: NurtureError) -> str:
    """What was refused, and why."""
    return in_words(error.english, error.dutch)


def forget() -> None:
    """The command is over: the next one in this process chooses anew."""
    _chosen.clear()
