"""A mail written in a browser without script: seen before it is saved, saved, compared, and tried in a mailbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support import studio
from tests.support.studio_tour import Site, site

pytestmark = pytest.mark.browser
MAIL = "/studio/mails/hoe-ging-het"
EVIL = '<img src="https://kwaad.example/x" onerror="document.title=1"><script>document.title=1</script>'


@pytest.fixture
def here(template_file: Callable[[str], Path], tmp_path: Path) -> Iterator[Site]:
    with site(template_file("published"), tmp_path) as running:
        yield running


def test_a_mail_is_seen_tried_and_saved_without_script_and_nothing_typed_is_lost(browser: Browser, here: Site) -> None:
    context = browser.new_context(java_script_enabled=False, locale="nl-NL")
    here.enter(context)
    page = context.new_page()
    page.goto(f"{here.url}/studio/mails")
    page.get_by_role("link", name="Mail 2: Hoe ging de eerste stap?").first.click()
    frame = page.frame_locator("[data-preview-frame]")
    frame.get_by_text("Hallo Anna").wait_for()
    page.get_by_label("Onderwerp", exact=True).fill("Hoe is het nu?")
    text = page.get_by_role("textbox", name="Tekst", exact=True)
    text.fill("# Nieuwe kop\n\nHallo{% if first_name %} {{ first_name }}{% endif %},\n\nDit is nieuw.\n")
    page.get_by_label("Gelezen door").select_option(label="Iemand zonder voornaam")
    page.get_by_role("button", name="Laat het zo zien").click()
    frame.get_by_text("Dit is nieuw.").wait_for()
    frame.get_by_text("Hallo,").wait_for()
    page.get_by_role("button", name="Stuur hem naar mij").click()
    frame.get_by_text(f"Testmail verstuurd aan {studio.GIJS}").wait_for()
    assert [mail["Subject"] for mail in here.house.mails(studio.GIJS)] == ["Hoe is het nu?"]
    assert "Dit is nieuw." in text.input_value()
    page.get_by_role("button", name="Opslaan").click()
    page.get_by_text("Opgeslagen als concept").wait_for()
    page.get_by_role("link", name="Versies").click()
    page.locator("ins", has_text="Dit is nieuw.").wait_for()
    page.get_by_role("button", name="Zet terug als concept").click()
    page.get_by_text("De oude versie is nu het concept").wait_for()
    assert "Welke zin past bij jou?" in page.get_by_role("textbox", name="Tekst", exact=True).input_value()
    context.close()


def test_what_is_typed_can_run_nothing_and_ask_nobody(browser: Browser, here: Site) -> None:
    context = browser.new_context(locale="nl-NL")
    here.enter(context)
    page = context.new_page()
    page.route("**/studio/editor.js*", lambda route: route.abort())  # as the buttons do it, though scripts may run
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{here.url}{MAIL}")
    page.get_by_role("textbox", name="Tekst", exact=True).fill(f"# Kop\n\n{EVIL}\n")
    page.get_by_role("button", name="Laat het zo zien").click()
    page.frame_locator("[data-preview-frame]").get_by_text("kan niet in een mail").first.wait_for()
    assert page.title().startswith("hoe-ging-het")
    assert not [url for url in asked if "kwaad.example" in url]
    context.close()
