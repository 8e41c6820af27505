"""The pages of the mail editor."""

from __future__ import annotations

from collections.abc import Iterator

from service.flows import publishing
from service.flows.drafts import read_draft
from tests.support.house import House

_BROKEN = "---\nsubject: Kapot\npreheader: {{\n---\n# Kapot\n\n{{ voornaam }}\n"


def mails(house: House) -> Iterator[tuple[str, str]]:
    """Every page, with a mail that has two versions, one that nobody has published, and one that cannot be read."""
    folder = house.services.content_dir / "email_templates"
    file = folder / "hoe-ging-het.md"
    text = file.read_text()
    file.write_text(text.replace("We zijn benieuwd", "We zijn erg benieuwd").replace("één druk", "een enkele druk"))
    with house.services.database.transaction() as session:
        draft = read_draft(house.services.content_dir)
        found = publishing.changes(session, draft)
        publishing.publish(session, house.services, draft, found, by="studio:1", now=house.clock.now())
    file.write_text(text.replace("Welke zin past bij jou?", "Kies de zin die het best bij je past."))
    (folder / "tips-voor-thuis.md").write_text(_BROKEN)
    yield "mails", "/studio/mails"
    yield "mails-new", "/studio/mails/-/new"
    yield "mails-new-copy", "/studio/mails/-/new?copy=_groet"
    yield "mails-edit", "/studio/mails/hoe-ging-het"
    yield "mails-saved", "/studio/mails/advies-lage-rug?done=saved"
    yield "mails-source", "/studio/mails/hoe-ging-het?tab=source"
    yield "mails-broken", "/studio/mails/tips-voor-thuis"
    yield "mails-partial", "/studio/mails/_veiligheid"
    yield "mails-service", "/studio/mails/dienst-aanvraag"
    yield "mails-history", "/studio/mails/hoe-ging-het/history"
    yield "mails-history-none", "/studio/mails/tips-voor-thuis/history"
