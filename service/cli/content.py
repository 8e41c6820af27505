"""Commands for those who write the mails: check, approve, preview, send-test."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from service.cli.opening import open_services, staff_name
from service.cli.reading import Answers, pairs
from service.errors import NotFoundError, Problem, ProblemsError


def check(
    strict: Annotated[bool, typer.Option("--strict", help="Warnings are errors.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable, on stdout.")] = False,
) -> None:
    """Every problem in settings and content, each with file and line."""
    problems = _all_problems()
    if strict:
        problems = [Problem(**(vars(each) | {"severity": "error"})) for each in problems]
    errors = [each for each in problems if each.severity == "error"]
    if as_json:
        keys = ("id", "severity", "file", "line", "message")
        typer.echo(json.dumps([{key: getattr(each, key) for key in keys} for each in problems], ensure_ascii=False))
    else:
        for each in problems:
            typer.echo(str(each), err=True)
        typer.echo(f"{len(errors)} errors, {len(problems) - len(errors)} warnings")
        _name_the_page(problems)
    if errors:
        raise typer.Exit(1)


def approve(
    partial: Annotated[str, typer.Argument(help="A partial, such as _veiligheid.md.")],
    by: Annotated[str, typer.Option(help="The clinician's name.")],
) -> None:
    """Write a clinician's approval into a partial. It lapses when the text changes."""
    from service.mail.approvals import approve as approved

    settings, services = open_services()
    folder = settings.content_dir / "email_templates"
    path = folder / (partial if partial.endswith(".md") else f"{partial}.md")
    if path.parent != folder or not path.is_file():
        raise NotFoundError(f"there is no {path.name} in {folder}")
    text = approved(path.read_text(encoding="utf-8"), by=by, on=datetime.now(UTC).date())
    _write_whole(path, text)
    from service.store import events

    with services.database.transaction() as session:
        events.audit(session, staff_name(), "approved", services.clock.now(), partial=path.name, by=by)
    typer.echo(f"{path.name} is approved by {by}; publish it to let it count.")


def preview(
    template: Annotated[str, typer.Argument(help="A mail, such as advies-lage-rug.")],
    answer: Answers = None,
    out: Annotated[Path | None, typer.Option(help="Write the HTML, the text and the whole mail here.")] = None,
) -> None:
    """One mail as a lead would get it."""
    from service.flows import samples

    _, services = open_services(ready=False)
    sample = samples.from_files(services, template, pairs(answer), now=datetime.now(UTC))
    if out is None:
        typer.echo(f"Subject: {sample.rendered.subject}\n\n{sample.rendered.text}")
        return
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{template}.html").write_text(sample.rendered.html, encoding="utf-8")
    (out / f"{template}.txt").write_text(sample.rendered.text, encoding="utf-8")
    (out / f"{template}.eml").write_bytes(sample.mail.data)
    typer.echo(f"Written: {out / template}.html, .txt and .eml")


def send_test(
    template: Annotated[str, typer.Argument(help="A mail, such as advies-lage-rug.")],
    to: Annotated[str, typer.Option(help="One of the practice's staff addresses.")],
    answer: Answers = None,
) -> None:
    """Send one mail with made-up values to somebody of the staff."""
    from service.flows import samples

    _, services = open_services(ready=False)
    result = samples.send(services, template, pairs(answer), to=to, now=datetime.now(UTC))
    typer.echo(f"{template} to {to}: {result.outcome}{f' ({result.text})' if result.text else ''}")
    if result.outcome != "accepted":
        raise typer.Exit(1)


def _name_the_page(problems: list[Problem]) -> None:
    """Where staff can read what a finding means, and how to mend it."""
    if problems:
        ids = ", ".join(sorted({each.id for each in problems}))
        typer.echo(f"Wat betekent dit? Zie docs/meldingen.md: {ids}", err=True)


def _all_problems() -> list[Problem]:
    from service.flows.content_lint import replied_unread
    from service.flows.drafts import read_draft
    from service.mail.lint_words import sender_problems
    from service.mail.transport import check_mail_url
    from service.settings import check_settings, read_settings

    settings, problems = read_settings()
    problems += [each for each in check_settings(settings) if each.severity == "warning"]
    known = {each.id for each in problems}
    problems += [
        each for each in check_mail_url(settings.mail_url, production=settings.production) if each.id not in known
    ]
    problems += sender_problems(settings.mail_from, settings.base_url)
    try:
        draft = read_draft(settings.content_dir)
        return [*problems, *draft.problems, *replied_unread(draft.content, reply_mailbox=bool(settings.reply_mailbox))]
    except ProblemsError as error:
        return problems + list(error.problems)


def _write_whole(path: Path, text: str) -> None:
    """Whole or not at all: a half-written partial would be a half-written mail."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
