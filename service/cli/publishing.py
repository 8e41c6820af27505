"""Commands that decide what counts and what leaves: publish, pause, resume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.opening import open_services, staff_name
from service.cli.telling import Told, complain, tell_in

if TYPE_CHECKING:
    from service.flows.publishing import Change

Name = Annotated[str | None, typer.Argument(help="A sequence; without it, all.")]


def publish(
    names: Annotated[list[str] | None, typer.Argument(help="What to publish; without it, all that changed.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and stop.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    move_leads: Annotated[
        bool, typer.Option("--move-leads", help="Leads under way go on with the new revision.")
    ] = False,
    override_by: Annotated[str | None, typer.Option(help="Publish over warnings, in this name.")] = None,
    told: Told = None,
) -> None:
    """Show what changes for leads under way, then publish."""
    tell_in(told)
    from service.flows import drafts, publishing

    _, services = open_services()
    draft = drafts.read_draft(services.content_dir)
    with services.database.reading() as session:
        found = publishing.changes(session, draft, names or ())
    complain(draft.problems)
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


def _told(change: Change, *, move_leads: bool) -> str:
    if change.part.kind != "sequence" or not change.under_way:
        return str(change)
    what = "go on with the new revision" if move_leads else "stay on the revision they started with"
    return f"{change}; {change.under_way} leads under way {what}"
