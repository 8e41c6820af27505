"""`nurture message …`: mail that waits for a person. Ids and lead ids, never addresses."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from service.cli.opening import open_services, staff_name
from service.errors import InvalidInputError

app = typer.Typer(help="Mail that needs a person: list it, decide.", no_args_is_help=True, rich_markup_mode=None)


class Waiting(StrEnum):
    """Why a mail waits for a person."""

    UNKNOWN = "unknown"
    HELD = "held"


class As(StrEnum):
    """What a person may decide."""

    SENT = "sent"
    RESEND = "resend"
    DROP = "drop"


@app.command("list")
def list_(state: Annotated[Waiting | None, typer.Option(help="Only these; without it, both.")] = None) -> None:
    """Mail whose fate is unknown or that is held, oldest first."""
    from service.store import outbox

    _, services = open_services()
    with services.database.reading() as session:
        zone = services.published.calendar(session).zone
        found = outbox.in_states(session, [state] if state else list(Waiting))
    if not found:
        typer.echo("Nothing waits for a person.")
        return
    typer.echo(f"{'id':>8}  {'state':<8} {'kind':<10} {'lead':>8}  {'since':<16}  step: reason")
    for each in found:
        since = (each.first_handed_at or each.due_at).astimezone(zone)
        lead = each.lead_id if each.lead_id is not None else "-"
        told = f"{each.step or each.template}: {each.reason or 'no reason kept'}"
        typer.echo(f"{each.id:>8}  {each.state:<8} {each.kind:<10} {lead:>8}  {since:%Y-%m-%d %H:%M}  {told}")


@app.command()
def resolve(
    choice: Annotated[As, typer.Option("--as", help="It arrived, send it (again), or let it go.")],
    ids: Annotated[list[int] | None, typer.Argument(metavar="ID...", help="From `message list`.")] = None,
    backlog: Annotated[
        bool, typer.Option("--backlog", help="Everything that waits for approval after a stretch without mail.")
    ] = False,
) -> None:
    """Decide about mail that waits. All of these ids, or none where one cannot be resolved so; or the whole backlog."""
    from service.flows import resolving

    if backlog == bool(ids):
        raise InvalidInputError("name the ids of the messages, or write --backlog for all that wait for approval")
    _, services = open_services()
    if backlog:
        count = resolving.resolve_backlog(services, choice.value, actor=staff_name())
        typer.echo(f"{count} follow-up{'' if count == 1 else 's'} of the backlog: {choice.value}.")
        return
    ids = ids or []
    with services.database.transaction() as session:
        resolving.resolve(session, services, ids, choice.value, actor=staff_name(), now=services.clock.now())
    typer.echo(f"{'Message' if len(ids) == 1 else 'Messages'} {', '.join(map(str, ids))}: {choice.value}.")
