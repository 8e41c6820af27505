"""The pages as people meet them: narrow and wide, light and dark, by keyboard, without script, with a screen reader."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.support import cases
from tests.support.page_server import PageServer, page_server
from tests.support.sample_pages import PAGES

pytestmark = pytest.mark.browser

# Goes on to another site by itself; its markup is looked at in tests/web.
STAYING = [name for name in PAGES if name != "booking-goes-on"]
SEEN: tuple[tuple[int, Literal["dark", "light"]], ...] = ((320, "dark"), (1280, "light"))


@pytest.fixture(scope="module")
def server() -> Iterator[PageServer]:
    with page_server() as running:
        yield running


# Whatever is to be pressed and less than 44 pixels high; what stands inside a label is pressed by its label.
TOO_SMALL = """() => [...document.querySelectorAll("button, a.button, .choice, .tick, input:not([type=hidden])")]
    .filter(node => node.getClientRects().length && !node.matches(".choice input, .tick input, .nobody input"))
    .map(node => [node.innerText || node.name || node.className, node.getBoundingClientRect()])
    .filter(([, box]) => box.height < 44)
    .map(([text, box]) => [text, box.height])"""

# What is shown: where that is the same in two looks, only the rules about looks can answer otherwise in the second.
SHOWN = """() => [...document.querySelectorAll("body *")].map((node) => node.checkVisibility())"""
RULES = "axe.run({resultTypes: ['violations'], preload: false})"
RULES_ABOUT_LOOKS = """axe.run({resultTypes: ['violations'], preload: false, runOnly: {
    type: "rule", values: ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]
}})"""


def test_no_page_breaks_a_rule_of_accessibility_scrolls_sideways_or_has_what_is_too_small_for_a_thumb(
    page: Page, server: PageServer
) -> None:
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "Content Security" in message.text else None)
    rules = Axe()
    broken: dict[str, object] = {}
    sized = 0
    for number, name in enumerate(STAYING):
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": 320, "height": 800})
        page.goto(server.url(name))
        if small := page.evaluate(TOO_SMALL):
            broken[f"{name} for a thumb"] = small
        sized += page.locator("button, a.button, .choice, .tick").count()
        page.evaluate(rules.axe_script)  # once: what is loaded stays where the window becomes another
        seen: list[object] = []
        for width, scheme in SEEN:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 800})
            if page.evaluate("document.documentElement.scrollWidth") > width:
                broken[f"{name} scrolls at {width}"] = width
            if cases.of_everything() and SEEN[number % 2] != (width, scheme):
                continue  # one look each: all pages have one style
            shown = page.evaluate(SHOWN)
            found = page.evaluate(RULES_ABOUT_LOOKS if shown in seen else RULES)["violations"]
            seen.append(shown)
            if found:
                broken[f"{name} {width}"] = [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]
    assert not broken
    assert not refused
    assert sized > len(STAYING), "nothing was measured, so this shows nothing"


def test_the_first_tab_leads_past_the_header_and_focus_can_be_seen(page: Page, server: PageServer) -> None:
    page.goto(server.url("unsubscribe"))
    page.keyboard.press("Tab")
    assert page.locator(".skip").evaluate("node => node.getBoundingClientRect().top >= 0")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    button = page.get_by_role("button", name="Ja, stop de mails")
    assert button.evaluate("node => node === document.activeElement")
    assert button.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"


def test_the_forms_work_without_script(browser: Browser, server: PageServer) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.url("form"))
    page.get_by_label("E-mailadres", exact=True).fill("anna@example.org")
    page.get_by_label("Eerder hol").check()
    page.locator("[name=consent_advice]").check()
    page.get_by_role("button", name="Stuur mij het advies").click()
    page.get_by_role("heading", name="Gelukt").wait_for()
    assert server.posts[-1] == {
        "form": ["lage-rug"],
        "consent_version": ["2026-1"],
        "form_token": ["a-token"],
        "source_url": ["http://localhost:8000/demo/"],
        "first_name": [""],
        "email": ["anna@example.org"],
        "answers.posture": ["hollow"],
        "leave_empty": [""],
        "consent_advice": ["on"],
    }
    page.goto(server.url("demo-mail"))
    page.get_by_role("button", name="Naar de volgende mail").click()
    assert server.posts[-1] == {"to": ["next"]}
    context.close()


OWN = {
    "my-data": ["pause", "stop", "link"],
    "my-data-paused": ["go_on", "pause", "stop", "link"],
    "my-data-paused-otherwise": ["stop", "link"],
    "my-data-waiting": ["stop", "link"],
    "my-data-ended": ["link"],
    "all-data": ["view", "html", "json", "erase"],
    "all-data-request-open": ["view", "html", "json", "erase"],
    "all-data-link-over": ["link"],
}


@pytest.mark.parametrize("name", OWN)
def test_every_button_of_a_page_of_ones_own_is_reached_and_pressed_by_keyboard(
    page: Page, server: PageServer, name: str
) -> None:
    page.goto(server.url(name))
    found: list[str] = []
    for _ in range(30):
        page.keyboard.press("Tab")
        value = page.evaluate("document.activeElement.matches('button[name=action]') && document.activeElement.value")
        found += [value] if value else []
    assert list(dict.fromkeys(found)) == OWN[name]
    for action in OWN[name]:
        page.goto(server.url(name))
        page.locator(f"button[value={action}]").focus()
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Gelukt").wait_for()
        assert server.posts[-1] == {"action": [action]}


def test_answers_are_changed_by_keyboard_and_pressing_enter_on_one_stops_nothing(
    page: Page, server: PageServer
) -> None:
    for last in ("button", "radio"):
        page.goto(server.url("my-data"))
        page.get_by_label("Eerder hol").focus()
        page.keyboard.press("ArrowDown")
        assert page.get_by_label("Eerder plat").is_checked()
        if last == "button":
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Gelukt").wait_for()
        assert server.posts[-1] == {"action": ["answers"], "answers.posture": ["flat"]}


@pytest.mark.parametrize(("name", "answer"), [("answer-better", "better"), ("answer-worse", "worse")])
def test_an_answer_is_one_press_of_a_key_behind_the_first_tabs(
    page: Page, server: PageServer, name: str, answer: str
) -> None:
    page.goto(server.url(name))
    for key in ("Tab", "Enter", "Tab", "Enter"):
        page.keyboard.press(key)
    page.get_by_role("heading", name="Gelukt").wait_for()
    assert server.posts[-1] == {"answer": [answer]}


def test_a_link_in_a_mail_of_the_demo_opens_beside_the_inbox(page: Page, server: PageServer) -> None:
    page.goto(server.url("demo-mail"))
    with page.context.expect_page() as opened:
        page.frame_locator("iframe").get_by_role("link", name="Ja, stuur mij het vervolg").click()
    opened.value.get_by_role("button", name="Ja, stuur mij het vervolg").click()
    opened.value.get_by_role("heading", name="Gelukt").wait_for()
