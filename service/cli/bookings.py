"""`nurture bookings import`: appointments from another system's CSV file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.opening import open_services, staff_name
from service.cli.telling import Told, in_words, tell_in
from service.errors import ProblemsError, RefusedError

if TYPE_CHECKING:
    from service.flows.booking_import import Imported

app = typer.Typer(help="Appointments from another system.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _several() -> None:
    """Appointments from another system."""


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV: a column email; date, id and status as you like.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")] = False,
    told: Told = None,
) -> None:
    """End the follow-ups of who has an appointment by now. All lines or none; the same file again changes nothing."""
    tell_in(told)
    from service.domain import booking_table
    from service.flows import booking_import

    try:
        data = file.read_bytes()
    except OSError as error:
        raise RefusedError(
            f"{file}: {error.strerror}", f"{file}: kan niet gelezen worden ({error.strerror})"
        ) from error
    _, services = open_services()
    with services.database.reading() as session:
        rows, problems = booking_table.read(data, str(file), services.published.calendar(session))
    if problems:
        raise ProblemsError(problems)
    if dry_run:
        with services.database.reading() as session:
            done, _ = booking_import.plan(session, services, rows)
    else:
        with services.database.transaction() as session:
            done = booking_import.take(session, services, rows, actor=staff_name(), now=services.clock.now())
    typer.echo("\n".join(_lines(done, dry_run=dry_run)))


def _lines(done: Imported, *, dry_run: bool) -> list[str]:
    if dry_run:
        lines = [
            in_words("Nothing was changed. This is what would happen:", "Er is niets veranderd. Dit zou er gebeuren:")
        ]
    else:
        lines = []
    counted = {
        in_words("booked", "afspraak gemaakt"): done.booked,
        in_words("cancelled", "afgezegd"): done.cancelled,
        in_words("known already", "al bekend"): done.known,
        in_words("no lead of ours", "geen lead van ons"): done.unmatched,
    }
    return lines + [f"{label}: {len(each)}{_where(each)}" for label, each in counted.items()]


def _where(lines: tuple[int, ...]) -> str:
    if not lines:
        return ""
    shown = ", ".join(map(str, lines[:20])) + (", …" if len(lines) > 20 else "")
    return f" ({in_words('lines', 'regels')} {shown})"
