"""`nurture lead …`: one lead by address. What is done is kept in the audit log; looking changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.opening import open_services, staff_name
from service.cli.telling import Told, in_words, tell_in

if TYPE_CHECKING:
    from datetime import datetime

    from sqlmodel import Session

    from service.flows.services import Services
    from service.store.tables import Lead

app = typer.Typer(
    help="One lead: what we hold and why, stop, pause, resume, booked, replied, the advice again, erase.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="The lead's e-mail address.")]


@app.command()
def show(
    address: Address,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, on stdout.")] = False,
    told: Told = None,
) -> None:
    """What was sent, what comes when, and why."""
    tell_in(told)
    from service.cli.lead_text import lines
    from service.flows import lead_report

    _, services = open_services()
    with services.database.reading() as session:
        lead = lead_report.find(session, address)
        found = lead_report.report(session, services, lead, services.clock.now())
    typer.echo(found.model_dump_json(indent=2) if as_json else "\n".join(lines(found)))


@app.command()
def stop(address: Address, told: Told = None) -> None:
    """No more follow-ups, as if the lead had unsubscribed."""
    tell_in(told)
    from service.flows import staff_acts

    def work(session: Session, services: Services, lead: Lead, now: datetime) -> str:
        stopped = staff_acts.stop(session, services, lead, now, actor=staff_name())
        return (
            in_words("Stopped: no follow-up leaves any more.", "Gestopt: er gaat geen vervolgmail meer weg.")
            if stopped
            else in_words("There was nothing left to stop.", "Er viel niets te stoppen.")
        )

    typer.echo(_with_lead(address, work))


@app.command()
def pause(
    address: Address,
    until: Annotated[
        str, typer.Option("--until", metavar="DAY", help="The day on which the mails go on, such as 2026-12-01.")
    ],
    told: Told = None,
) -> None:
    """No follow-ups until a day, at the lead's wish. Then they go on by themselves; nothing is skipped."""
    tell_in(told)
    from service.flows import staff_acts

    def work(session: Session, services: Services, lead: Lead, now: datetime) -> str:
        ends = staff_acts.pause_end(until, services.published.calendar(session), now)
        paused = staff_acts.pause(session, services, lead, ends, now, actor=staff_name())
        return (
            in_words(f"Paused: the mails go on on {until}.", f"Gepauzeerd: de mails gaan verder op {until}.")
            if paused
            else in_words("Nothing ran that could wait longer.", "Er liep niets dat langer kon wachten.")
        )

    typer.echo(_with_lead(address, work))


@app.command()
def resume(address: Address, told: Told = None) -> None:
    """End a pause now: the waits go on from where they stood. Does not undo a stop."""
    tell_in(told)
    from service.flows import staff_acts

    def work(session: Session, services: Services, lead: Lead, now: datetime) -> str:
        return _resumed(staff_acts.resume(session, services, lead, now, actor=staff_name()))

    typer.echo(_with_lead(address, work))


@app.command()
def booked(
    address: Address,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="ISO", help="When it is, such as 2026-11-20T14:30 (the practice's time)."),
    ] = None,
    told: Told = None,
) -> None:
    """There is an appointment: the sequences that lead to it end. Nothing queued goes out."""
    tell_in(told)
    from service.cli.reading import moment
    from service.flows import staff_acts

    def work(session: Session, services: Services, lead: Lead, now: datetime) -> str:
        starts_at = moment(at, services.published.calendar(session)) if at else None
        changed = staff_acts.booked(session, services, lead, starts_at, now, actor=staff_name())
        return (
            in_words("Booked: the follow-ups end.", "Afspraak genoteerd: de vervolgmails stoppen.")
            if changed
            else in_words("There was nothing left to end.", "Er liep al niets meer.")
        )

    typer.echo(_with_lead(address, work))


@app.command()
def replied(address: Address, told: Told = None) -> None:
    """The lead answered a mail in her own words: the follow-ups wait a week, unless you resume them."""
    tell_in(told)
    from service.flows import staff_acts

    def work(session: Session, services: Services, lead: Lead, now: datetime) -> str:
        paused = staff_acts.replied(session, services, lead, now, actor=staff_name())
        return (
            in_words("Paused for a week.", "De vervolgmails wachten een week.")
            if paused
            else in_words("Noted; no follow-ups were under way.", "Genoteerd. Er liepen geen vervolgmails.")
        )

    typer.echo(_with_lead(address, work))


@app.command()
def advice(address: Address, told: Told = None) -> None:
    """Send the advice again, the same mail, to somebody who cannot find it; at most once a day.

    An advice that waits for a person is let go instead.
    """
    tell_in(told)
    from service.flows import advice_again

    def work(session: Session, services: Services, lead: Lead, now: datetime) -> str:
        sent = advice_again.send(session, services, lead, now, actor=staff_name())
        return (
            in_words("The advice goes again.", "Het advies gaat nog een keer weg.")
            if sent == "again"
            else in_words("The advice that waited may go now.", "Het advies dat wachtte, mag nu weg.")
        )

    typer.echo(_with_lead(address, work))


def _resumed(sequences: list[str]) -> str:
    if not sequences:
        return in_words("Nothing was paused.", "Er stond niets stil.")
    return in_words(f"Resumed: {', '.join(sequences)}.", f"Loopt weer: {', '.join(sequences)}.")


def _with_lead(address: str, work: Callable[[Session, Services, Lead, datetime], str]) -> str:
    """Do it to the lead of an address, in one transaction. Returns what to tell."""
    from service.flows import clock_check, lead_report

    _, services = open_services()
    with services.database.transaction() as session:
        return work(session, services, lead_report.find(session, address), clock_check.now(session, services))
