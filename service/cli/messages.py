"""`nurture message …`: mail that waits for a person. Ids and lead ids, never addresses."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from service.cli.opening import open_services, staff_name
from service.cli.reading import MOST
from service.cli.telling import Told, in_words, say, tell_in
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


_DUTCH = {As.SENT: "aangekomen", As.RESEND: "gaat opnieuw", As.DROP: "vervallen"}


@app.command("list")
def list_(
    state: Annotated[Waiting | None, typer.Option(help="Only these; without it, both.")] = None, told: Told = None
) -> None:
    """Mail whose fate is unknown or that is held, oldest first."""
    tell_in(told)
    from service.domain import mail_reasons
    from service.store import message_rows

    _, services = open_services()
    with services.database.reading() as session:
        zone = services.published.calendar(session).zone
        found = message_rows.in_states(session, [state] if state else list(Waiting))
    if not found:
        say("Nothing waits for a person.", "Er wacht niets op jou.")
        return
    heads = in_words("since            step: reason", "sinds            stap: reden")
    typer.echo(f"{'id':>8}  {in_words('state', 'stand'):<8} {in_words('kind', 'soort'):<10} {'lead':>8}  {heads}")
    for each in found:
        since = (each.first_handed_at or each.due_at).astimezone(zone)
        lead = each.lead_id if each.lead_id is not None else "-"
        dutch, english = mail_reasons.in_both(each.reason) if each.reason else ("geen reden bewaard", "no reason kept")
        why = f"{each.step or each.template}: {in_words(english, dutch)}"
        typer.echo(f"{each.id:>8}  {each.state:<8} {each.kind:<10} {lead:>8}  {since:%Y-%m-%d %H:%M}  {why}")


@app.command()
def resolve(
    choice: Annotated[As, typer.Option("--as", help="It arrived, send it (again), or let it go.")],
    ids: Annotated[list[int] | None, typer.Argument(metavar="ID...", max=MOST, help="From `message list`.")] = None,
    backlog: Annotated[
        bool, typer.Option("--backlog", help="Everything that waits for approval after a stretch without mail.")
    ] = False,
    told: Told = None,
) -> None:
    """Decide about mail that waits. All of these ids, or none where one cannot be resolved so; or the whole backlog."""
    tell_in(told)
    from service.flows import clock_check, resolving

    if backlog == bool(ids):
        raise InvalidInputError(
            "name the ids of the messages, or write --backlog for all that wait for approval",
            "noem de nummers van de mails, of schrijf --backlog voor alles wat op je wacht",
        )
    _, services = open_services()
    if backlog:
        count = resolving.resolve_backlog(services, choice.value, actor=staff_name())
        say(
            f"{count} follow-up{'' if count == 1 else 's'} of the backlog: {choice.value}.",
            f"{count} {'mail' if count == 1 else 'mails'} die bleven liggen: {_DUTCH[choice]}.",
        )
        return
    ids = ids or []
    with services.database.transaction() as session:
        now = clock_check.now(session, services)
        resolving.resolve(session, services, ids, choice.value, actor=staff_name(), now=now)
    named = ", ".join(map(str, ids))
    say(
        f"{'Message' if len(ids) == 1 else 'Messages'} {named}: {choice.value}.",
        f"{'Mail' if len(ids) == 1 else 'Mails'} {named}: {_DUTCH[choice]}.",
    )
