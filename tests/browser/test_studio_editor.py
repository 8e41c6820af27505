"""What the script makes of a page by keyboard, and where CodeMirror was not built. The real page: test_studio_mails."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from typing import Literal

import pytest
from playwright.sync_api import Dialog, Page, expect

from service.web import editor_script
from tests.support.accessibility import broken_rules
from tests.support.editor_page import MAIL, EditorPage, editor_page
from tests.support.requirements import not_run

pytestmark = pytest.mark.browser
FIELDS = ["first_name", "practice.phone", "booking_url", "answers.helped", "_groet.md", "media/kamer.jpg"]
MISTAKE = {"line": 3, "severity": "error", "id": "mail.name", "text": "`lezer` bestaat niet; <b>let op</b>"}
HEAD = {"line": 1, "severity": "warning", "id": "mail.x", "text": "Het onderwerp is lang.", "field": "subject"}


@pytest.fixture
def at() -> Iterator[EditorPage]:
    with editor_page() as running:
        running.answer = {"subject": "Hallo", "preheader": "Kort", "words": 40, "problems": [], "fields": FIELDS}
        yield running


@pytest.fixture
def refused(page: Page) -> list[str]:
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def open_built(page: Page, at: EditorPage) -> None:
    if not editor_script.url():
        not_run("Mail editor", "CodeMirror is not built (make bundle)", required_as="bundle")
    page.goto(at.url)
    page.locator(".cm-content").wait_for()
    page.locator("[data-state]").wait_for()


def write_at_the_end(page: Page, text: str) -> None:
    page.locator(".cm-content").press("Control+End")
    page.keyboard.type(text)


def test_the_bundle_is_light_enough_and_names_whose_work_it_holds(
    record_property: Callable[[str, object], None],
) -> None:
    if not editor_script.url():
        not_run("Mail editor", "CodeMirror is not built (make bundle)", required_as="bundle")
    data = editor_script.BUNDLE.read_bytes()
    packed = len(gzip.compress(data))
    record_property("summary", f"mail editor: {packed / 1000:.0f} kB gzipped, of at most 250")
    assert packed < 250_000
    banner = data[:20_000].decode().partition("*/")[0]
    assert "@codemirror/view" in banner
    assert "Permission is hereby granted" in banner


def test_what_is_typed_is_checked_drawn_and_saved_and_going_back_still_leaves_the_page(
    page: Page, at: EditorPage, refused: list[str]
) -> None:
    open_built(page, at)
    before = page.evaluate("history.length")
    page.locator(".preview-stage").evaluate("stage => { stage.scrollTop = 150; }")
    at.answer["problems"] = [MISTAKE, HEAD]
    write_at_the_end(page, "Tot ziens")
    expect(page.frame_locator("iframe:not(.coming)").get_by_role("heading")).to_contain_text("Tot ziens")
    expect(page.get_by_role("status").filter(has_text="1 fout")).to_have_text("1 fout en 1 keer let op.")
    expect(page.locator(".cm-lintRange-error")).to_have_text("Beste lezer,")
    assert page.locator("[data-problems] b").count() == 0, "what a check says is text"
    assert page.evaluate("history.length") == before
    assert page.locator(".preview-stage").evaluate("stage => stage.scrollTop") == 150
    page.get_by_role("button", name="Stuur een test").click()
    page.frame_locator("iframe:not(.coming)").get_by_role("heading", name="Verstuurd").wait_for()
    expect(page.locator("[data-inbox-preheader]")).to_have_text("Kort")
    page.get_by_role("button", name="Regel 3").click()
    page.keyboard.type("X")
    assert page.locator("#body").input_value() == MAIL.replace("Beste", "XBeste") + "Tot ziens"
    page.get_by_role("button", name="Onderwerp").click()
    expect(page.locator("#subject")).to_be_focused()
    expect(page.get_by_text("Nog niet opgeslagen.")).to_be_visible()
    page.keyboard.press("Control+s")
    page.get_by_role("heading", name="Opgeslagen").wait_for()
    assert at.saved() == MAIL.replace("Beste", "XBeste") + "Tot ziens"
    assert not refused


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_list_of_suggestions_longer_than_its_place_can_be_read_and_left_by_keyboard(
    page: Page, at: EditorPage, refused: list[str], scheme: Literal["light", "dark"]
) -> None:
    at.answer["fields"] = [f"practice.fact_{number}" for number in range(12)]
    page.set_viewport_size({"width": 320, "height": 800})
    page.emulate_media(color_scheme=scheme)
    open_built(page, at)
    write_at_the_end(page, "Dag {{ ")
    suggested = page.get_by_role("listbox")
    expect(suggested.get_by_role("option")).to_have_count(12)
    assert suggested.evaluate("list => list.scrollHeight > list.clientHeight")
    assert suggested.evaluate("list => list.getBoundingClientRect().right <= innerWidth")
    assert not broken_rules(page, "[data-editor]")
    page.keyboard.press("Tab")
    expect(suggested).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".cm-content")).to_be_focused()
    expect(suggested).to_have_count(0)
    page.keyboard.press("Control+Space")
    suggested.wait_for()
    page.keyboard.press("Tab")
    expect(suggested).to_be_focused()
    page.keyboard.press("Tab")
    expect(suggested).to_have_count(0)
    expect(page.locator(".cm-content")).not_to_be_focused()
    assert not refused


def test_the_toolbar_writes_round_what_is_selected_by_keyboard_alone(
    page: Page, at: EditorPage, refused: list[str]
) -> None:
    at.images = [{"path": "media/kamer.jpg", "alt": "De kamer", "url": "/none", "width": 9, "height": 9}]
    open_built(page, at)
    write_at_the_end(page, "woord")
    page.keyboard.press("Control+Shift+ArrowLeft")
    page.keyboard.press("Control+b")
    assert page.locator("#body").input_value() == f"{MAIL}**woord**"
    page.keyboard.press("Control+End")
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Vet")).to_be_focused()
    for name in ("Schuin", "Tussenkop", "Lijst", "Link", "Knop"):
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("button", name=name, exact=True)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Een pijncheck aanvragen")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("Vraag aan")
    assert page.locator("#body").input_value() == f"{MAIL}**woord**\n\n[Vraag aan]({{{{ booking_url }}}}){{.button}}"
    page.keyboard.press("Control+End")
    page.get_by_role("button", name="Afbeelding").press("Enter")
    expect(page.get_by_role("button", name="De kamer")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.locator("#body").input_value().endswith("\n\n![De kamer](media/kamer.jpg)")
    page.keyboard.press("Control+z")
    assert not page.locator("#body").input_value().endswith("(media/kamer.jpg)")
    assert not refused


def test_without_codemirror_the_textarea_has_the_toolbar_and_the_preview_too(
    page: Page, at: EditorPage, refused: list[str]
) -> None:
    at.built = False
    at.answer["problems"] = [MISTAKE]
    page.goto(at.url)
    page.get_by_role("button", name="Regel 3").wait_for()  # what there is to choose came with the same answer
    page.get_by_role("button", name="Alleen voor sommigen").click()
    page.get_by_role("menuitem", name="beter").click()
    assert '{% if answers.helped == "better" %}\n' in page.locator("#body").input_value()
    page.get_by_role("button", name="Regel 3").click()
    page.keyboard.press("Control+b")
    text = page.locator("#body").input_value()
    assert "**" in text
    expect(page.frame_locator("iframe:not(.coming)").get_by_role("heading")).to_contain_text("**")
    with page.expect_request(lambda request: "look=dark" in (request.post_data or "") and "preview" in request.url):
        page.get_by_label("Donker").press("Space")
    expect(page.locator(".preview-stage")).to_have_attribute("data-look", "dark")
    page.keyboard.press("Control+s")
    page.get_by_role("heading", name="Opgeslagen").wait_for()
    assert at.saved() == text
    assert not refused


def test_whoever_goes_elsewhere_with_words_that_are_not_saved_is_asked_first(page: Page, at: EditorPage) -> None:
    at.built = False
    page.goto(at.url)
    page.locator("[data-state]").wait_for()
    asked: list[str] = []

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", leave)
    page.goto(at.url)
    page.locator("[data-state]").wait_for()
    assert not asked
    page.locator("#body").press("Control+End")
    page.keyboard.type("nieuw")
    page.goto(f"{at.url}other")
    assert asked == ["beforeunload"]
