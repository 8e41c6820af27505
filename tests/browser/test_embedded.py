"""The form on a practice's own site, which is another origin with a strict policy: by script, in a frame, and plain."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Frame, Page, Request

from tests.support.accessibility import broken_rules
from tests.support.embedding import SUBMIT, Embedding, email, embedding, fill_in, source_urls
from tests.support.running import wait_for

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedding]:
    with embedding(tmp_path_factory.mktemp("embedding")) as running:
        yield running


@pytest.fixture(params=[320, 1280])
def sized(page: Page, request: pytest.FixtureRequest) -> Page:
    page.set_viewport_size({"width": request.param, "height": 800})
    return page


def check(page: Page, state: str) -> None:
    """Nobody is kept out: no rule of accessibility is broken, and nothing goes over the edge."""
    assert not broken_rules(page), state
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{state} scrolls sideways"


def test_the_script_shows_the_form_in_the_sites_own_looks_and_the_advice_arrives(there: Embedding, sized: Page) -> None:
    refused: list[str] = []
    asked: list[Request] = []

    def ask(request: Request) -> None:
        asked.append(request)

    sized.on("console", lambda message: refused.append(message.text) if "Content Security" in message.text else None)
    sized.on("request", ask)
    sized.goto(there.article("script", there.snippets.script) + "?utm=mail#pijnadvies")
    widget = sized.locator("nurture-form")
    email(widget).wait_for()
    assert widget.locator("h2").evaluate("node => getComputedStyle(node).fontFamily") == "Georgia, serif"
    assert email(widget).evaluate("node => getComputedStyle(node).borderStyle") == "solid"
    assert widget.get_by_role("button", name=SUBMIT).evaluate("node => getComputedStyle(node).backgroundColor") == (
        "rgb(90, 42, 130)"
    )
    check(sized, "the form")
    address = there.new_address()
    fill_in(widget, address)
    widget.get_by_role("heading", name="Je advies is onderweg").wait_for()
    assert widget.get_by_text("huisartsenpost").is_visible()
    assert widget.evaluate("node => node.shadowRoot.activeElement.tagName") == "H2"
    check(sized, "the thanks")
    there.service.first_mail(address)
    assert source_urls(there, address) == [f"{there.site.origin}/script"]
    assert not refused
    assert sized.context.cookies() == []
    hosts = {there.service.url.removeprefix("http://"), there.site.origin.removeprefix("http://")}
    assert {urlsplit(each.url).netloc for each in asked} == hosts
    posted = [each for each in asked if "/api/" in each.url]
    assert posted
    assert not [each.url for each in posted if {"referer", "cookie"} & each.all_headers().keys()]


def test_without_script_the_plain_form_posts_and_the_widget_leaves_a_link(there: Embedding, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 800})
    page = context.new_page()
    page.goto(there.article("plain", there.snippets.plain))
    first = there.new_address()
    fill_in(page.locator("main"), first)
    page.get_by_role("heading", name="Je advies is onderweg").wait_for()
    assert page.url == f"{there.service.url}/bedankt?form=lage-rug"
    there.service.first_mail(first)
    page.goto(there.article("script", there.snippets.script))
    page.get_by_role("link", name="Gratis pijnadvies").click()
    assert page.url == f"{there.service.url}/forms/lage-rug"
    second = there.new_address()
    page.wait_for_timeout(READING)
    fill_in(page.locator("main"), second)
    page.get_by_role("heading", name="Je advies is onderweg").wait_for()
    there.service.first_mail(second)
    context.close()


def test_the_frame_takes_the_height_it_needs_and_stays_on_the_page(there: Embedding, sized: Page) -> None:
    url = there.article("frame", there.snippets.iframe + "<p>Nog iets over de rug.</p>" * 40, inline=True)
    sized.goto(url)
    inside = sized.frame_locator("iframe")
    email(inside).wait_for()
    whole_in_view(sized)
    assert inside.locator("header, footer").count() == 0
    check(sized, "the frame")
    address = there.new_address()
    fill_in(inside, address)
    inside.get_by_role("heading", name="Je advies is onderweg").wait_for()
    whole_in_view(sized)
    top = "node => Math.abs(node.getBoundingClientRect().top) < 1"
    wait_for(lambda: sized.locator("iframe").evaluate(top), "the thanks to be in view, where the button was far below")
    assert inside.locator("header, footer").count() == 0
    assert sized.url == url
    there.service.first_mail(address)
    assert source_urls(there, address) == [f"{there.site.origin}/"]


def test_the_frame_works_without_script_too_also_when_something_is_wrong(there: Embedding, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(there.article("frame", there.snippets.iframe, inline=True))
    inside = page.frame_locator("iframe")
    page.wait_for_timeout(READING)
    fill_in(inside, "anna@voorbeeld")
    inside.locator(".problems").wait_for()
    inside.get_by_role("link", name="Terug naar het formulier").click()
    address = there.new_address()
    email(inside).wait_for()
    page.wait_for_timeout(READING)
    fill_in(inside, address)
    inside.get_by_role("heading", name="Je advies is onderweg").wait_for()
    there.service.first_mail(address)
    context.close()


def test_both_buttons_of_an_article_open_the_form_by_keyboard_alone(there: Embedding, page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    button = there.snippets.button
    page.goto(there.article("buttons", f"{button}<p>Midden in het verhaal.</p>{button}"))
    buttons = page.get_by_role("button", name="Gratis pijnadvies")
    buttons.nth(1).wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    check(page, "the dialog")
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached" if not page.get_by_role("dialog").count() else "hidden")
    assert buttons.nth(0).evaluate(HAS_FOCUS)

    page.keyboard.press("Tab")
    assert buttons.nth(1).evaluate(HAS_FOCUS)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    address = there.new_address()
    for keys in ("Tab", *"Anna", "Tab"):
        page.keyboard.press(keys)
    page.keyboard.type(address)
    for keys in ("Tab", "Space", "Tab", "ArrowDown", "Tab", "Space", "Tab", "Tab", "Enter"):
        page.keyboard.press(keys)
    dialog.get_by_role("heading", name="Je advies is onderweg").wait_for()
    check(page, "the dialog's thanks")
    advice = there.service.first_mail(address)
    assert "Anna" in str(advice["To"]) or "Anna" in advice.as_string()
    shown = json.loads(there.service.cli("lead", "show", address, "--json").stdout)
    assert shown["opt_ins"][0]["answers"] == {"leg": "yes", "posture": "flat"}
    page.keyboard.press("Escape")
    assert buttons.nth(1).evaluate(HAS_FOCUS)


def test_what_a_site_does_to_its_own_text_leaves_the_words_of_the_form_readable(there: Embedding, page: Page) -> None:
    theirs = "text-indent: 2em; white-space: pre-wrap; word-spacing: 1em; text-shadow: 1px 1px red; line-height: 1"
    page.goto(there.article("odd", f'<div style="{theirs}">{there.snippets.script}</div>', inline=True))
    tick = page.locator("nurture-form .tick").first
    tick.wait_for()
    seen = tick.evaluate("""node => {
        const {textIndent, whiteSpace, wordSpacing, textShadow, lineHeight, fontSize} = getComputedStyle(node);
        return [textIndent, whiteSpace, wordSpacing, textShadow, parseFloat(lineHeight) / parseFloat(fontSize)];
    }""")
    assert seen == ["0px", "normal", "0px", "none", 1.5]


def test_the_dialog_can_be_closed_from_its_very_end_on_a_phone(there: Embedding, page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 600})
    page.goto(there.article("closing", there.snippets.button))
    page.get_by_role("button", name="Gratis pijnadvies").click()
    dialog = page.get_by_role("dialog")
    dialog.evaluate("node => node.scrollTo(0, node.scrollHeight)")
    box = dialog.get_by_role("button", name="Sluiten").bounding_box()
    assert box
    assert (box["y"] >= 0, box["y"] + box["height"] <= 600) == (True, True)
    dialog.get_by_role("button", name="Sluiten").click()
    assert not dialog.is_visible()


def test_on_a_page_in_another_language_the_form_is_read_aloud_as_dutch(there: Embedding, page: Page) -> None:
    """Many a Dutch site says `lang="en-US"`, as WordPress comes."""
    for snippet in (there.snippets.script, there.snippets.button):
        page.goto(there.article("language", f'<div lang="en-US">{snippet}</div>'))
        found = page.locator("nurture-form").get_by_role("button").first
        found.wait_for()
        assert found.evaluate("node => node.matches(':lang(nl)')")


def test_several_forms_on_one_page_do_not_get_in_each_others_way(there: Embedding, page: Page) -> None:
    page.goto(there.article("several", there.snippets.script + there.snippets.script))
    widgets = page.locator("nurture-form")
    for each in (0, 1):
        email(widgets.nth(each)).wait_for()
    widgets.nth(1).get_by_role("button", name=SUBMIT).click()
    assert email(widgets.nth(1)).get_attribute("aria-invalid") == "true"
    assert email(widgets.nth(0)).get_attribute("aria-invalid") is None
    address = there.new_address()
    fill_in(widgets.nth(0), address)
    widgets.nth(0).get_by_role("heading", name="Je advies is onderweg").wait_for()
    assert email(widgets.nth(1)).is_visible()


def test_the_element_may_stand_in_the_page_by_itself(there: Embedding, page: Page) -> None:
    body = (
        f'<nurture-form data-form="lage-rug"></nurture-form><script src="{there.service.url}/embed.js" async></script>'
    )
    page.goto(there.article("element", body))
    email(page.locator("nurture-form")).wait_for()


def test_a_site_that_is_not_allowed_gets_a_link_and_no_frame(there: Embedding, page: Page) -> None:
    there.article("script", there.snippets.script)
    there.article("frame", there.snippets.iframe, inline=True)
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.goto(f"{there.site.unlisted}/script")
    page.get_by_text("Het formulier kan hier nu niet getoond worden").wait_for()
    assert any("NURTURE_ALLOWED_ORIGINS" in each and there.site.unlisted in each for each in told)
    named = f"from {there.site.unlisted} were refused"
    wait_for(lambda: named in there.service.cli("doctor").stdout, "doctor to name the site")
    check(page, "the link")
    page.get_by_role("link", name="Open het formulier op een eigen pagina").click()
    email(page.locator("main")).wait_for()
    page.goto(f"{there.site.unlisted}/frame")
    assert "frame-ancestors" in " ".join(told)


def test_a_browser_without_style_sheets_made_by_script_shows_the_form_too(there: Embedding, page: Page) -> None:
    """Safari before 16.4: `new CSSStyleSheet()` is an illegal constructor there."""
    page.add_init_script("window.CSSStyleSheet = function () { throw new TypeError('Illegal constructor') }")
    page.goto(there.article("old", there.snippets.script, inline=True))
    widget = page.locator("nurture-form")
    email(widget).wait_for()
    assert email(widget).evaluate("node => getComputedStyle(node).borderStyle") == "solid"
    page.goto(there.article("older", there.snippets.script))  # and plain where the site's policy takes no style of ours
    address = there.new_address()
    fill_in(widget, address)
    widget.get_by_role("heading", name="Je advies is onderweg").wait_for()
    there.service.first_mail(address)


def test_a_page_with_a_very_long_address_sends_the_form_all_the_same(there: Embedding, page: Page) -> None:
    page.goto(there.article("a" * 2_300, there.snippets.script))
    address = there.new_address()
    fill_in(page.locator("nurture-form"), address)
    page.get_by_role("heading", name="Je advies is onderweg").wait_for()
    there.service.first_mail(address)
    assert source_urls(there, address) == [None]


def test_the_hosted_form_helps_in_the_same_way(there: Embedding, sized: Page) -> None:
    sized.goto(f"{there.service.url}/forms/lage-rug")
    main = sized.locator("main")
    main.get_by_role("button", name=SUBMIT).click()
    assert email(main).get_attribute("aria-invalid") == "true"
    check(sized, "errors on the hosted page")
    address = there.new_address()
    fill_in(main, address)
    sized.wait_for_url("**/bedankt?form=lage-rug")
    there.service.first_mail(address)


READING = 2_100  # milliseconds: a form that comes back sooner than 2 s after it was handed out waits for staff
HAS_FOCUS = "node => node.getRootNode().activeElement === node"


def whole_in_view(page: Page) -> None:
    """Wait until the frame is as high as what stands in it."""
    frame: Frame = page.frames[1]
    wait_for(
        lambda: frame.evaluate("innerHeight === document.documentElement.offsetHeight"), "a frame of its own height"
    )
    assert frame.evaluate("document.documentElement.scrollHeight <= innerHeight")
