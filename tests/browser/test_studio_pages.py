"""Every page of the studio in a browser, narrow and dark as well as wide and light."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.support import cases
from tests.support.accessibility import broken_rules
from tests.support.studio_tour import Site, site, tour

pytestmark = pytest.mark.browser
LOOKS: tuple[tuple[int, Literal["light", "dark"]], ...] = ((320, "dark"), (1280, "light"))
# What scrolls sideways, is too small to touch (WCAG 2.2, 2.5.5), stands right against a card, or is called something
# else than it says (2.5.3), so that whoever speaks to the screen cannot press it: asked at once, for that takes time.
WRONG = """(width) => {
    const wide = document.documentElement.scrollWidth, titles = document.querySelectorAll("h1").length;
    const pressed = [...document.querySelectorAll("button, a.button, nav.studio-nav a, select, summary")]
        .filter((node) => node.checkVisibility({visibilityProperty: true}))
        .map((node) => [node.getBoundingClientRect(), node.innerText || node.name])
        .filter(([box]) => box.width && box.height);
    const called = [...document.querySelectorAll("a[aria-label], button[aria-label]")]
        .filter((node) => /\\p{L}/u.test(node.innerText) && !node.ariaLabel.includes(node.innerText.trim()));
    const cards = [...document.querySelectorAll(".panel, .wait-card")].filter((node) => node.checkVisibility());
    const words = [...document.querySelectorAll("main :is(p, li, h2, h3):not(:has(> a:only-child))")].filter((node) =>
        node.innerText.trim() && node.checkVisibility()
        && !node.closest(".panel, .wait-card") && !node.querySelector(".panel, .wait-card"));
    const glued = cards.flatMap((card) => words.filter((node) => {
        const one = card.getBoundingClientRect(), other = node.getBoundingClientRect();
        return one.left < other.right && other.left < one.right
            && Math.max(one.top - other.bottom, other.top - one.bottom) < 5;
    }));
    return [pressed.length, [
        ...(wide > width ? [`${wide} px wide`] : []),
        ...(titles === 1 ? [] : [`${titles} headings of the first level`]),
        ...pressed.filter(([box]) => box.height < 44).map(([box, name]) => `${box.height} px high: ${name}`),
        ...glued.map((node) => `against a card: ${node.innerText.slice(0, 40)}`),
        ...called.map((node) => `says ${node.innerText}, is called ${node.ariaLabel}`),
    ]];
}"""
# Of which sorts a page is made: an element by what it is, and what it stands in.
SORTS = """() => [...document.body.querySelectorAll("*")].map((node) => [node.parentElement, node]
    .flatMap((each) => [each.tagName, each.className, each.type, each.getAttribute("role")]).join(" "))"""
OPEN_ALL = "document.querySelectorAll('details').forEach((each) => { each.open = true })"


@pytest.fixture
def here(template_file: Callable[[str], Path], tmp_path: Path) -> Iterator[Site]:
    with site(template_file("published"), tmp_path) as running:
        yield running


def look_at(page: Page, width: int, scheme: Literal["light", "dark"]) -> tuple[int, list[object]]:
    """How many things there are to press at this width, and what scrolls sideways or is too small to touch."""
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    pressed, found = page.evaluate(WRONG, width)
    return pressed, found


def test_no_page_breaks_a_rule_of_accessibility_or_its_policy_scrolls_sideways_or_has_what_is_too_small(
    page: Page, here: Site
) -> None:
    """Each state narrow; wide and by the rules, each page and each state with an element of a sort not seen before.

    A run of everything has the second for each page alone.
    """
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "Content Security" in message.text else None)
    wrong: dict[tuple[str, int], list[object]] = {}
    titles: dict[str, set[str]] = {}
    paths: set[str] = set()
    sorts: set[str] = set()
    measured = ruled = 0
    for name, go in tour(here, page):
        go()
        page.wait_for_load_state()  # a button that was pressed does not wait for the styles
        page.evaluate(OPEN_ALL)
        if not page.locator("body.alone").count():  # nor of whoever is not in, nor of what went wrong
            titles.setdefault(page.title(), set()).add(urlsplit(page.url).path)
        path, made_of = re.sub(r"\d+", "", urlsplit(page.url).path), set(page.evaluate(SORTS))
        new = path not in paths or not (made_of <= sorts or cases.of_everything())
        paths.add(path)
        sorts |= made_of
        for width, scheme in LOOKS if new else LOOKS[:1]:
            pressed, found = look_at(page, width, scheme)
            measured += pressed
            if new and LOOKS[ruled % 2] == (width, scheme):  # one look each: most pages come by in more than one state
                found += broken_rules(page)
            if found:
                wrong[name, width] = found
        ruled += new
    assert not wrong
    assert not refused
    assert not {title: paths for title, paths in titles.items() if len(paths) > 1}, "tabs that cannot be told apart"
    assert ruled >= len(paths) > 50, "hardly anything was looked at, so this shows nothing"
    assert measured > 500, "nothing was measured, so this shows nothing"
