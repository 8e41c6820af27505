"""What to paste into a website for a form: written out from what is published, so that texts and version are right."""

from __future__ import annotations

from dataclasses import dataclass

from service.domain.forms import Form
from service.web import pages


@dataclass(frozen=True, kw_only=True)
class Place:
    """Our address, the privacy page's, and that of the page the form is to stand on, where it is known."""

    base_url: str
    privacy_url: str
    page_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Snippets:
    """Each as HTML, ready to paste."""

    form: str
    consent_version: str
    script: str
    button: str
    iframe: str
    link: str
    plain: str


def snippets(form: Form, at: Place) -> Snippets:
    """The ways to show a form, from the one that does most by itself to the one that needs nothing of us."""
    written = {
        name: pages.text_of(f"snippets/_{name}.html", form=form, at=at)
        for name in ("script", "button", "iframe", "link", "plain")
    }
    return Snippets(form=form.name, consent_version=form.consent.advice.version, **written)
