"""Pages that only a save leads to, in a browser: two texts of one file, a folder that is read-only, a late form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from service.flows.content_desk import ContentDesk
from service.web.app import create_app
from tests.support import saves
from tests.support.accessibility import broken_rules
from tests.support.studio_tour import Site, site

pytestmark = pytest.mark.browser
MAIL, DONE = "email_templates/uitnodiging.md", "/studio/publish"


@pytest.fixture
def here(template_file: Callable[[str], Path], tmp_path: Path) -> Iterator[Site]:
    with site(template_file("published"), tmp_path) as running:
        yield running


def token(context: BrowserContext) -> str:
    return next(str(each["value"]) for each in context.cookies() if each["name"] == "nurture-staff")


def page_of_a_save(here: Site, context: BrowserContext, page: Page, *, other: str = "\nVan een ander.\n") -> None:
    """What a save answers whose file somebody else changed meanwhile, as if a page of ours had led to it."""
    app = create_app(here.house.services, worker_alive=None)
    mail = here.house.services.content_dir / MAIL
    was, seen = mail.read_text(), saves.desk_of(app).open(MAIL).mark
    mail.write_text(was + other)
    mine = was.replace("---\n", "---\n# van mij <img src=x onerror=alert(1)>\n", 1).encode()
    answer = saves.save(here.house, app, token(context), {MAIL: mine}, {MAIL: seen}, done=DONE)
    headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
    context.route("**/studio/bewaard", lambda route: route.fulfill(body=bytes(answer.body).decode(), headers=headers))
    page.goto(f"{here.url}/studio/bewaard")


def faults(page: Page) -> list[object]:
    found: list[object] = [*broken_rules(page)]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append("scrolls sideways")
    for each in page.locator("button:visible, a.button, summary").all():
        box = each.bounding_box()
        if box and box["height"] < 44:
            found.append(f"small: {each.inner_text()}")
    return found


def test_two_texts_of_one_file_can_be_read_and_chosen_from_by_keyboard_and_without_script(
    browser: Browser, here: Site
) -> None:
    context = browser.new_context(java_script_enabled=False, locale="nl-NL")
    here.enter(context)
    page = context.new_page()
    page_of_a_save(here, context, page)
    page.get_by_role("heading", level=1, name="Iemand anders heeft dit ook veranderd").wait_for()
    assert page.get_by_role("columnheader", name="Wat jij schreef").count() == 1
    button = page.get_by_role("button", name="Bewaar samengevoegd")
    for _ in range(60):
        page.keyboard.press("Tab")
        if button.evaluate("node => node === document.activeElement"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url(f"{here.url}{DONE}")
    now = (here.house.services.content_dir / MAIL).read_text()
    assert "van mij" in now
    assert "Van een ander." in now
    page.get_by_text("van mij").first.wait_for(state="attached")
    context.close()


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
def test_these_pages_break_no_rule_of_accessibility_at_either_width(
    page: Page, here: Site, width: int, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 800})
    here.enter(page.context)
    page_of_a_save(here, page.context, page)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    assert not faults(page)
    held = page.locator("[name=held]").first.get_attribute("value")
    here.enter(page.context)
    page.get_by_role("button", name="Bewaar die van mij").click()
    page.get_by_role("heading", level=1, name="Je tekst is er nog").wait_for()
    assert not faults(page)
    page.get_by_role("button", name="Verstuur het nog een keer").click()
    page.wait_for_url(f"{here.url}{DONE}")
    assert held
    monkeypatch.setattr(ContentDesk, "writable", False)
    page_of_a_save(here, page.context, page)
    page.get_by_role("heading", level=1, name="Dit kan hier niet bewaard worden").wait_for()
    assert not faults(page)
    with page.expect_download() as taken:
        page.get_by_role("button", name="Download uitnodiging.md").click()
    assert taken.value.suggested_filename == "uitnodiging.md"
    assert "van mij" in Path(taken.value.path()).read_text()
