"""Every page of the studio in a browser, narrow and dark as well as wide and light."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.support.studio_tour import Site, site, tour

pytestmark = pytest.mark.browser
LOOKS: tuple[tuple[int, Literal["light", "dark"]], ...] = ((320, "dark"), (1280, "light"))
SMALL = "button:visible, a.button:visible, nav.studio-nav a:visible, select:visible, summary:visible"


@pytest.fixture
def here(template_file: Callable[[str], Path], tmp_path: Path) -> Iterator[Site]:
    with site(template_file("published"), tmp_path) as running:
        yield running


def breaks_rules(page: Page) -> Iterator[object]:
    """What breaks a rule of accessibility."""
    for each in Axe().run(page).response["violations"]:
        yield each["id"], [node["html"][:300] for node in each["nodes"]]


def wrong_with(page: Page, width: int) -> Iterator[object]:
    """What scrolls sideways, or is too small to touch (WCAG 2.2, 2.5.5)."""
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > width:
        yield f"{wide} px wide"
    if page.locator("h1").count() != 1:
        yield f"{page.locator('h1').count()} headings of the first level"
    for each in page.locator(SMALL).all():
        box = each.bounding_box()
        if box and box["height"] < 44:
            yield f"{box['height']} px high: {each.inner_text() or each.get_attribute('name')}"


def test_no_page_breaks_a_rule_of_accessibility_or_its_policy_scrolls_sideways_or_has_what_is_too_small(
    page: Page, here: Site
) -> None:
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "Content Security" in message.text else None)
    wrong: dict[tuple[str, int], list[object]] = {}
    for number, (name, go) in enumerate(tour(here, page)):
        go()
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
        for width, scheme in LOOKS:
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)
            found = list(wrong_with(page, width))
            if LOOKS[number % 2] == (width, scheme):  # one look each: most pages come by in more than one state
                found += breaks_rules(page)
            if found:
                wrong[name, width] = found
    assert not wrong
    assert not refused
