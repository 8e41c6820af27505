"""One mail as its reader gets it: `nurture preview` and `nurture send-test`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.opening import open_services
from service.cli.reading import Answers, pairs
from service.cli.telling import Told, in_words, say, tell_in
from service.errors import RefusedError, UnavailableError

if TYPE_CHECKING:
    from service.flows.samples import Sample

_DUTCH = {
    "accepted": "aangenomen",
    "retry": "nu niet aangenomen, probeer het later",
    "invalid": "geweigerd: dit adres klopt niet",
    "suppressed": "geweigerd",
    "unknown": "niet bekend of het is aangekomen",
    "down": "de mailserver is niet te bereiken",
}


def preview(
    template: Annotated[str, typer.Argument(help="A mail, such as advies-lage-rug.")],
    answer: Answers = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the HTML, the text, the whole mail and pictures of it here.")
    ] = None,
    told: Told = None,
) -> None:
    """One mail as a lead would get it."""
    from service.flows import samples

    tell_in(told)
    _, services = open_services(ready=False)
    sample = samples.from_files(services, template, pairs(answer), now=datetime.now(UTC))
    if out is None:
        subject = in_words("Subject", "Onderwerp")
        typer.echo(f"{subject}: {sample.rendered.subject}\n\n{sample.rendered.text}")
        return
    try:
        written = samples.write(sample, template, out)
    except OSError as error:
        raise RefusedError(
            f"{out} cannot be written to: {error.strerror}", f"in {out} kan niet geschreven worden: {error.strerror}"
        ) from error
    pictures = _draw(sample, template, out)
    say(
        f"Written in {out}: {', '.join(path.name for path in (*written, *pictures))}",
        f"Gemaakt in {out}: {', '.join(path.name for path in (*written, *pictures))}",
    )


def _draw(sample: Sample, template: str, out: Path) -> list[Path]:
    """The pictures that were written; without a Chromium none are, and that is said."""
    from service.flows import chromium, pictures

    found = chromium.program()
    if found is None:
        say(
            "No pictures: there is no Chromium or Chrome on this machine; install one to get them.",
            "Geen plaatjes: er is geen Chromium of Chrome op deze computer; installeer er een om ze te krijgen.",
        )
        return []
    written = []
    try:
        with chromium.opened(found) as browser:
            for name, png in pictures.drawn(browser, sample.rendered, sample.hosted):
                path = out / f"{template}-{name}.png"
                path.write_bytes(png)
                written.append(path)
    except UnavailableError as error:
        say(f"Not all pictures: {error.english}.", f"Niet alle plaatjes: {error.dutch}.")
    return written


def send_test(
    template: Annotated[str, typer.Argument(help="A mail, such as advies-lage-rug.")],
    to: Annotated[str, typer.Option(help="One of the practice's staff addresses.")],
    answer: Answers = None,
    told: Told = None,
) -> None:
    """Send one mail with made-up values to somebody of the staff."""
    from service.flows import samples

    tell_in(told)
    _, services = open_services(ready=False)
    result = samples.send(services, template, pairs(answer), to=to, now=datetime.now(UTC))
    said = f" ({result.text})" if result.text else ""
    say(f"{template} to {to}: {result.outcome}{said}", f"{template} aan {to}: {_DUTCH[result.outcome]}{said}")
    if result.outcome != "accepted":
        raise typer.Exit(1)
