"""`nurture snippets`: what to paste into a website for each form."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import Annotated

import typer

from service.cli.opening import open_services
from service.cli.telling import Told, in_words, tell_in


def snippets(
    form: Annotated[str | None, typer.Argument(help="A form of forms.yaml; all of them when left out.")] = None,
    page: Annotated[str, typer.Option(help="The page it goes on, for the form without a script.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable, on stdout.")] = False,
    told: Told = None,
) -> None:
    """Write out what to paste into your website: a script, a button, a frame, a link, and a form without any script."""
    from service.errors import InvalidInputError, NotFoundError
    from service.web.snippets import Place
    from service.web.snippets import snippets as written_out

    tell_in(told)
    if page and not re.fullmatch(r"https?://[!-~]+", page):
        english = f"--page: {page!r} is no web address; write one such as https://www.example.nl/artikel"
        dutch = f"--page: {page!r} is geen webadres; schrijf er een zoals https://www.example.nl/artikel"
        raise InvalidInputError(english, dutch)
    _, services = open_services()
    with services.database.reading() as session:
        forms = services.published.live_forms(session)[1].forms
        _, practice = services.published.live_practice(session)
    if form is not None and form not in forms:
        names = ", ".join(forms)
        raise NotFoundError(f"no form {form} is published; there is: {names}", f"Er is geen formulier {form}: {names}")
    at = Place(base_url=services.base_url, privacy_url=practice.privacy_url, page_url=page)
    found = [written_out(each, at) for name, each in forms.items() if form in {None, name}]
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], ensure_ascii=False))
        return
    headings = {
        "script": in_words("The form, where you put this", "Het formulier, op de plek waar je dit zet"),
        "button": in_words("A button that opens it", "Een knop die het opent"),
        "iframe": in_words(
            "In a frame, where scripts of others are not allowed", "In een kader, waar een script niet mag"
        ),
        "link": in_words("A link to a page of its own", "Een link naar een eigen pagina"),
        "plain": in_words("A form of your own, without any script", "Een eigen formulier, zonder script"),
    }
    for each in found:
        for name, heading in headings.items():
            typer.echo(f"<!-- {each.form}: {heading} -->\n{getattr(each, name)}")
