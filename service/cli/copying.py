"""`nurture copy-database`."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.opening import open_services, opened, staff_name
from service.errors import RefusedError

if TYPE_CHECKING:
    from service.flows.copying import Copied
    from service.store.db import Database

_WORD = "take back"


def copy_database(
    to: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="URL", help="The empty database it goes to, on either engine. With --take-back: the copy."
        ),
    ] = None,
    take_back: Annotated[
        bool, typer.Option("--take-back", help="Go on with this database after all, all mail on hold.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --take-back: do not ask.")] = False,
) -> None:
    """Copy the whole database to another, with the service stopped, and close this one: mail goes on from the copy."""
    from service.bootstrap import check_keys
    from service.flows.copying import copy, named

    if take_back:
        _take_back(to, yes=yes)
        return
    if to is None:
        raise typer.BadParameter("name the other database with --to, or give --take-back")
    settings, services = open_services(ready=False)
    target = _open(to)
    check = partial(check_keys, settings=settings)
    _tell(copy(services, target, check_keys=check, actor=staff_name(), now=services.clock.now()))
    typer.echo(f"This database is closed now; the copy is {named(target.url)}.")
    typer.echo("Set NURTURE_DATABASE_URL to what you gave with --to, then start the service.")


def _take_back(copy: str | None, *, yes: bool) -> None:
    from service.bootstrap import check_keys, check_schema
    from service.flows.taking_back import take_back

    if not yes:
        lost = "but every no and every erasing" if copy else "also who said no to it: give --to THE COPY to keep that"
        typer.echo(f"Stop the copy for good first. What it took since is lost here, {lost}.", err=True)
        typed = typer.prompt(f"To keep all, copy it back instead. Type {_WORD} to go on", err=True)
        if typed.strip() != _WORD:
            raise RefusedError("nothing was changed")
    settings, services = open_services(ready=False)
    check_schema(services.database)
    other = _open(copy) if copy else None
    check = partial(check_keys, settings=settings)
    done = take_back(services, other, check_keys=check, actor=staff_name(), now=services.clock.now())
    typer.echo(
        f"This database is in use again, as it was at {done.held.since:%Y-%m-%d %H:%M} UTC. All mail is on hold: "
        f"{done.held.waiting} mails may have left from the copy, and of {done.held.leaving} it is unknown whether they "
        "arrived."
    )
    if copy:
        noes, erased = done.carried
        typer.echo(
            f"Carried over from the copy, which is closed now: {noes} addresses that get no mail, {erased} erased."
        )
    typer.echo("Look: nurture message list. Decide: nurture message resolve. Then let mail go: nurture resume")


def _open(url: str) -> Database:
    """The database that `--to` names as NURTURE_DATABASE_URL, which is to get the very same, would name it: a relative
    path counts from the service's folder, wherever the command is given."""
    from service.setting_values import database_url
    from service.store.db import open_database

    with contextlib.suppress(ValueError):  # what is none at all is told by who opens it
        url = database_url(url)
    found = open_database(url, given_by="--to")
    opened.callback(found.close)
    return found


def _tell(done: Copied) -> None:
    width = max(map(len, done.rows))
    for name, rows in done.rows.items():
        typer.echo(f"  {name:{width}}  {rows}")
    typer.echo(f"Copied: {sum(done.rows.values())} rows of {len(done.rows)} tables, each table equal on both sides.")
    found = done.receipts
    if found.broken:
        typer.echo(f"The chain of receipts is broken, as it was before: {found.broken.english}", err=True)
    else:
        typer.echo(f"Receipts: unbroken, {found.end.count} of them, ending in {found.end}")
