"""One mail as its reader gets it: `nurture preview` and `nurture send-test`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from service.cli.opening import open_services
from service.cli.reading import Answers, pairs


def preview(
    template: Annotated[str, typer.Argument(help="A mail, such as advies-lage-rug.")],
    answer: Answers = None,
    out: Annotated[Path | None, typer.Option(help="Write the HTML, the text and the whole mail here.")] = None,
) -> None:
    """One mail as a lead would get it."""
    from service.flows import samples

    _, services = open_services(ready=False)
    sample = samples.from_files(services, template, pairs(answer), now=datetime.now(UTC))
    if out is None:
        typer.echo(f"Subject: {sample.rendered.subject}\n\n{sample.rendered.text}")
        return
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{template}.html").write_text(sample.rendered.html, encoding="utf-8")
    (out / f"{template}.txt").write_text(sample.rendered.text, encoding="utf-8")
    (out / f"{template}.eml").write_bytes(sample.mail.data)
    typer.echo(f"Written: {out / template}.html, .txt and .eml")


def send_test(
    template: Annotated[str, typer.Argument(help="A mail, such as advies-lage-rug.")],
    to: Annotated[str, typer.Option(help="One of the practice's staff addresses.")],
    answer: Answers = None,
) -> None:
    """Send one mail with made-up values to somebody of the staff."""
    from service.flows import samples

    _, services = open_services(ready=False)
    result = samples.send(services, template, pairs(answer), to=to, now=datetime.now(UTC))
    typer.echo(f"{template} to {to}: {result.outcome}{f' ({result.text})' if result.text else ''}")
    if result.outcome != "accepted":
        raise typer.Exit(1)
