"""A mail written in a browser, with and without script: seen before it is saved, saved, and tried in a mailbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from service.web import editor_script
from tests.support import studio
from tests.support.accessibility import broken_rules
from tests.support.requirements import not_run
from tests.support.studio_tour import Site, site
from tests.support.tours import media

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
    assert page.title().startswith("Hoe ging de eerste stap")
    assert not [url for url in asked if "kwaad.example" in url]
    context.close()


def wrong_with(page: Page) -> list[object]:
    """What breaks a rule of accessibility, or scrolls sideways."""
    broken = broken_rules(page)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [*([f"{wide} px too wide"] if wide > 0 else []), *broken]


def test_a_mail_is_written_with_marks_names_and_its_preview_beside_it(page: Page, here: Site) -> None:
    if not editor_script.url():
        not_run("Mail editor", "CodeMirror is not built (make bundle)", required_as="bundle")
    folder = here.house.services.content_dir
    media.put(folder, "kamer.jpg", "Onze behandelkamer", media.drawing("JPEG"))
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: refused.append(str(error)))
    here.enter(page.context)
    page.set_viewport_size({"width": 320, "height": 800})
    page.emulate_media(color_scheme="dark")
    page.goto(f"{here.url}{MAIL}")
    text, frame = page.locator(".cm-content"), page.frame_locator("iframe:not(.coming)")
    frame.get_by_text("Hallo Anna").wait_for()
    text.press("Control+End")
    page.keyboard.type("\nDag {{ fir")
    page.get_by_role("option", name="first_name").wait_for()
    expect(page.locator(".cm-lintRange-error")).to_have_count(1)
    assert not wrong_with(page)
    page.keyboard.press("Enter")
    frame.get_by_text("Dag Anna").wait_for()
    expect(page.locator(".cm-lintRange-error")).to_have_count(0)
    page.keyboard.press("Tab")
    expect(text).not_to_be_focused()
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")
    page.get_by_label("Computer").check()
    expect(page.locator(".preview-stage")).to_have_attribute("data-look", "desktop")
    page.get_by_label("Gelezen door").select_option("nameless")
    frame.get_by_text("Dag lezer").wait_for()
    assert not wrong_with(page)
    text.press("Control+End")
    page.get_by_role("button", name="Afbeelding").click()
    page.get_by_role("button", name="Onze behandelkamer").click()
    frame.get_by_role("img", name="Onze behandelkamer").wait_for()
    page.get_by_role("button", name="Stuur hem naar mij").click()
    frame.get_by_text(f"Testmail verstuurd aan {studio.GIJS}").wait_for()
    assert "](media/kamer.jpg)" in page.locator("#body").input_value()
    file = folder / "email_templates" / "hoe-ging-het.md"
    file.write_text(file.read_text().replace("Hoe ging de eerste stap?", "Iemand anders schreef dit."))
    page.keyboard.press("Control+s")
    page.get_by_role("heading", name="Iemand anders heeft dit ook veranderd").wait_for()
    assert "Onze behandelkamer" in page.content()
    assert not [each for each in refused if "422" not in each and "409" not in each]


# Is any of it to be seen, and not behind something else? What is higher than the window is asked where it is in it.
SEEN = """() => {
    const node = document.activeElement, box = node.getBoundingClientRect();
    const top = Math.max(box.top, 0), bottom = Math.min(box.bottom, innerHeight);
    return [0.1, 0.5, 0.9].some((part) => node.contains(
        document.elementFromPoint(box.left + box.width / 2, top + (bottom - top) * part)));
}"""


def test_what_has_the_focus_is_never_behind_the_bar_that_saves(page: Page, here: Site) -> None:
    here.enter(page.context)
    for width, height in ((1280, 800), (640, 400), (320, 800), (320, 256)):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"{here.url}{MAIL}")
        page.get_by_role("button", name="Vet").wait_for()
        page.get_by_label("Onderwerp", exact=True).focus()
        hidden, met = [], 0
        for _ in range(40):
            if page.evaluate("document.activeElement.matches('[data-save]')"):
                break
            met += 1
            if not page.evaluate(SEEN):
                hidden.append(page.evaluate("document.activeElement.outerHTML.slice(0, 80)"))
            page.keyboard.press("Tab")
        assert not hidden, (width, height, hidden)
        assert 4 < met < 40, "not everything was met, so this shows nothing"
