"""`nurture new topic`: a copy of a sequence to start a new one from."""

from __future__ import annotations

from typing import Annotated

import typer

from service.cli.telling import Told, in_words, say, tell_in
from service.errors import ProblemsError

app = typer.Typer(help="Start something new from what is there.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def topic(
    name: Annotated[str, typer.Argument(help="The new sequence's name, such as nek.")],
    source: Annotated[str, typer.Option("--from", help="The sequence to copy, such as lage-rug.")],
    title: Annotated[str | None, typer.Option(help="Its title, such as Nekklachten; asked for otherwise.")] = None,
    topic: Annotated[str | None, typer.Option(help="The topic the website's form sends; else the name.")] = None,
    told: Told = None,
) -> None:
    """Copy a sequence with its mails, exercises and form, to rewrite it for another complaint."""
    from service.flows import new_topic
    from service.settings import read_settings

    tell_in(told)
    settings, problems = read_settings()
    if problems:
        raise ProblemsError(problems)
    title = title or typer.prompt(in_words("Title of the new sequence", "Titel van de nieuwe reeks"))
    folder = settings.content_dir
    found = new_topic.prepare(folder, name, source=source, topic=topic or name, title=" ".join(str(title).split()))
    new_topic.write(folder, found)
    say(f"Written in {folder}:", f"Geschreven in {folder}:")
    for file in found.files:
        typer.echo(f"  {file}")
    typer.echo("")
    typer.echo(found.files[found.checklist])
