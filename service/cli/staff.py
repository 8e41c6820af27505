"""`nurture staff …`: who may log in to the studio. Also the way back in when nobody can."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.opening import open_services, staff_name
from service.cli.telling import Told, in_words, say, tell_in
from service.domain.staff import Role

if TYPE_CHECKING:
    from service.flows.staff import Invited, Shown

app = typer.Typer(help="Staff: invite, list, reset, remove.", no_args_is_help=True, rich_markup_mode=None)
Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="Their e-mail address.")]
_DUTCH = {Role.EDITOR: "redacteur", Role.MANAGER: "manager", Role.ADMIN: "beheerder"}


class Speaks(StrEnum):
    """The languages of the studio."""

    NL = "nl"
    EN = "en"


@app.command()
def add(
    address: Address,
    name: Annotated[str, typer.Option(help="As colleagues read it.")],
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.EDITOR,
    language: Annotated[Speaks, typer.Option(help="Of their pages in the studio.")] = Speaks.NL,
) -> None:
    """Invite somebody: a link by which they set a password, good for three days. It is mailed too, where set up."""
    from service.flows import staff
    from service.store.db import real_now

    _, services = open_services()
    with services.database.transaction() as session:
        invited = staff.add(
            session,
            services,
            address=address,
            name=name,
            role=role,
            language="en" if language is Speaks.EN else "nl",
            actor=staff_name(),
            now=real_now(session),
        )
    _tell(invited)


@app.command("list")
def list_(told: Told = None) -> None:
    """Who there is, in which role, and whether they can log in."""
    tell_in(told)
    from service.flows import staff
    from service.store.db import real_now

    _, services = open_services()
    with services.database.reading() as session:
        found = staff.everybody(session, real_now(session))
    if not found:
        say("There is no staff yet: nurture staff add", "Er zijn nog geen medewerkers: nurture staff add")
    for each in found:
        role = in_words(each.role.value, _DUTCH[each.role])
        typer.echo(f"{each.address:<32}  {role:<10}  {each.name:<24}  {_state(each)}".rstrip())


@app.command()
def reset(address: Address, told: Told = None) -> None:
    """A new invitation: password and second step are gone, and every session ends."""
    tell_in(told)
    from service.flows import staff
    from service.store.db import real_now

    _, services = open_services()
    with services.database.transaction() as session:
        found = staff.find(session, address)
        invited = staff.reset(session, services, found, actor=staff_name(), now=real_now(session))
    _tell(invited)


@app.command()
def remove(address: Address, told: Told = None) -> None:
    """They are logged out at once, and cannot log in any more. Their name stays in the audit log."""
    tell_in(told)
    from service.flows import staff
    from service.store.db import real_now

    _, services = open_services()
    with services.database.transaction() as session:
        found = staff.find(session, address)
        # Also the last admin: whoever sits at this keyboard can invite another.
        staff.remove(session, services, found, actor=staff_name(), now=real_now(session), last_too=True)
    say("Removed, and logged out everywhere.", "Verwijderd, en overal uitgelogd.")


def _tell(invited: Invited) -> None:
    """The link alone on a line of its own, to be copied."""
    say(
        f"Works once, until {invited.until:%Y-%m-%d %H:%M} UTC:",
        f"Werkt één keer, tot {invited.until:%Y-%m-%d %H:%M} UTC:",
    )
    typer.echo(invited.url)
    if invited.mailed:
        say("It is mailed to them too.", "De link is ook gemaild.")
    else:
        say("Pass it on yourself: no mail was made.", "Geef hem zelf door: er is geen mail gemaakt.")


def _state(each: Shown) -> str:
    if each.disabled:
        return in_words("locked out", "geblokkeerd")
    if each.has_password:
        return in_words("second step on", "met tweede stap") if each.second_step else ""
    if each.invited_until:
        until = f"{each.invited_until:%Y-%m-%d %H:%M} UTC"
        return in_words(f"invited until {until}", f"uitgenodigd tot {until}")
    return in_words("the invitation ran out", "de uitnodiging is verlopen")
