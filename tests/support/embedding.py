"""The service and a practice's own site beside each other, for a browser; and how a person fills in the form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from playwright.sync_api import FrameLocator, Locator

from service.web.snippets import Place, Snippets, snippets
from tests.support.foreign_site import ForeignSite, foreign_site
from tests.support.running import Running, installation
from tests.support.sample_pages import FORM, PRACTICE

SUBMIT = "Stuur mij het advies"
Within = Locator | FrameLocator


@dataclass(frozen=True, kw_only=True)
class Embedding:
    """A running service, a site that it allows, and what the service wrote out to paste into that site."""

    service: Running
    site: ForeignSite
    snippets: Snippets
    numbers: Iterator[int] = field(default_factory=count)

    def article(self, name: str, body: str, *, inline: bool = False) -> str:
        """The URL of an article with this in it."""
        return self.site.show(name, body, service=self.service.url, inline=inline)

    def new_address(self) -> str:
        """One that nobody used before, each at a domain of its own."""
        number = next(self.numbers)
        return f"anna@voorbeeld-{number}.example"


@contextmanager
def embedding(folder: Path, **env: str) -> Iterator[Embedding]:
    """Both for as long as the block runs."""
    with (
        foreign_site() as site,
        installation(
            folder, f"sqlite:///{folder / 'nurture.db'}", NURTURE_ALLOWED_ORIGINS=site.origin, **env
        ) as service,
    ):
        service.start()
        at = Place(base_url=service.url, privacy_url=PRACTICE.privacy_url)
        yield Embedding(service=service, site=site, snippets=snippets(FORM, at))


def email(within: Within) -> Locator:
    """The field for the address."""
    return within.get_by_role("textbox", name="E-mailadres")


def fill_in(within: Within, address: str) -> None:
    """The least that a form takes, and the press on its button."""
    email(within).fill(address)
    within.locator("[name=consent_advice]").check()
    within.get_by_role("button", name=SUBMIT).click()


def source_urls(there: Embedding, address: str) -> list[str]:
    """The pages that this address's opt-ins came from."""
    shown = json.loads(there.service.cli("lead", "show", address, "--json").stdout)
    return [each["source_url"] for each in shown["opt_ins"]]
