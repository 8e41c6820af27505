"""`nurture check`: everything wrong in settings and content, for people or for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.telling import Told, complain, in_words, tell_in
from service.errors import Problem, ProblemsError

if TYPE_CHECKING:
    from service.flows.content import Content
    from service.settings import Settings


def check(
    strict: Annotated[bool, typer.Option("--strict", help="Warnings are errors.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable, on stdout.")] = False,
    told: Told = None,
) -> None:
    """Every problem in settings and content, each with file and line."""
    from service.bootstrap import unbuildable
    from service.settings import read_settings

    tell_in(told)
    settings, problems = read_settings(also=unbuildable)
    problems = [*problems, *_warnings(settings), *of_content(settings)]
    if strict:
        problems = [replace(each, severity="error") for each in problems]
    if as_json:
        typer.echo(json.dumps([_row(each) for each in problems], ensure_ascii=False))
    else:
        complain(problems)
        typer.echo(counted(problems))
        _name_the_page(problems)
    if any(each.severity == "error" for each in problems):
        raise typer.Exit(1)


def of_content(settings: Settings) -> list[Problem]:
    """Every problem in the content folder, and what it asks of the settings that is not there."""
    from service.flows.content_lint import replied_unread
    from service.flows.drafts import read_draft

    try:
        draft = read_draft(settings.content_dir)
        return [*draft.problems, *replied_unread(draft.content, reply_mailbox=bool(settings.reply_mailbox))]
    except ProblemsError as error:
        return list(error.problems)


def beside_content(settings: Settings, content: Content) -> list[Problem]:
    """Warnings of what stands in the settings and yet goes out with these mails: sender, links, replies unread."""
    from service.flows.content_lint import replied_unread
    from service.mail.lint_words import sender_problems

    unread = replied_unread(content, reply_mailbox=bool(settings.reply_mailbox))
    return [*sender_problems(settings.mail_from, settings.base_url), *unread]


def counted(problems: Sequence[Problem]) -> str:
    """How many errors and warnings, as in "1 error, 2 warnings"."""
    errors = sum(each.severity == "error" for each in problems)
    warnings = len(problems) - errors
    return in_words(
        f"{errors} error{'' if errors == 1 else 's'}, {warnings} warning{'' if warnings == 1 else 's'}",
        f"{errors} fout{'' if errors == 1 else 'en'}, {warnings} waarschuwing{'' if warnings == 1 else 'en'}",
    )


def _name_the_page(problems: Sequence[Problem]) -> None:
    """Where staff can read what a finding means, and how to mend it."""
    if problems:
        ids = ", ".join(sorted({each.id for each in problems}))
        what = in_words("What does this mean? See (in Dutch)", "Wat betekent dit? Zie")
        typer.echo(f"{what} docs/meldingen.md: {ids}", err=True)


def _row(problem: Problem) -> dict[str, object]:
    return {
        "id": problem.id,
        "severity": problem.severity,
        "file": problem.file,
        "line": problem.line,
        "message": in_words(problem.message, problem.dutch or problem.message),
    }


def _warnings(settings: Settings) -> list[Problem]:
    """What in the settings wants a look: keys that can be guessed, a sender that gives a complaint away."""
    from service.mail.lint_words import sender_problems
    from service.settings import check_settings, in_their_files

    looked_at = [each for each in check_settings(settings) if each.severity == "warning"]
    return in_their_files([*looked_at, *sender_problems(settings.mail_from, settings.base_url)])
