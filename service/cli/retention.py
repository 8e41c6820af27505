"""`nurture retention`: what is over its time, and removing it now. Lead ids and numbers, never addresses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.opening import open_services, staff_name
from service.cli.telling import Told, in_words, say, tell_in

if TYPE_CHECKING:
    from service.flows.retention import Report

_WHY = {
    "no_consent": ("no consent to the follow-ups", "geen toestemming voor de vervolgmails"),
    "last_mail": ("long after the last mail", "lang na de laatste mail"),
}
_EVENTS = {
    "timeline": ("entries of what happened to leads", "regels over wat er met leads gebeurde"),
    "answers_of_servers": ("answers of mail servers", "antwoorden van mailservers"),
    "alerts": ("alerts that are over", "meldingen die voorbij zijn"),
    "booking_events": ("events of booking systems", "berichten van afsprakensystemen"),
    "feedback": ("pieces of news about mails", "berichten over wat er van mails werd"),
    "bookings_of_nobody": ("appointments of people who are no lead", "afspraken van mensen die geen lead zijn"),
    "staff_mails": ("mails to staff about nobody we know", "mails aan de praktijk over niemand die we nog kennen"),
}


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, on stdout.")] = False,
    told: Told = None,
) -> None:
    """Remove what is kept longer than the settings say. The running service does it once a day by itself."""
    tell_in(told)
    from service.flows import clock_check
    from service.flows import retention as keeping

    _, services = open_services()
    now = clock_check.right_now(services)
    if dry_run:
        with services.database.reading() as session:
            found = keeping.look(session, services, now)
    else:
        found = keeping.run(services, now, actor=staff_name())
    if as_json:
        typer.echo(json.dumps(found.as_json(), ensure_ascii=False))
    else:
        _tell(found)


def _tell(found: Report) -> None:
    if not any(found.counts().values()):
        say("Nothing is kept longer than the settings say.", "Er wordt niets langer bewaard dan is ingesteld.")
        return
    typer.echo(in_words("Would go:", "Zou weggaan:") if found.dry_run else in_words("Gone:", "Weg:"))
    for why, ids in found.leads.items():
        if ids:
            listed = ", ".join(map(str, ids))
            say(f"  {len(ids)} leads, {_WHY[why][0]}: {listed}", f"  {len(ids)} leads, {_WHY[why][1]}: {listed}")
    if found.requests:
        many = len(found.requests)
        say(
            f"  {many} requests for a pain check by people who were erased",
            f"  {many} aanvragen voor een pijncheck van mensen die gewist zijn",
        )
    for name, count in found.events.items():
        if count:
            say(f"  {count} {_EVENTS[name][0]}", f"  {count} {_EVENTS[name][1]}")
