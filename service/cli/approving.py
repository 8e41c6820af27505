"""`nurture approve`: a clinician's yes to a text, written into its file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from service.cli.opening import open_services, staff_name
from service.cli.telling import Told, say, tell_in
from service.errors import NotFoundError, RefusedError


def approve(
    partial: Annotated[str, typer.Argument(help="A partial, such as _veiligheid.md.")],
    by: Annotated[str, typer.Option(help="The clinician's name.")],
    told: Told = None,
) -> None:
    """Write a clinician's approval into a partial. It lapses when the text changes."""
    tell_in(told)
    from service.flows.whole_files import as_before, replace_file
    from service.mail.approvals import approve as approved
    from service.store import events

    settings, services = open_services()
    folder = settings.content_dir / "email_templates"
    path = folder / (partial if partial.endswith(".md") else f"{partial}.md")
    if path.parent != folder or not path.is_file():
        raise NotFoundError(f"there is no {path.name} in {folder}", f"{path.name} staat niet in {folder}")
    if not path.name.startswith("_"):
        raise RefusedError(
            f"{path.name} is a mail; what is approved is a partial, whose name begins with an underscore",
            f"{path.name} is een mail; alleen een tekstblok (de naam begint met _) wordt goedgekeurd",
        )
    try:
        data = path.read_bytes()
        text = approved(data.decode(), by=by, on=datetime.now(UTC).date())
        replace_file(path, as_before(data, text))
    except UnicodeDecodeError:
        raise RefusedError(
            f"{path.name} is no UTF-8; save the file as UTF-8 text",
            f"{path.name} is geen UTF-8; bewaar het bestand als UTF-8-tekst",
        ) from None
    except OSError as error:
        raise RefusedError(
            f"{path.name} cannot be read or written: {error.strerror}",
            f"{path.name} kan niet gelezen of geschreven worden: {error.strerror}",
        ) from error
    with services.database.transaction() as session:
        events.audit(session, staff_name(), "approved", services.clock.now(), partial=path.name, by=by)
    say(
        f"{path.name} is approved by {by}; publish it to let it count.",
        f"{path.name} is goedgekeurd door {by}. Dit telt na: nurture publish",
    )
