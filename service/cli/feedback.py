"""`nurture feedback …`: what a mail that came in is. Files are read, no settings and no database; nothing changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.telling import Told, in_words, tell_in
from service.errors import Problem, ProblemsError

if TYPE_CHECKING:
    from service.mail.inbound.values import Inbound

app = typer.Typer(help="What comes back about mails.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _several() -> None:
    """What comes back about mails."""


@app.command()
def inspect(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Mails as files (.eml).")],
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable, on stdout.")] = False,
    told: Told = None,
) -> None:
    """What each mail is: hard, soft, policy, complaint, auto-reply, reply or none; about whom, and why."""
    tell_in(told)
    from service.mail.inbound.classify import classify
    from service.mail.inbound.structure import MOST_BYTES

    found: list[tuple[Path, Inbound]] = []
    problems: list[Problem] = []
    for file in files:
        try:
            with file.open("rb") as source:
                raw = source.read(MOST_BYTES)
        except OSError as error:
            problems.append(_unreadable(file, error))
        else:
            found.append((file, classify(raw)))
    if as_json:
        typer.echo(json.dumps([_row(file, mail) for file, mail in found], ensure_ascii=False))
    elif found:
        typer.echo(f"{in_words('kind', 'soort'):<11} {'code':<8} {in_words('about', 'over'):<30} ", nl=False)
        typer.echo(in_words("file: reason", "bestand: reden"))
        for file, mail in found:
            about = f"{mail.kind:<11} {mail.status or '-':<8} {_printable(mail.recipient or '-'):<30}"
            typer.echo(f"{about} {_printable(_name(file))}: {mail.reason}")
    if problems:
        raise ProblemsError(problems)


def _row(file: Path, mail: Inbound) -> dict[str, str | None]:
    return {
        "file": _name(file),
        "kind": mail.kind.value,
        "recipient": mail.recipient,
        "status": mail.status,
        "reason": mail.reason,
    }


def _unreadable(file: Path, error: OSError) -> Problem:
    why = error.strerror or "cannot be read"
    return Problem(id="mail-unreadable", file=_name(file), message=why, dutch=f"kan niet gelezen worden ({why})")


def _name(file: Path) -> str:
    """The path as text; bytes in it that are none become question marks."""
    return str(file).encode("utf-8", "replace").decode()


def _printable(text: str) -> str:
    """The text without what could steer a terminal."""
    return "".join(char if char.isprintable() else "?" for char in text)
