"""What a page breaks of the rules of accessibility (axe-core), and when one may look."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_RULES = "(part) => axe.run(part ?? document, {resultTypes: ['violations'], preload: false})"


def broken_rules(page: Page, part: str | None = None) -> list[tuple[str, list[str]]]:
    """Each rule that the page breaks, or a part of it by its selector, with the elements that do.

    A page that a button leads to is there before its styles are, and until then its colours are others.
    """
    page.wait_for_load_state()
    page.evaluate(Axe().axe_script)
    found = page.evaluate(_RULES, part)["violations"]
    return [(each["id"], [node["html"][:300] for node in each["nodes"]]) for each in found]
