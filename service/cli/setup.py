"""`nurture setup`: asks what an installation needs, and tries it out. Nothing is written before the last question."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli import doctor, publishing
from service.cli.doctor import NameServer, Selectors
from service.cli.opening import open_services
from service.cli.telling import complain, refusal
from service.errors import NurtureError, ProblemsError

if TYPE_CHECKING:
    from service.environment import Surroundings
    from service.mail.name_service import Resolver


def setup(
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: keep what is set, publish what changed.")] = False,
    test_to: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Send a test opt-in to this staff address.")
    ] = None,
    override_by: Annotated[str | None, typer.Option(help="Publish over warnings, in this name.")] = None,
    dns: NameServer = None,
    dkim_selector: Selectors = None,
) -> None:
    """Ask for facts and settings, test DNS and mail, and publish. Ends with a test opt-in."""
    resolver = _resolver(dns)
    if test_to:
        _check_address(test_to)
    if not yes:
        typer.echo(
            "Enter keeps what stands in [brackets]. Stop any time with Ctrl-C: nothing is written before the end."
        )
    folder = _write(_surroundings(), yes=yes)
    well = _try_out(resolver, dkim_selector or [])
    well &= _attempt(lambda: publishing.publish(yes=yes, override_by=override_by))
    if well and not yes and test_to is None:
        asked: str = typer.prompt("Staff address for a test opt-in (Enter for none)", default="", show_default=False)
        test_to = asked.strip()
    if test_to:
        well &= _attempt(lambda: _test_opt_in(test_to))
    _tell_of_wording(folder)
    if not well:
        typer.echo("Not finished: mend what is told above, then run nurture setup again.")
        raise typer.Exit(1)
    typer.echo("Set up. Start the service with: nurture serve")


def _surroundings() -> Surroundings:
    from service.environment import DOTENV, read_surroundings
    from service.settings import is_setting

    found = read_surroundings(os.environ, Path(DOTENV), is_setting=is_setting)
    if found.problems:
        raise ProblemsError(found.problems)
    return found


def _write(present: Surroundings, *, yes: bool) -> Path:
    """Ask everything, then write `practice.yaml` and `.env`, each whole or not at all, where they change.

    Returns the folder with the content.
    """
    from service.cli.dotenv_text import with_settings
    from service.cli.setup_questions import ask_facts, ask_settings, missing_keys
    from service.environment import DOTENV
    from service.flows.whole_files import as_before, replace_file
    from service.setting_values import ROOT, folder

    content_dir = present.values.get("NURTURE_CONTENT_DIR")
    file = (folder(content_dir.text) if content_dir else ROOT) / "practice.yaml"
    text, new_text = ask_facts(file, yes=yes)
    changed = ask_settings(present, yes=yes)
    dotenv = Path(DOTENV)
    if new_text != text:
        typer.echo(f"To be written: {file}")
    if changed:
        typer.echo(f"To be written: {dotenv.resolve()} ({', '.join(changed)})")
    if not yes and (changed or new_text != text):
        typer.confirm("Write this?", default=True, abort=True)
    if new_text != text:
        replace_file(file, as_before(file.read_bytes(), new_text))
    keys = missing_keys(present, changed)
    if changed or keys:
        before = dotenv.read_text(encoding="utf-8-sig") if dotenv.exists() else ""
        replace_file(dotenv, with_settings(before, changed | keys), mode=0o600)
    if keys:
        typer.echo(f"Written to {dotenv.resolve()}: {', '.join(keys)}. Keep a copy of them apart from the backups.")
    return file.parent


def _tell_of_wording(folder: Path) -> None:
    """What no question of ours can mend: consents are legal texts, which people write."""
    from service.flows.content import read_content

    found = [each for each in read_content(folder).problems if each.id == "form-practice-unnamed"]
    if found:
        lines = ", ".join(str(each.line) for each in found)
        where = "lines" if len(found) > 1 else "line"
        typer.echo(f"Still to be done in {folder / 'forms.yaml'}, {where} {lines}: {found[0].message}.")


def _resolver(dns: str | None) -> Resolver:
    from service.mail.name_service import DnsResolver

    return DnsResolver(dns)


def _check_address(to: str) -> None:
    from service.domain.lead import normalise_address

    try:
        normalise_address(to)
    except NurtureError as error:
        raise typer.BadParameter(error.english, param_hint="--test-to") from error


def _try_out(resolver: Resolver, selectors: list[str]) -> bool:
    """Mail hand-over and the sender's DNS records. False when mail cannot leave."""
    from service.flows import doctor as looks
    from service.flows import doctor_mail, sender_records

    patient = doctor.patient(*open_services(ready=False), selectors)
    found = [
        *map(doctor_mail.hand_over, patient.ways),
        *looks.alerts_heard(patient.services),
        *sender_records.examine(resolver, patient.sending),
    ]
    doctor.show(found)
    return not any(finding.level == "error" for finding in found)


def _attempt(step: Callable[[], None]) -> bool:
    """Do a step; a refusal is told, and the next step still gets its turn."""
    try:
        step()
    except ProblemsError as error:
        complain(error.problems)
    except NurtureError as error:
        typer.echo(refusal(error), err=True)
    else:
        return True
    return False


def _test_opt_in(to: str) -> None:
    from service.flows import trial

    _, services = open_services()
    state = trial.opt_in(services, to)
    if state == "accepted":
        typer.echo(f"The advice has left for {to}.")
    else:
        typer.echo(f"The advice for {to} is {state}; a running service goes on with it.")
