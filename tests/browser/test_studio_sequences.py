"""Steps put in another order in a browser: by keyboard, by dragging, and by buttons where no script runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.studio_tour import Site, site

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def here(template_file: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(template_file("published"), tmp_path_factory.mktemp("sequences")) as running:
        yield running


def keys(here: Site) -> list[str]:
    file = here.house.services.content_dir / "sequences" / "lage-rug.yaml"
    return re.findall(r"  - key: (\S+)", file.read_text(encoding="utf-8"))


def shown(page: Page) -> list[str]:
    return [str(each.get_attribute("data-step")) for each in page.locator("[data-step]").all()]


def test_a_step_is_picked_up_moved_and_put_down_by_keyboard_and_each_move_is_said(page: Page, here: Site) -> None:
    here.enter(page.context)
    page.goto(f"{here.url}/studio/sequences/lage-rug")
    before = shown(page)
    step = before[2]
    said, handle = page.locator("[data-said]"), page.get_by_role("button", name=f"Verplaats {step}", exact=True)
    handle.focus()
    page.keyboard.press("Space")
    expect(said).to_have_text(re.compile(f"Opgepakt: {step}. Plek 2 van 8"))
    page.keyboard.press("ArrowDown")
    expect(said).to_have_text(f"{step} staat nu op plek 3 van 8.")
    expect(handle).to_be_focused()
    page.keyboard.press("Escape")
    expect(said).to_have_text(f"Teruggezet: {step}.")
    assert shown(page) == before
    for key in ("Enter", "ArrowUp", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url(f"**/lage-rug?done=moved#stap-{step}")
    expect(page.get_by_role("status").first).to_contain_text("Verplaatst.")
    assert keys(here) == shown(page) == ["advies", step, before[1], *before[3:]]


def test_who_tabs_on_with_a_step_in_hand_still_moves_that_one(page: Page, here: Site) -> None:
    here.enter(page.context)
    page.goto(f"{here.url}/studio/sequences/lage-rug")
    before = shown(page)
    step = before[2]
    page.get_by_role("button", name=f"Verplaats {step}", exact=True).focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name=f"Verplaats {before[4]}", exact=True).focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-said]")).to_have_text(f"{step} staat nu op plek 3 van 8.")
    page.keyboard.press("Escape")
    assert shown(page) == before


def test_a_step_is_dragged_by_its_handle(page: Page, here: Site) -> None:
    here.enter(page.context)
    page.goto(f"{here.url}/studio/sequences/lage-rug")
    before = keys(here)
    first, second = before[1:3]
    handle = page.get_by_role("button", name=f"Verplaats {first}", exact=True)
    target = page.locator(f"[data-step={second}]")
    handle.scroll_into_view_if_needed()
    target.evaluate("step => window.scrollBy(0, step.getBoundingClientRect().bottom - innerHeight + 120)")
    start, end = handle.bounding_box(), target.bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + 10, start["y"] + 10)
    page.mouse.down()
    page.mouse.move(start["x"] + 10, end["y"] + end["height"] - 40, steps=5)
    page.mouse.up()
    page.wait_for_url(f"**/lage-rug?done=moved#stap-{first}")
    assert keys(here) == ["advies", second, first, *before[3:]]


def test_without_script_a_step_moves_changes_comes_and_goes(browser: Browser, here: Site) -> None:
    context = browser.new_context(java_script_enabled=False, locale="nl-NL", viewport={"width": 320, "height": 800})
    here.enter(context)
    page = context.new_page()
    page.goto(f"{here.url}/studio/sequences/lage-rug")
    before = keys(here)
    page.get_by_role("button", name=f"Omlaag {before[2]}", exact=True).click()
    assert keys(here)[3] == before[2]
    page.get_by_role("button", name=f"Omhoog {before[2]}", exact=True).click()
    assert keys(here) == before
    page.get_by_role("link", name="Nieuwe stap hierna laatste").click()
    page.get_by_label("De mail van deze stap").select_option("uitnodiging")
    page.get_by_label("Naam van de stap").fill("nog-eens")
    page.get_by_label("Wachten").fill("nul")
    page.get_by_role("button", name="Voeg de stap toe").click()
    expect(page.get_by_label("Wachten")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Wachten").fill("2")
    page.get_by_role("button", name="Voeg de stap toe").click()
    assert keys(here) == [*before, "nog-eens"]
    page.get_by_role("link", name="Wijzig nog-eens").click()
    page.get_by_text("Haal deze stap weg").click()
    page.get_by_role("button", name="Ja, haal de stap weg").click()
    expect(page.get_by_role("status").first).to_contain_text("De stap is weg.")
    assert keys(here) == before
    context.close()
