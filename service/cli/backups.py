"""`nurture backup` and `nurture restore`."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.opening import open_services, staff_name
from service.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.flows.archive import Archive, Manifest
    from service.settings import Settings

_WORD = "replace"


def backup(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A file that is not there yet, such as backup.zip.")
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option("--into", metavar="DIR", help="A folder instead: a dated file in it, and old ones expire."),
    ] = None,
    with_keys: Annotated[
        bool, typer.Option("--with-keys", help="Put the keys kept in the data folder in it: it then opens everything.")
    ] = False,
) -> None:
    """Write the whole database to one file, while the service runs. It goes back with `nurture restore`."""
    from service.bootstrap import check_keys
    from service.flows import backup_folder
    from service.flows.backup import make

    if (file is None) == (into is None):
        raise typer.BadParameter("name a FILE, or a folder with --into")
    now = datetime.now(UTC)
    if file is None:
        file = backup_folder.new_file(into or Path(), now)
    settings, services = open_services(ready=False)
    kept = _keys_in_use(settings) if with_keys else {}
    if with_keys:
        if not kept:
            raise RefusedError("no key is kept in the data folder: the settings hold them; leave --with-keys out")
        with services.database.reading() as session:
            check_keys(session, settings)
    made = make(services, file, keys=kept, actor=staff_name())
    _tell(made, file, kept)
    if into is not None:
        expired = backup_folder.expire(services, into, keep=file, now=now, actor=staff_name())
        for path in expired.removed:
            typer.echo(f"Expired and removed: {path}")
        for path in expired.unreadable:
            typer.echo(f"{path} has the name of a backup of ours and is none: look at it, and remove it", err=True)
        for path in expired.foreign:
            typer.echo(f"{path} is old, but of another installation: give each a folder of its own", err=True)


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `nurture backup` wrote.")],
    replace: Annotated[bool, typer.Option("--replace", help="Throw away what the database holds now.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --replace: do not ask.")] = False,
) -> None:
    """Put a backup back, prove that its keys fit, and hold all mail until `nurture resume`."""
    from service.bootstrap import check_keys
    from service.flows import archive, restoring

    with archive.reading(file) as opened:
        _bring_keys(opened)
        settings, services = open_services(ready=False)
        if replace and not yes:
            typed = typer.prompt(f"Everything in the database now will be gone. Type {_WORD} to go on", err=True)
            if typed.strip() != _WORD:
                raise RefusedError("nothing was changed")
        check = partial(check_keys, settings=settings)
        done = restoring.restore(services, opened, check_keys=check, replace=replace, actor=staff_name())
    typer.echo(f"Restored {done.rows} rows as they were at {opened.manifest.made_at:%Y-%m-%d %H:%M} UTC.")
    for proof in done.proofs:
        typer.echo(proof)
    if any(done.carried):
        noes, erased = done.carried
        typer.echo(f"Kept from the database that was replaced: {noes} who said no or bounced since, {erased} erased.")
    typer.echo(
        f"All mail is on hold. {done.held.waiting} mails that were about to leave then may have left since, and are "
        f"held; of {done.held.leaving} it is unknown whether they arrived."
    )
    typer.echo("Look: nurture message list. Decide: nurture message resolve. Then let mail go: nurture resume")


def _tell(made: Manifest, file: Path, kept: Mapping[str, str]) -> None:
    """What was written, and what it needs to go back."""
    from service.kept_secrets import FILES

    rows = sum(part.rows for part in made.parts)
    typer.echo(f"Backed up: {rows} rows of {len(made.parts)} tables, {file.stat().st_size} bytes, in {file}")
    if kept:
        typer.echo("Its keys are in it: whoever has the file can read everything and sign any link. Lock it away.")
    left_out = [f"NURTURE_{name.upper()}" for name, file_name in FILES.items() if file_name not in kept]
    if left_out:
        typer.echo(f"It needs {' and '.join(left_out)} to go back; keep them safe, apart from it.")
    if made.keys:
        for each in made.keys.signing:
            typer.echo(f"  signing key      {each}")
        typer.echo(f"  suppression key  {made.keys.suppression}")


def _keys_in_use(settings: Settings) -> dict[str, str]:
    """Those of the keys in use that are kept in the data folder: file name -> keys, one a line."""
    from service.kept_secrets import read_kept

    in_use = {*settings.secret_keys, settings.suppression_key}
    return {name: key for name, key in read_kept(settings.data_dir).items() if in_use.issuperset(key.split())}


def _bring_keys(opened: Archive) -> None:
    """Before anything makes new keys: those of the backup go where they are kept, where they are neither set nor there.

    Raises RefusedError where a key is missing everywhere.
    """
    from service.bootstrap import unbuildable
    from service.errors import ProblemsError
    from service.kept_secrets import FILES, put_kept, read_kept
    from service.settings import read_settings

    settings, problems = read_settings(also=unbuildable)
    if problems:
        raise ProblemsError(problems)
    there = read_kept(settings.data_dir)
    missing = {file: f"NURTURE_{name.upper()}" for name, file in FILES.items() if not getattr(settings, name)}
    missing = {file: name for file, name in missing.items() if file not in there}
    brought = {name: key for name, key in opened.keys().items() if name in missing}
    if opened.manifest.keys and (lost := missing.keys() - brought.keys()):
        named = " and ".join(f"{missing[file]} (or the file {file})" for file in sorted(lost))
        raise RefusedError(f"the backup does not hold its keys; set {named}, and try again")
    put_kept(settings.data_dir, brought)
