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


def say(english: str, dutch: str, *, err: bool = False) -> None:
    """Print it in the language of this command."""
    typer.echo(in_words(english, dutch), err=err)


def complain(problems: Iterable[Problem]) -> None:
    """Print each problem on a line of its own, on stderr."""
    for problem in problems:
        typer.echo(problem.told(language()), err=True)


def refusal(error: NurtureError) -> str:
    """What was refused, and why."""
    return in_words(error.english, error.staff)


def version(asked: bool) -> None:
    """Print which version this is, and which schema it works on: CHANGELOG.md names both."""
    if not asked:
        return
    from importlib.metadata import version as installed

    from service.store.schema import newest

    typer.echo(f"nurture {installed('nurture')}, schema {newest()}")
    raise typer.Exit


def unusable(error: OSError) -> str:
    """Which file or folder is in the way, and what the system says of it."""
    what, why = error.filename or in_words("the system", "het systeem"), error.strerror or str(error)
    return in_words(f"{what} cannot be used: {why}", f"{what} kan niet gebruikt worden: {why}")


def forget() -> None:
    """The command is over: the next one in this process chooses anew."""
    _chosen.clear()
