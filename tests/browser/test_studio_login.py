"""The studio in a browser: from the invitation to logging out, by keyboard and without script."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, Locator, Page

from service.store.db import real_now
from tests.support import studio
from tests.support.studio_tour import Site, site

pytestmark = pytest.mark.browser
CHOSEN = "een lange zin van mij alleen"


@pytest.fixture
def here(template_file: Callable[[str], Path], tmp_path: Path) -> Iterator[Site]:
    with site(template_file("published"), tmp_path) as running:
        yield running


def reach(page: Page, target: Locator) -> None:
    """By the Tab key, and no other way."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if target.evaluate("node => node === document.activeElement"):
            assert target.evaluate("node => getComputedStyle(node).outlineStyle") == "solid", "focus must be seen"
            return
    raise AssertionError(f"not reached by keyboard: {target}")


def fill(page: Page, label: str, text: str) -> None:
    reach(page, page.get_by_label(label, exact=True).first)
    page.keyboard.type(text)


def press(page: Page, name: str) -> None:
    reach(page, page.get_by_role("button", name=name, exact=True).first)
    page.keyboard.press("Enter")


def heading(page: Page, text: str) -> None:
    page.get_by_role("heading", level=1, name=text).wait_for()


def code_of(here: Site, secret: str, steps: int = 0) -> str:
    with here.house.services.database.reading() as session:
        return str(pyotp.TOTP(secret).at(int(real_now(session).timestamp()) + 30 * steps))


def test_from_invitation_to_logging_out_by_keyboard_and_without_script(browser: Browser, here: Site) -> None:
    context = browser.new_context(java_script_enabled=False, locale="nl-NL")
    page = context.new_page()
    page.goto(f"{here.url}/studio/invitation/{studio.invited(here.house, 'esra@praktijk.example')}")
    heading(page, "Welkom, Gijs")
    fill(page, "Nieuw wachtwoord", CHOSEN)
    fill(page, "Nog een keer hetzelfde", CHOSEN)
    press(page, "Dit wachtwoord instellen")
    heading(page, "Wat op je wacht")
    reach(page, page.get_by_role("link", name="Mijn account"))
    page.keyboard.press("Enter")
    reach(page, page.get_by_role("link", name="Tweede stap instellen"))
    page.keyboard.press("Enter")
    heading(page, "Tweede stap instellen")
    secret = page.locator("code.secret").inner_text().replace(" ", "")
    fill(page, "Code", code_of(here, secret))
    fill(page, "Je wachtwoord", CHOSEN)
    press(page, "Aanzetten")
    heading(page, "De tweede stap staat aan")
    assert page.locator(".codes li").count() == 10
    press(page, "Uitloggen")
    heading(page, "Inloggen")
    fill(page, "E-mailadres", "esra@praktijk.example")
    fill(page, "Wachtwoord", CHOSEN)
    press(page, "Inloggen")
    heading(page, "Je code")
    fill(page, "Code", code_of(here, secret, 1))  # the one before counts once
    press(page, "Verder")
    heading(page, "Wat op je wacht")
    [cookie] = context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")
    press(page, "Zet alle vervolgmails stil")
    page.get_by_text("Alle vervolgmails staan stil.").wait_for()
    press(page, "Uitloggen")
    heading(page, "Inloggen")
    page.go_back()
    page.goto(f"{here.url}/studio/")
    heading(page, "Inloggen")
    context.close()


def test_a_phone_reads_the_secret_from_the_picture_as_it_stands_in_words(page: Page, here: Site) -> None:
    here.enter(page.context)
    page.goto(f"{here.url}/studio/account/code")
    drawn = page.locator(".qr svg")
    box = drawn.bounding_box()
    assert box is not None
    assert box["width"] >= 180
    assert re.fullmatch(r"[A-Z2-7 ]{39}", page.locator("code.secret").inner_text())


def test_a_form_of_another_site_changes_nothing_though_somebody_is_logged_in(page: Page, here: Site) -> None:
    here.enter(page.context)
    page.goto(f"{here.url}/studio/")
    form_token = page.locator("[name=form_token]").first.get_attribute("value")
    before = here.house.rows()
    page.goto(
        "data:text/html,<form method=post action="
        f"{here.url}/studio/pause><input name=what value=all><input name=form_token value={form_token}>"
        "<button>Gratis</button></form>"
    )
    page.get_by_role("button").click()
    page.wait_for_load_state()
    assert "/studio/" in page.url
    assert here.house.rows() == before
