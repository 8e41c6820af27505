"""`nurture lead export`, `erase` and `traces`: what we hold of somebody, out of our hands, and out of the world."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.leads import Address
from service.cli.opening import open_services, staff_name
from service.cli.telling import Told, in_words, say, tell_in
from service.errors import InvalidInputError, NotFoundError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.flows.erase_proof import Proof
    from service.flows.services import Services

_MINUTE = 60.0  # seconds in which every trace is to be gone
Also = Annotated[
    list[Path] | None,
    typer.Option("--also", metavar="PATH", help="Search this file or folder too, such as old logs; repeatable."),
]


def export(
    address: Address,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write a folder: JSON, a page to read, every mail.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, on stdout, as without --out.")] = False,
    told: Told = None,
) -> None:
    """All that is held about a lead, as one JSON object on stdout."""
    tell_in(told)
    if as_json and out is not None:
        raise InvalidInputError("--json goes to stdout; leave --out out", "--json gaat naar stdout; laat --out weg")
    from service.flows import export as exporting
    from service.flows import export_files, lead_report
    from service.store import events

    _, services = open_services()
    with services.database.transaction() as session:
        lead = lead_report.find(session, address)
        now = services.clock.now()
        events.audit(session, staff_name(), "lead exported", now, lead=lead.id)
        found = exporting.export(session, services, lead, now)
    if out is None:
        typer.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=2))
        return
    mails = export_files.write(found, out)
    say(
        f"Written to {out}: export.json, export.html and {mails} mails. The links in them still work, and are the "
        "lead's own: give the folder to nobody else, and delete it when it was handed over.",
        f"In {out} staan export.json, export.html en {mails} mails. De links erin werken nog, en zijn van de lead: "
        "geef de map aan niemand anders, en gooi hem weg zodra hij overhandigd is.",
    )


def erase(
    address: Address,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    also: Also = None,
    told: Told = None,
) -> None:
    """Remove every trace of a lead for good, and search for any that is left: exit 1 where one is.

    A keyed hash stays, so that a "no" is still known.
    """
    tell_in(told)
    from service.flows import erase_proof, lead_report, privacy
    from service.store.leads import by_address

    _, services = open_services()
    _must_exist(also)
    with services.database.reading() as session:
        try:
            lead = lead_report.find(session, address)
            sought = erase_proof.sought_of(session, lead)
        except NotFoundError:
            lead = None
    if lead is None:
        _erase_requests(services, address)
        return
    if not yes:
        question = in_words(
            "Erase all that is held about this lead? It cannot be undone.",
            "Alles over deze lead wissen? Dit kun je niet terugdraaien.",
        )
        typer.confirm(question, abort=True)
    with services.database.transaction() as session:
        found = by_address(session, lead.address)  # again: it may have come anew while the question stood
        if found is not None:
            sought += erase_proof.sought_of(session, found)
            privacy.erase(session, services, found.id, "staff", services.clock.now(), actor=staff_name())
    forgotten = _forget_for_good(services)
    say("Erased.", "Gewist.")
    if not forgotten:
        say(
            "The database was busy all the while: the running service cuts its log off within a minute or two.",
            "De database was steeds bezig: de dienst ruimt de laatste sporen binnen een paar minuten op.",
        )
    _tell(erase_proof.search(services, sought, lead_id=lead.id, also=also or ()), services)


def traces(address: Address, also: Also = None, told: Told = None) -> None:
    """Search for an address everywhere, also long after it was erased: exit 1 where it is found."""
    tell_in(told)
    from service.domain.lead import normalise_address
    from service.flows import erase_proof

    _, services = open_services()
    _tell(erase_proof.search(services, erase_proof.sought_for(normalise_address(address)), also=also or ()), services)


def _erase_requests(services: Services, address: str) -> None:
    """No lead: but who was erased may have asked for a pain check since, by an old link."""
    from service.domain.lead import normalise_address
    from service.flows import lead_report, privacy
    from service.store import events

    with services.database.transaction() as session:
        hmac = services.hmac(normalise_address(address))
        gone = privacy.forget_requests(session, hmac)
        if not gone:
            lead_report.find(session, address)  # says that there is none
        events.audit(session, staff_name(), "requests erased", services.clock.now(), requests=gone)
    _forget_for_good(services)
    say(
        f"There is no lead any more; {gone} requests made after the erasing are erased.",
        f"Er is geen lead meer; {gone} aanvragen van na het wissen zijn gewist.",
    )


def _must_exist(paths: Sequence[Path] | None) -> None:
    """Before anything is erased: it would be too late to name another."""
    for path in paths or ():
        if not path.exists():
            raise RefusedError(f"there is no {path}; nothing was erased", f"{path} is er niet; er is niets gewist")


def _forget_for_good(services: Services) -> bool:
    """Cut off SQLite's log, however long somebody reads in it, up to a minute."""
    ends = time.monotonic() + _MINUTE
    while not services.database.forget_for_good():
        if time.monotonic() > ends:
            return False
    return True


def _tell(proof: Proof, services: Services) -> None:
    """What was searched and found; exit 1 where something was."""
    files = "".join(f", {Path(each).name}" for each in proof.files)
    found = len(proof.traces)
    say(
        f"Searched {proof.rows} rows of {proof.tables} tables{files}: {found} traces.",
        f"Doorzocht: {proof.rows} rijen in {proof.tables} tabellen{files}. Sporen: {found}.",
    )
    for each in proof.traces:
        typer.echo(f"  {each.where}: {each.what}")
    for backup in proof.backups:
        say(f"  {backup}: a backup, until it expires", f"  {backup}: een back-up, tot die verloopt")
    days = services.retention.backups.days
    say(
        f"Backups made before this hold the lead until they expire, at the latest in {days} days.",
        f"Back-ups van hiervoor bevatten de lead nog tot ze verlopen, uiterlijk over {days} dagen.",
    )
    if proof.traces:
        raise typer.Exit(1)
