"""Commands for those who write the mails: check, publish, approve, simulate, preview, send-test, pause, resume."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.opening import open_services, staff_name
from service.errors import InvalidInputError, NotFoundError, Problem, ProblemsError

if TYPE_CHECKING:
    from service.flows.publishing import Change
    from service.flows.simulation import Simulated

Name = Annotated[str | None, typer.Argument(help="A sequence; without it, all.")]
Answers = Annotated[list[str] | None, typer.Option("--answer", help="NAME=VALUE, such as posture=hollow; repeatable.")]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable, on stdout.")]


def check(
    strict: Annotated[bool, typer.Option("--strict", help="Warnings are errors.")] = False, as_json: AsJson = False
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
    if errors:
        raise typer.Exit(1)


def publish(
    names: Annotated[list[str] | None, typer.Argument(help="What to publish; without it, all that changed.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and stop.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    move_leads: Annotated[
        bool, typer.Option("--move-leads", help="Leads under way go on with the new revision.")
    ] = False,
    override_by: Annotated[str | None, typer.Option(help="Publish over warnings, in this name.")] = None,
) -> None:
    """Show what changes for leads under way, then publish."""
    from service.flows import drafts, publishing

    _, services = open_services()
    draft = drafts.read_draft(services.content_dir)
    with services.database.reading() as session:
        found = publishing.changes(session, draft, names or ())
    for problem in draft.problems:
        typer.echo(str(problem), err=True)
    publishing.refuse_unsafe(draft, production=services.production, override_by=override_by)
    for change in found:
        typer.echo(_told(change, move_leads=move_leads))
    if not found:
        typer.echo("Nothing has changed since it was published.")
    if dry_run or not found or not (yes or typer.confirm("Publish this?")):
        return
    with services.database.transaction() as session:
        publishing.publish(
            session,
            services,
            draft,
            publishing.changes(session, draft, names or ()),
            by=staff_name(),
            override_by=override_by,
            move_leads=move_leads,
            now=services.clock.now(),
        )
    typer.echo("Published.")


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


def simulate(
    name: Annotated[str, typer.Argument(help="A sequence.")],
    opt_in_at: Annotated[
        str | None, typer.Option(help="ISO 8601; without an offset it is the practice's time.")
    ] = None,
    confirm_after: Annotated[str, typer.Option(help="How long after the opt-in: 0d, 3h, 2d, or never.")] = "0d",
    answer: Answers = None,
    event: Annotated[list[str] | None, typer.Option(help="What happens, such as booked@+9d; repeatable.")] = None,
    live: Annotated[bool, typer.Option("--live", help="The published revision, not the files.")] = False,
    as_json: AsJson = False,
) -> None:
    """Each mail with its date, and why; moves no data."""
    from service.domain.calendar import Calendar
    from service.flows import drafts, simulation

    _, services = open_services(ready=live)
    if live:
        with services.database.reading() as session:
            calendar = services.published.calendar(session)
            sequences = {each.sequence.name: each.sequence for each in services.published.live_sequences(session)}
    else:
        content = drafts.read_draft(services.content_dir).content
        if content.practice is None:
            raise ProblemsError([each for each in content.problems if each.severity == "error"])
        calendar, sequences = Calendar.of(content.practice), dict(content.sequences)
    if name not in sequences:
        raise NotFoundError(f"there is no sequence {name}; there are: {', '.join(sorted(sequences)) or 'none'}")
    begins = _moment(opt_in_at, calendar) if opt_in_at else datetime.now(UTC)
    story = simulation.Story(
        opt_in_at=begins,
        confirmed_at=None if confirm_after == "never" else begins + _duration(confirm_after),
        answers=_pairs(answer),
        events=simulation.parse_events(event or (), begins),
    )
    told = simulation.simulate(sequences[name], calendar, story)
    if as_json:
        rows = [{**_row(each), "at": calendar.local(each.at).isoformat() if each.at else None} for each in told]
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for each in told:
        when = calendar.local(each.at).strftime("%a %d %b %Y %H:%M") if each.at else "not sent"
        typer.echo(f"{when:<22}  {each.step:<24} {each.reason.english}")


def preview(
    template: Annotated[str, typer.Argument(help="A mail, such as advies-lage-rug.")],
    answer: Answers = None,
    out: Annotated[Path | None, typer.Option(help="Write the HTML, the text and the whole mail here.")] = None,
) -> None:
    """One mail as a lead would get it."""
    from service.flows import samples

    _, services = open_services(ready=False)
    sample = samples.from_files(services, template, _pairs(answer), now=datetime.now(UTC))
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
    result = samples.send(services, template, _pairs(answer), to=to, now=datetime.now(UTC))
    typer.echo(f"{template} to {to}: {result.outcome}{f' ({result.text})' if result.text else ''}")
    if result.outcome != "accepted":
        raise typer.Exit(1)


def pause(
    name: Name = None, all_mail: Annotated[bool, typer.Option("--all-mail", help="Hold the advice back too.")] = False
) -> None:
    """The emergency brake: no follow-ups leave until `resume`."""
    from service.flows import brake

    _, services = open_services()
    with services.database.transaction() as session:
        now = services.clock.now()
        held = brake.pull(session, services, name=name, all_mail=all_mail, actor=staff_name(), now=now)
    what = "all mail" if held.all_mail else "all follow-ups" if held.follow_ups else ", ".join(sorted(held.sequences))
    typer.echo(f"Held back: {what}. Let go with: nurture resume")


def resume(name: Name = None) -> None:
    """Let go of what `nurture pause` or `nurture restore` holds back."""
    from service.flows import brake

    _, services = open_services()
    with services.database.transaction() as session:
        put_back = None if name else brake.put_back_since(session)
        held = brake.release(session, services, name=name, actor=staff_name(), now=services.clock.now())
    typer.echo("Mail goes out again.")
    if put_back is not None:
        typer.echo(
            f"What may have left after {put_back:%Y-%m-%d %H:%M} UTC, before this database was put back, stays held "
            "until you decide: nurture message list"
        )
    if held:
        typer.echo(
            f"Piled up meanwhile, and waiting for your approval: {held}. See: nurture message list --state held\n"
            "Send them, at most one a lead a day: nurture message resolve --backlog --as resend\n"
            "Let them go: nurture message resolve --backlog --as drop"
        )


def _all_problems() -> list[Problem]:
    from service.flows.drafts import read_draft
    from service.mail.transport import check_mail_url
    from service.settings import check_settings, read_settings

    settings, problems = read_settings()
    problems += [each for each in check_settings(settings) if each.severity == "warning"]
    known = {each.id for each in problems}
    problems += [
        each for each in check_mail_url(settings.mail_url, production=settings.production) if each.id not in known
    ]
    try:
        return problems + list(read_draft(settings.content_dir).problems)
    except ProblemsError as error:
        return problems + list(error.problems)


def _told(change: Change, *, move_leads: bool) -> str:
    if change.part.kind != "sequence" or not change.under_way:
        return str(change)
    what = "go on with the new revision" if move_leads else "stay on the revision they started with"
    return f"{change}; {change.under_way} leads under way {what}"


def _row(each: Simulated) -> dict[str, str]:
    return {"step": each.step, "template": each.template, "reason": each.reason.english}


def _pairs(texts: list[str] | None) -> dict[str, str]:
    pairs = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise InvalidInputError(f"{text!r} is no answer; write NAME=VALUE, such as posture=hollow")
        pairs[name] = value
    return pairs


def _moment(text: str, calendar: object) -> datetime:
    from service.domain.calendar import Calendar

    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInputError(f"{text!r} is no moment; write for example 2026-11-20T17:00") from error
    if moment.tzinfo is None and isinstance(calendar, Calendar):
        return calendar.instant(moment.date(), moment.time())
    return moment.astimezone(UTC)


def _duration(text: str) -> timedelta:
    units = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
    if not text[:-1].isdigit() or text[-1] not in units:
        raise InvalidInputError(f"{text!r} is no length of time; write a number and h, d or w, such as 2d")
    return int(text[:-1]) * units[text[-1]]


def _write_whole(path: Path, text: str) -> None:
    """Whole or not at all: a half-written partial would be a half-written mail."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
