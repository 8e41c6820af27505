"""`nurture keys …`: the keys that sign links. Fingerprints are shown, never keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.opening import open_services, staff_name
from service.cli.telling import Told, in_words, say, tell_in
from service.errors import RefusedError

if TYPE_CHECKING:
    from service.flows.keys import KeyShown

app = typer.Typer(help="The keys that sign links: list, rotate, retire.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_(told: Told = None) -> None:
    """Every key by its fingerprint, and how many mails still hold links of it."""
    tell_in(told)
    from service.bootstrap import check_schema
    from service.flows import keys
    from service.mail.links import fingerprint

    settings, services = open_services(ready=False)  # also where a key is missing: then this is what one wants to see
    check_schema(services.database)
    with services.database.reading() as session:
        found = keys.shown(session, settings.secret_keys)
    for each in found:
        typer.echo(f"{each.fingerprint[: keys.SHORT]}  {_role(each)}")
    typer.echo(
        f"{fingerprint(settings.suppression_key)[: keys.SHORT]}  "
        + in_words(
            "the suppression key: never rotates, or nobody who said no is recognised",
            "de sleutel van de uitschrijflijst: wisselt nooit, anders wordt niemand die nee zei herkend",
        )
    )
    say(
        "Links in mails to leads who were erased since are not counted; they still say no, as long as their key stays.",
        "Links in mails aan gewiste leads zijn niet meegeteld; ze melden nog af zolang hun sleutel blijft.",
    )


@app.command()
def rotate(told: Told = None) -> None:
    """Make a new key that signs from now on; those of before go on verifying."""
    tell_in(told)
    from service.flows.keys import SHORT
    from service.kept_secrets import FILES, put_in_front
    from service.mail.links import fingerprint
    from service.setting_values import MAKE_A_KEY
    from service.settings import read_settings
    from service.store import events

    if read_settings()[0].secret_keys:
        raise RefusedError(
            "NURTURE_SECRET_KEYS is set, so it is yours to change: add a new key behind the others and restart every "
            f"process; then move it to the front, and restart again. Make one with: {MAKE_A_KEY}",
            "NURTURE_SECRET_KEYS is ingesteld, dus die pas je zelf aan: zet een nieuwe sleutel achter de andere en "
            f"herstart alles; zet hem daarna vooraan, en herstart nog eens. Een sleutel maken: {MAKE_A_KEY}",
        )
    settings, _ = open_services()  # as it is, all must be well
    new = put_in_front(settings.data_dir, FILES["secret_keys"], setting="NURTURE_SECRET_KEYS")
    _, services = open_services()
    with services.database.transaction() as session:
        events.audit(session, staff_name(), "key rotated", services.clock.now(), key=fingerprint(new)[:SHORT])
    say(
        f"{fingerprint(new)[:SHORT]} signs from now on. Restart serve and every worker now: until then they do not "
        "know links that other processes sign with it.",
        f"{fingerprint(new)[:SHORT]} ondertekent vanaf nu. Herstart nu serve en elke worker: tot dan kennen ze geen "
        "links die een ander proces ermee ondertekent.",
    )


@app.command()
def retire(
    fingerprint: Annotated[str, typer.Argument(metavar="FINGERPRINT", help="As `list` shows it, or its beginning.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it: its links die.")] = False,
    told: Told = None,
) -> None:
    """Give a key up for good: every link that it signed stops working, the way out too."""
    tell_in(told)
    from service.bootstrap import check_schema
    from service.flows import keys
    from service.kept_secrets import FILES, take_out
    from service.mail.links import fingerprint as of
    from service.settings import read_settings

    settings, services = open_services(ready=False)  # the key may be lost already, and nothing starts without it
    check_schema(services.database)
    with services.database.transaction() as session:
        key = keys.named(session, settings.secret_keys, fingerprint)
        if not yes:
            raise RefusedError(
                f"links in {key.mails} mails would stop working, the way out too, and those in mails to leads who were "
                "erased; nothing was changed (--yes does it)",
                f"links in {key.mails} mails zouden niet meer werken, ook het afmelden, en die in mails aan gewiste "
                "leads; er is niets veranderd (--yes doet het)",
            )
        keys.retire(session, key, services.clock.now(), actor=staff_name())
    secret = next((each for each in settings.secret_keys if of(each) == key.fingerprint), None)
    say(f"{key.fingerprint[: keys.SHORT]} is retired.", f"{key.fingerprint[: keys.SHORT]} is buiten gebruik.")
    if secret is None:
        return
    if read_settings()[0].secret_keys:
        say(
            "Take it out of NURTURE_SECRET_KEYS and restart serve and every worker: until then its links still work.",
            "Haal hem uit NURTURE_SECRET_KEYS en herstart serve en elke worker: tot dan werken zijn links nog.",
        )
    elif take_out(settings.data_dir, FILES["secret_keys"], secret):
        say(
            "Restart serve and every worker: until then its links still work.",
            "Herstart serve en elke worker: tot dan werken zijn links nog.",
        )


def _role(key: KeyShown) -> str:
    if not key.present:
        return in_words("missing: the service does not start without it", "ontbreekt: zonder start de dienst niet")
    role = in_words("signs", "ondertekent") if key.signs else in_words("verifies", "controleert")
    if not key.mails or key.oldest is None or key.newest is None:
        return role + in_words(", no mail holds links of it", ", in geen mail staan links ervan")
    days = f"{key.oldest:%Y-%m-%d}", f"{key.newest:%Y-%m-%d}"
    return role + in_words(
        f", links in {key.mails} mails, made {days[0]} to {days[1]}",
        f", links in {key.mails} mails, gemaakt van {days[0]} tot {days[1]}",
    )
