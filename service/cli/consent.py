"""`nurture consent …`: the proof of who agreed to what, and whether its chain is unbroken."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.opening import open_services, staff_name
from service.cli.telling import Told, in_words, say, tell_in
from service.errors import RefusedError

if TYPE_CHECKING:
    from service.flows.receipts import Anchor, Verified

app = typer.Typer(
    help="Consent receipts: proof of one lead's consents, and of the whole chain.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_ONLY_THE_OWNER = 0o600


@app.command()
def receipt(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="The lead's e-mail address.")],
    out: Annotated[
        Path | None, typer.Option(help="The folder for the page and the JSON; the working directory unless given.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="The JSON on stdout; files are then written with --out alone.")
    ] = False,
    told: Told = None,
) -> None:
    """What a lead agreed to, in the very words, and what was taken back: a page to print, and JSON."""
    tell_in(told)
    from service.flows import lead_report, receipts
    from service.store import events
    from service.web.receipt_page import ReceiptPage, agreed

    _, services = open_services()
    with services.database.transaction() as session:
        lead = lead_report.find(session, address)
        found = receipts.of_lead(session, lead.id)
        now = services.clock.now()
        _, practice = services.published.live_practice(session)
        zone = services.published.calendar(session).zone
        events.audit(session, staff_name(), "consent receipt made", now, lead=lead.id)
    page = ReceiptPage(
        practice=practice, lead=lead.id, address=lead.address, agreed=agreed(found), made_at=now, zone=zone
    )
    text = page.json(found)
    if as_json:
        typer.echo(text)
    if out is not None or not as_json:
        name = f"toestemming-lead-{lead.id}"
        paths = _write(out or Path(), {f"{name}.html": page.html(), f"{name}.json": f"{text}\n"})
        if not as_json:
            for path in paths:
                typer.echo(path)


@app.command()
def verify(
    expect: Annotated[
        str | None,
        typer.Option(metavar="COUNT:HASH", help="The end of the chain as this command told it earlier."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, on stdout.")] = False,
    told: Told = None,
) -> None:
    """Look at every receipt in the chain: none changed, none missing, none moved."""
    tell_in(told)
    from service.flows import receipts

    anchor = _anchor(expect) if expect is not None else None
    _, services = open_services()
    with services.database.reading() as session:
        found = receipts.verify(session, anchor)
    if as_json:
        typer.echo(json.dumps(_as_json(found)))
    elif found.broken:
        typer.echo(in_words(found.broken.english, found.broken.dutch), err=True)
    else:
        say(
            f"Unbroken: {found.end.count} receipts, {found.blanked} of them blanked because their lead was erased.\n"
            "Keep this line outside this machine; with it you see later that none was cut off:\n"
            f"nurture consent verify --expect {found.end}",
            f"Heel: {found.end.count} bewijzen, waarvan {found.blanked} leeggemaakt omdat de lead is gewist.\n"
            "Bewaar deze regel buiten deze computer; daarmee zie je later dat er geen is afgeknipt:\n"
            f"nurture consent verify --expect {found.end}",
        )
    if found.broken:
        raise typer.Exit(1)


def _anchor(text: str) -> Anchor:
    from service.flows.receipts import Anchor

    found = re.fullmatch(r"(\d{1,12}):([0-9a-f]{64})", text)
    if found is None:
        raise typer.BadParameter(
            in_words(
                "write COUNT:HASH, as `nurture consent verify` tells it",
                "schrijf AANTAL:HASH, zoals `nurture consent verify` het noemt",
            ),
            param_hint="--expect",
        )
    return Anchor(count=int(found[1]), chain=found[2])


def _as_json(found: Verified) -> dict[str, object]:
    broken = found.broken
    return {
        "ok": broken is None,
        "count": found.end.count,
        "blanked": found.blanked,
        "chain": found.end.chain,
        "problem": {"position": broken.position, "message": broken.english} if broken else None,
    }


def _write(folder: Path, texts: dict[str, str]) -> list[Path]:
    """For the eyes of whoever asked alone: it says who is in pain."""
    from service.flows.whole_files import replace_file

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            replace_file(folder / name, text, mode=_ONLY_THE_OWNER)
    except OSError as error:
        raise RefusedError(
            f"{folder} cannot be written to: {error.strerror}",
            f"in {folder} kan niet geschreven worden: {error.strerror}",
        ) from error
    return [folder / name for name in texts]
