"""The results in a browser: without a script, by keyboard, in any width and light; and the red button of a sequence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.support.accessibility import broken_rules
from tests.support.studio_tour import Site, site
from tests.support.tours import results

pytestmark = pytest.mark.browser


@pytest.fixture
def here(template_file: Callable[[str], Path], tmp_path: Path) -> Iterator[Site]:
    with site(template_file("published"), tmp_path) as running:
        yield running


def test_staff_see_a_sequence_in_pictures_and_hold_it_back_by_keyboard_and_without_script(
    browser: Browser, here: Site
) -> None:
    paths = dict(results.pages(here.house))
    context = browser.new_context(
        java_script_enabled=False, locale="nl-NL", viewport={"width": 320, "height": 700}, color_scheme="dark"
    )
    here.enter(context)
    page = context.new_page()
    page.goto(f"{here.url}{paths['home-lived-in']}")
    page.get_by_role("link", name="Lage rugpijn").press("Enter")
    page.get_by_role("heading", level=1, name="Lage rugpijn").wait_for()
    picture = page.get_by_role("img", name="Aanvragen per week")
    box = picture.bounding_box()
    assert box is not None
    assert box["width"] > 200
    page.get_by_text("De aantallen per week", exact=True).press("Enter")
    assert page.get_by_role("columnheader", name="Zeiden ja").is_visible()
    page.get_by_role("button", name="Zet deze reeks stil").press("Enter")
    page.get_by_text("De vervolgmails van deze reeks staan stil.").wait_for()
    page.get_by_role("button", name="Deze reeks weer laten gaan").press("Enter")
    page.get_by_role("button", name="Zet deze reeks stil").wait_for()
    context.close()


def test_the_pictures_break_no_rule_of_accessibility_with_their_tables_open(browser: Browser, here: Site) -> None:
    path = dict(results.pages(here.house))["results-sequence"]
    context = browser.new_context(viewport={"width": 320, "height": 800}, color_scheme="light", locale="nl-NL")
    here.enter(context)
    page = context.new_page()
    page.goto(f"{here.url}{path}")
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert not broken_rules(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    context.close()


def test_where_colours_are_the_readers_own_what_is_chosen_and_what_a_colour_means_can_still_be_seen(
    page: Page, here: Site
) -> None:
    paths = dict(results.pages(here.house))
    here.enter(page.context)
    page.emulate_media(forced_colors="active")
    ground = "node => getComputedStyle(node).backgroundColor.replace(/^rgba.* 0[)]$/, 'rgb(255, 255, 255)')"
    for path, chosen, other in (
        ("results", ".periods [aria-current]", ".periods a:not([aria-current])"),
        ("mails/uitnodiging", ".tabs [aria-current]", ".tabs a:not([aria-current])"),
        ("mails/uitnodiging", ".looks label:has(:checked)", ".looks label:not(:has(:checked))"),
        ("leads", ".stands [aria-current]", ".stands a:not([aria-current])"),
        ("leads", ".stands .dot.of-active", ".stands .dot.of-stopped"),
        ("results-sequence", ".key.back", ".legend .key:not(.back)"),
    ):
        page.goto(f"{here.url}{paths.get(path, f'/studio/{path}')}")
        seen = [page.locator(each).first.evaluate(ground) for each in (chosen, other)]
        assert seen[0] != seen[1], (path, chosen, seen)


# Of a node's words on its own ground (WCAG 1.4.3).
CONTRAST = """node => {
    const part = (value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    const light = (colour) => {
        const [red, green, blue] = colour.match(/[\\d.]+/g).map((each) => part(each / 255));
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const look = getComputedStyle(node);
    const [less, more] = [light(look.color), light(look.backgroundColor)].sort((one, other) => one - other);
    return (more + 0.05) / (less + 0.05);
}"""


def test_where_colours_are_the_readers_own_the_words_of_what_is_chosen_can_be_read(page: Page, here: Site) -> None:
    here.enter(page.context)
    page.emulate_media(forced_colors="active")
    for path in ("results", "mails/uitnodiging", "waiting/mails", "leads"):
        page.goto(f"{here.url}/studio/{path}")
        chosen = page.locator("nav [aria-current]").all()
        assert len(chosen) > 1, path
        assert [round(each.evaluate(CONTRAST), 1) for each in chosen if each.evaluate(CONTRAST) < 4.5] == [], path


def test_a_report_on_paper_is_whole_and_light_and_has_nothing_on_it_to_press(page: Page, here: Site) -> None:
    path = dict(results.pages(here.house))["results-sequence"]
    here.enter(page.context)
    page.set_viewport_size({"width": 680, "height": 960})  # A4 within its margins
    page.emulate_media(media="print", color_scheme="dark")
    page.goto(f"{here.url}{path}")
    page.evaluate("document.querySelectorAll('details.table').forEach(each => each.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= 680, "a column is cut off"
    assert page.get_by_role("columnheader", name="Geboekt").last.is_visible()
    assert page.get_by_role("link", name="4 weken").is_visible(), "which weeks it tells of"
    for gone in (".studio-nav", ".demo-bar", "main button", ".periods a:not([aria-current])"):
        assert not page.locator(gone).first.is_visible(), gone
    look = "node => [getComputedStyle(node).backgroundColor, getComputedStyle(node).color]"
    assert page.locator("body").evaluate(look) == ["rgb(255, 255, 255)", "rgb(29, 43, 42)"]
    assert page.locator(".key.back").evaluate("node => getComputedStyle(node).printColorAdjust") == "exact"
