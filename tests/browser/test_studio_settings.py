"""The settings in a browser: a practice's closed days without script, and a snippet copied with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.studio_tour import Site, site

pytestmark = pytest.mark.browser


@pytest.fixture
def here(template_file: Callable[[str], Path], tmp_path: Path) -> Iterator[Site]:
    with site(template_file("published"), tmp_path) as running:
        yield running


def test_a_summer_holiday_is_put_in_and_taken_out_by_keyboard_and_without_script(browser: Browser, here: Site) -> None:
    practice = here.house.services.content_dir / "practice.yaml"
    before = practice.read_bytes()
    context = browser.new_context(java_script_enabled=False, locale="nl-NL")
    here.enter(context)
    page = context.new_page()
    page.goto(f"{here.url}/studio/settings")
    page.get_by_role("link", name="Gesloten dagen").press("Enter")
    year = page.locator(".years strong").inner_text()
    page.get_by_label("Eerste dag").fill(f"{year}-07-27")
    page.get_by_label("Laatste dag").fill(f"{year}-08-07")
    page.get_by_label("Waarvoor").fill("zomersluiting")
    page.get_by_label("Waarvoor").press("Enter")
    page.get_by_role("button", name=f"Haal weg: 27 juli {year}").wait_for()
    assert page.locator("td.closed").count() == 12
    assert f"{{from: {year}-07-27, to: {year}-08-07, note: zomersluiting}}" in practice.read_text(encoding="utf-8")
    page.get_by_role("button", name=f"Haal weg: 27 juli {year}").press("Enter")
    page.get_by_text("Nog geen gesloten dagen").wait_for()
    assert practice.read_bytes() == before


def test_what_a_website_needs_is_copied_by_a_button(browser: Browser, here: Site) -> None:
    context = browser.new_context(locale="nl-NL", permissions=["clipboard-read", "clipboard-write"])
    here.enter(context)
    page = context.new_page()
    page.goto(f"{here.url}/studio/settings/forms/lage-rug")
    page.get_by_role("button", name="Kopieer: Een link").press("Enter")
    page.get_by_role("button", name="Gekopieerd").wait_for()
    assert page.get_by_role("status").inner_text() == "Gekopieerd", "nothing is said aloud"
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#link").input_value()
    assert copied.startswith("<a href=")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('may not')) }")
    page.get_by_role("button", name="Kopieer: In een kader").press("Enter")
    expect(page.locator("#iframe")).to_be_focused()
    assert page.evaluate("getSelection().toString()") == page.locator("#iframe").input_value()


EDGE = """node => {
    const {borderStyle, borderWidth} = getComputedStyle(node);
    return [borderStyle, borderWidth].join();
}"""


def test_where_colours_are_the_readers_own_each_sort_of_day_still_looks_like_no_other(page: Page, here: Site) -> None:
    here.enter(page.context)
    page.emulate_media(forced_colors="active")
    for path, sorts in (
        ("settings/days", ("td.open", "td.shut", "td.holiday", ".swatch.closed")),
        ("sequences/lage-rug/calendar", ("td.open:not(.opt-in)", "td.shut:not(.opt-in)", "td.opt-in")),
    ):
        page.goto(f"{here.url}/studio/{path}")
        edges = [page.locator(each).first.evaluate(EDGE) for each in sorts]
        assert len(set(edges)) == len(sorts), (path, edges)
