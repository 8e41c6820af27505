"""Commands that decide what counts and what leaves: publish, rollback, revisions, pause, resume."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from service.cli.opening import open_services, staff_name
from service.cli.telling import Told, complain, in_words, say, tell_in
from service.errors import InvalidInputError

Name = Annotated[str | None, typer.Argument(help="A sequence; without it, all.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
MoveLeads = Annotated[bool, typer.Option("--move-leads", help="Leads under way go on with the new revision.")]
ByLead = Annotated[bool, typer.Option("--list", help="Also each lead under way, by its number.")]


def publish(
    names: Annotated[list[str] | None, typer.Argument(help="What to publish; without it, all that changed.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and stop.")] = False,
    yes: Yes = False,
    move_leads: MoveLeads = False,
    override_by: Annotated[str | None, typer.Option(help="Publish over warnings, in this name.")] = None,
    by_lead: ByLead = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --dry-run: machine-readable, on stdout.")] = False,
    told: Told = None,
) -> None:
    """Show what changes for leads under way, then publish."""
    tell_in(told)
    from service.cli.checking import beside_content
    from service.cli.planned import ask_and_publish, show
    from service.flows import drafts, open_forms, publish_plan, publishing

    if as_json and not dry_run:
        raise InvalidInputError("--json goes with --dry-run", "--json hoort bij --dry-run")
    settings, services = open_services()
    draft = drafts.read_draft(services.content_dir)
    complain(
        [*draft.warnings, *beside_content(settings, draft.content)]
    )  # what is an error is told where it is refused, once
    with services.database.reading() as session:
        found = publishing.changes(session, draft, names or ())
        publishing.refuse_unsafe(draft, production=services.production, override_by=override_by)
        publishing.refuse_keys(session, draft, found)
        open_forms.refuse_closing(session, services, [change.part for change in found])
        plan = publish_plan.plan(session, services, draft, services.clock.now(), names or ())
    show(plan, by_lead=by_lead, as_json=as_json)
    if not dry_run and found:
        ask_and_publish(services, draft, plan, yes=yes, move_leads=move_leads, override_by=override_by)


def rollback(
    name: Annotated[str, typer.Argument(help="A sequence, or practice, forms or service.")],
    to: Annotated[int | None, typer.Option(help="A revision, by its number; without it, the one before.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and stop.")] = False,
    yes: Yes = False,
    move_leads: MoveLeads = False,
    by_lead: ByLead = False,
    told: Told = None,
) -> None:
    """Publish an older revision again, byte for byte. The files stay as they are."""
    tell_in(told)
    from service.cli.planned import ask_and_publish, show
    from service.flows import publish_plan, revisions

    _, services = open_services()
    with services.database.reading() as session:
        older = revisions.to_roll_back_to(session, name, to)
        draft = revisions.as_draft(older)
        plan = publish_plan.plan(session, services, draft, services.clock.now())
    show(plan, by_lead=by_lead)
    if dry_run or not plan.found:
        return
    if not ask_and_publish(services, draft, plan, yes=yes, move_leads=move_leads, back_to=older.id):
        return
    say(
        "Your files still hold what was published before: nurture publish would bring it back. "
        f"The files of this revision: nurture revisions {name} --write-files DIR",
        "Je bestanden zijn nog die van daarvoor: nurture publish zet die weer live. "
        f"De bestanden van deze versie: nurture revisions {name} --write-files MAP",
    )


def revisions(
    name: Annotated[str, typer.Argument(help="A sequence, or practice, forms or service.")],
    write_files: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the files of a revision into a new or empty folder.")
    ] = None,
    revision: Annotated[int | None, typer.Option(help="Which one to write; without it, the live one.")] = None,
    told: Told = None,
) -> None:
    """Every revision, newest first: when, by whom, and how many leads are on it."""
    tell_in(told)
    from service.flows import revisions as flow

    _, services = open_services()
    with services.database.reading() as session:
        found = flow.listed(session, name)
        if write_files is not None:
            count = flow.write_files(flow.find(session, name, revision or found[0].id), write_files)
            say(f"{count} files written to {write_files}", f"{count} bestanden geschreven in {write_files}")
            return
        zone = services.published.calendar(session).zone
    for each in found:
        at = each.published_at.astimezone(zone)
        notes = [
            in_words("live", "live") if each.live else "",
            in_words(f"{each.under_way} under way", f"{each.under_way} onderweg") if each.under_way else "",
            in_words(f"the same as {each.same_as}", f"gelijk aan {each.same_as}") if each.same_as else "",
        ]
        typer.echo(
            f"{each.id:>5}  {at:%Y-%m-%d %H:%M}  {each.published_by:<20}  {', '.join(filter(None, notes))}".rstrip()
        )


def pause(
    name: Name = None,
    all_mail: Annotated[bool, typer.Option("--all-mail", help="Hold the advice back too.")] = False,
    told: Told = None,
) -> None:
    """The emergency brake: no follow-ups leave until `resume`."""
    tell_in(told)
    from service.flows import brake, clock_check

    _, services = open_services()
    with services.database.transaction() as session:
        now = clock_check.now(session, services)
        held = brake.pull(session, services, name=name, all_mail=all_mail, actor=staff_name(), now=now)
    named = ", ".join(sorted(held.sequences))
    what = "all mail" if held.all_mail else "all follow-ups" if held.follow_ups else named
    dutch = "alle mail" if held.all_mail else "alle vervolgmails" if held.follow_ups else named
    say(
        f"Held back: {what}. Let go with: nurture resume",
        f"Dit staat nu stil: {dutch}. Weer laten gaan: nurture resume",
    )


def resume(name: Name = None, told: Told = None) -> None:
    """Let go of what `nurture pause` or `nurture restore` holds back."""
    tell_in(told)
    from service.flows import brake, clock_check

    _, services = open_services()
    with services.database.transaction() as session:
        put_back = None if name else brake.put_back_since(session)
        now = clock_check.now(session, services)
        held = brake.release(session, services, name=name, actor=staff_name(), now=now)
    if held is None and name:
        say(f"{name} was not paused by itself.", f"{name} stond niet apart stil.")
        return
    if held is None:
        say("Nothing was paused.", "Er stond niets stil.")
        return
    say("Mail goes out again.", "De mail gaat weer.")
    if put_back is not None:
        say(
            f"What may have left after {put_back:%Y-%m-%d %H:%M} UTC, before this database was put back, stays held "
            "until you decide: nurture message list",
            f"Wat na {put_back:%Y-%m-%d %H:%M} UTC misschien al weg was, voor deze database werd teruggezet, wacht "
            "tot je kiest: nurture message list",
        )
    if held:
        say(
            f"Piled up meanwhile, and waiting for your approval: {held}. See: nurture message list --state held\n"
            "Send them, at most one a lead a day: nurture message resolve --backlog --as resend\n"
            "Let them go: nurture message resolve --backlog --as drop",
            f"Intussen bleven er {held} liggen. Ze wachten op jou. Bekijk ze: nurture message list --state held\n"
            "Toch versturen, hooguit één per lead per dag: nurture message resolve --backlog --as resend\n"
            "Laten vallen: nurture message resolve --backlog --as drop",
        )
