"""Requests, answers and mails that wait, worked through by keyboard in a browser without script, as on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page

from tests.support import acts
from tests.support.aside import aside
from tests.support.studio_tour import Site, site
from tests.support.tours import waiting

pytestmark = pytest.mark.browser


@pytest.fixture
def here(template_file: Callable[[str], Path], tmp_path: Path) -> Iterator[Site]:
    with site(template_file("published"), tmp_path) as running:
        aside(lambda: waiting.people_wait(running.house), lambda: waiting.mails_wait(running.house))
        yield running


def reach(page: Page, target: Locator) -> None:
    """By the Tab key, and no other way."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if target.evaluate("node => node === document.activeElement"):
            assert target.evaluate("node => getComputedStyle(node).outlineStyle") == "solid", "focus must be seen"
            return
    raise AssertionError(f"not reached by keyboard: {target}")


def press(page: Page, name: str) -> None:
    reach(page, page.get_by_role("button", name=name, exact=True).first)
    page.keyboard.press("Enter")


def says(page: Page, text: str) -> None:
    page.get_by_role("status").get_by_text(text).wait_for()
    past_the_menu(page)


def past_the_menu(page: Page) -> None:
    reach(page, page.get_by_role("link", name="Naar de inhoud"))
    page.keyboard.press("Enter")


def test_what_waits_is_worked_through_by_keyboard_without_script(browser: Browser, here: Site) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 800})
    here.enter(context)
    page = context.new_page()
    page.goto(f"{here.url}/studio/waiting")
    past_the_menu(page)
    press(page, "Niet bereikt, blijft staan")
    says(page, "Genoteerd: niet bereikt.")
    page.get_by_text("2 keer niet bereikt").wait_for()
    press(page, "Zet op geboekt")
    says(page, "staat op geboekt. De vervolgmails aan deze persoon stoppen.")
    assert acts.enrolment(here.house, "petra@example.org").end_reason == "booked"
    reach(page, page.locator("summary", has_text="Lees wat er staat").first)
    page.keyboard.press("Enter")
    page.get_by_text("Mag ik er ook bij fietsen?").wait_for()
    press(page, "Gelezen en beantwoord")
    says(page, "Gelezen.")
    reach(page, page.get_by_role("link", name="Mails die wachten"))
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="Mails die wachten").wait_for()
    past_the_menu(page)
    reach(page, page.locator("summary", has_text="Laat alle 2 vervallen").first)
    page.keyboard.press("Enter")
    press(page, "Laat alle 2 vervallen")
    says(page, "2 mails zijn vervallen.")
    reach(page, page.get_by_role("link", name="Bekijk deze mail vervolgmail is misschien aangekomen"))
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="1 vervolgmail is misschien aangekomen").wait_for()
    past_the_menu(page)
    reach(page, page.get_by_role("button", name="Is aangekomen").first)
    page.keyboard.press("Enter")
    says(page, "De mail staat op aangekomen.")
    reach(page, page.get_by_role("link", name="Meldingen"))
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="Meldingen").wait_for()
    past_the_menu(page)
    press(page, "Gezien en opgelost")
    says(page, "Gezien.")
    assert "staff-mail-returned" not in acts.alerts(here.house)
    context.close()
