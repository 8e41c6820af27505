"""Every shipped mail in a real browser: a small phone, light and dark, images off, by screen reader (M11)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route

from service.mail.compose import render
from service.mail.contrast import pairs
from tests.support.mails import compiled, values
from tests.support.shipped_mails import shipped_mails

pytestmark = pytest.mark.browser

PHONE = {"width": 320, "height": 640}
MAILS = shipped_mails()
LOOKED_AT = {name: mail for name, mail in MAILS.items() if not name.endswith(("-flat", "-unknown"))}
"""Each mail once: with another answer it holds other words in the same boxes."""
# Not axe's own habits for pages: a mail stands inside the page of the mail program, which has the landmarks.
_RULES = {
    "light": {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]},
    "dark": {"runOnly": ["color-contrast"], "resultTypes": ["violations"]},
}
_TABLES = "table:not([role=presentation]):not(:has(th))"
_SMALL_TYPE = """() => [...document.querySelectorAll('body *')]
    .filter(each => [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
    .filter(each => each.offsetParent && parseFloat(getComputedStyle(each).fontSize) < 13)
    .map(each => each.textContent.trim())"""
_SMALL_BUTTONS = """() => [...document.querySelectorAll('a.button-link, a.answer-link')]
    .filter(each => each.getBoundingClientRect().height < 44).map(each => each.textContent)"""

_COLOURS = """() => {
  const hex = colour => '#' + colour.match(/[0-9]+/g).slice(0, 3).map(n => (+n).toString(16).padStart(2, '0')).join('')
  const ground = each => {
    for (; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor
      if (colour !== 'rgba(0, 0, 0, 0)') return hex(colour)
    }
    return '#ffffff'
  }
  const texts = [...document.querySelectorAll('body *')].filter(each => each.checkVisibility()
    && [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
  return texts.map(each => [hex(getComputedStyle(each).color), ground(each)])
}"""


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A phone that shows no images, and on which nothing may be fetched from anywhere."""
    context = browser.new_context(viewport=PHONE, locale="nl-NL")  # type: ignore[arg-type]
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    page = context.new_page()
    page.route("**/*", refuse)
    yield page
    context.close()
    assert asked == [], "a mail fetched something"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_mail_reads_well_on_a_small_phone_without_images(phone: Page, scheme: str) -> None:
    phone.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    phone.evaluate(Axe().axe_script)  # once: the next mails come into the same window
    broken: dict[str, object] = {}
    for name, mail in LOOKED_AT.items():
        phone.set_content(mail.html)
        found = phone.evaluate("rules => axe.run(document, rules)", _RULES[scheme])["violations"]
        if found:
            broken[name] = [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]
        if (width := phone.evaluate("document.documentElement.scrollWidth")) > PHONE["width"]:
            broken[f"{name} scrolls sideways"] = width
        if small := phone.evaluate(_SMALL_TYPE):
            broken[f"{name} has small type"] = small
        if small := phone.evaluate(_SMALL_BUTTONS):
            broken[f"{name} has small buttons"] = small
    assert not broken


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_colours_that_lint_works_out_are_those_of_a_browser(phone: Page, scheme: str) -> None:
    phone.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for name in ("advies-lage-rug-hollow", "hoe-ging-het", "uitnodiging"):
        phone.set_content(MAILS[name].html)
        shown = {(text, ground) for text, ground in phone.evaluate(_COLOURS)}
        assert {(pair.text, pair.ground) for pair in pairs(MAILS[name].html) if pair.scheme == scheme} == shown


def test_every_mail_tells_a_screen_reader_its_language_its_title_and_its_headings(phone: Page) -> None:
    for name, mail in MAILS.items():
        phone.set_content(mail.html)
        assert phone.locator("html").get_attribute("lang") == "nl", name
        assert phone.title() == mail.subject, name
        levels = phone.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(each => +each.tagName[1])")
        assert levels[:1] == [1], name
        assert levels.count(1) == 1, name
        assert all(after - before <= 1 for before, after in pairwise(levels)), (name, levels)
        assert phone.locator(_TABLES).count() == 0, f"{name}: a table for the layout that is read out as one"


def test_an_image_that_is_not_shown_leaves_its_text(browser: Browser) -> None:
    body = "{% if practice.logo %}\n![Ons team voor de deur]({{ practice.logo }})\n{% endif %}\n\nHallo."
    page = browser.new_page(viewport=PHONE)  # type: ignore[arg-type]
    page.route("**/*.png", lambda route: route.abort())
    page.set_content(render(compiled(body), values(logo="https://praktijk.example/team.png")).html)
    assert page.get_by_role("img", name="Ons team voor de deur").is_visible()
    page.close()
