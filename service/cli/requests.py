"""`nurture request …`: who asked for a pain check and waits for the practice. Shows names and numbers: for staff."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.opening import open_services, staff_name
from service.cli.reading import MOST
from service.cli.telling import Told, in_words, say, tell_in

if TYPE_CHECKING:
    from datetime import timedelta

app = typer.Typer(help="Requests for a pain check: list them, close one.", no_args_is_help=True, rich_markup_mode=None)


class As(StrEnum):
    """What may have become of a request."""

    BOOKED = "booked"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    HANDLED = "handled"


_DUTCH = {
    As.BOOKED: "afspraak gemaakt, de vervolgmails stoppen",
    As.DECLINED: "geen afspraak",
    As.CANCELLED: "ingetrokken",
    As.HANDLED: "afgehandeld",
}
_ENGLISH = {As.BOOKED: "booked, the follow-ups end"}


@app.command("list")
def list_(told: Told = None) -> None:
    """Requests that nobody answered yet, the longest waiting first."""
    tell_in(told)
    from service.flows import booking_requests

    _, services = open_services()
    now = services.clock.now()
    with services.database.reading() as session:
        found = booking_requests.waiting(session)
    if not found:
        say("Nobody waits for an answer.", "Er wacht niemand op antwoord.")
        return
    heads = in_words("waits   lead  name, phone, e-mail", "wacht   lead  naam, telefoon, e-mail")
    typer.echo(f"{'id':>8}  {heads}")
    for row, lead in found:
        name = row.name or (lead.first_name if lead else None)
        reached = [each for each in (name, row.phone, lead.address if lead else None) if each]
        who = ", ".join(reached) or in_words("nothing filled in", "niets ingevuld")
        wishes = f" ({', '.join(row.preferred)})" if row.preferred else ""
        typer.echo(f"{row.id:>8}  {_age(now - row.created_at):<6} {lead.id if lead else '-':>5}  {who}{wishes}")


@app.command()
def close(
    request_id: Annotated[int, typer.Argument(metavar="ID", max=MOST, help="From `request list`.")],
    choice: Annotated[As, typer.Option("--as", help="What it became. Booked ends the lead's follow-ups.")],
    told: Told = None,
) -> None:
    """Note what became of a request. It is open no longer, and nobody is reminded of it."""
    tell_in(told)
    from service.flows import booking_requests

    _, services = open_services()
    with services.database.transaction() as session:
        booking_requests.close(
            session, services, request_id, choice.value, actor=staff_name(), now=services.clock.now()
        )
    say(f"Request {request_id}: {_ENGLISH.get(choice, choice.value)}.", f"Aanvraag {request_id}: {_DUTCH[choice]}.")


def _age(waited: timedelta) -> str:
    hours = int(waited.total_seconds()) // 3600
    return f"{hours}{in_words('h', 'u')}" if hours < 48 else f"{hours // 24}d"
